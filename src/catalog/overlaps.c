/*
 * Collects pairs of files, and tells all at once: who removes one of two files must not meet the
 * next pair in the next run. Opens the files of a pair only to compare their bytes.
 */
#include "catalog/overlaps.h"

#include "base/io.h"
#include "base/year_list.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 64 << 10,
    MOST_COMPARED = 64 << 20, /* bytes of the pairs of a variable: a second on most disks */
};

static bool is_same_pair(const struct cn_overlap *a, const struct cn_overlap *b)
{
    return a->first == b->first && a->second == b->second;
}

void cn_overlaps_add(struct cn_overlaps *overlaps, struct cn_pool *pool, struct cn_overlap overlap)
{
    const struct cn_overlap *last = overlaps->count ? &overlaps->items[overlaps->count - 1] : NULL;
    if (last && is_same_pair(last, &overlap) && last->day.year == overlap.day.year)
        return;
    struct cn_overlap *items =
        cn_pool_grow(pool, overlaps->items, overlaps->count, &overlaps->capacity, sizeof *items);
    overlaps->no_memory |= !items;
    if (!items)
        return;
    overlaps->items = items;
    items[overlaps->count++] = overlap;
}

static int compare_dates(struct cn_date a, struct cn_date b)
{
    const int x = (a.year * 100 + a.month) * 100 + a.day;
    const int y = (b.year * 100 + b.month) * 100 + b.day;
    return (x > y) - (x < y);
}

/* By pair, then day. */
static int compare_pairs(const void *a, const void *b)
{
    const struct cn_overlap *x = a, *y = b;
    int order = strcmp(x->first->path, y->first->path);
    if (!order)
        order = strcmp(x->second->path, y->second->path);
    return order ? order : compare_dates(x->day, y->day);
}

static int compare_days(const void *a, const void *b)
{
    const struct cn_overlap *x = a, *y = b;
    const int order = compare_dates(x->day, y->day);
    return order ? order : compare_pairs(a, b);
}

/* What is known of the files of some pairs, from the least to the most. */
enum likeness { DIFFERENT, ONE_NAME_AND_SIZE, COPIES };

/* Compares the bytes of two files of one size; those above *left are not compared. */
static enum likeness compare_bytes(int first, int second, uint64_t size, uint64_t *left)
{
    unsigned char bytes[2][BLOCK_BYTES];
    for (uint64_t at = 0; at < size; at += BLOCK_BYTES) {
        const size_t count = size - at < BLOCK_BYTES ? (size_t)(size - at) : BLOCK_BYTES;
        if (*left < count)
            return ONE_NAME_AND_SIZE;
        *left -= count;
        if (cn_pread_full(first, bytes[0], count, at) != (ssize_t)count ||
            cn_pread_full(second, bytes[1], count, at) != (ssize_t)count ||
            memcmp(bytes[0], bytes[1], count) != 0)
            return DIFFERENT;
    }
    return COPIES;
}

static enum likeness compare_pair(const struct cn_overlap *overlap, uint64_t *left)
{
    const struct cn_file *first = overlap->first, *second = overlap->second;
    if (first->size != second->size || strcmp(first->base, second->base) != 0)
        return DIFFERENT;
    const int a = open(first->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const int b = open(second->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const enum likeness likeness =
        a < 0 || b < 0 ? DIFFERENT : compare_bytes(a, b, first->size, left);
    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    return likeness;
}

/* What to do about overlaps: input.overlap chooses between experiments alone. */
static const char *advise_of_overlaps(const struct cn_overlaps *overlaps)
{
    for (size_t i = 0; i < overlaps->count; i++) {
        const struct cn_overlap *one = &overlaps->items[i];
        if (strcmp(cn_file_experiment(one->first, one->day.year),
                   cn_file_experiment(one->second, one->day.year)) == 0)
            return "";
    }
    return ", or set input.overlap to the experiment that counts: \"historical\" or "
           "\"scenario\"";
}

/* Counts the pairs of overlaps in the order of compare_pairs. *least: what is known of each. */
static size_t count_pairs(const struct cn_overlaps *overlaps, enum likeness *least)
{
    uint64_t left = MOST_COMPARED;
    size_t pairs = 0;
    *least = COPIES;
    for (size_t i = 0; i < overlaps->count; i++)
        if (i == 0 || !is_same_pair(&overlaps->items[i - 1], &overlaps->items[i])) {
            pairs++;
            const enum likeness likeness =
                *least == DIFFERENT ? DIFFERENT : compare_pair(&overlaps->items[i], &left);
            *least = likeness < *least ? likeness : *least;
        }
    return pairs;
}

/* The position behind the instants of a day. */
static size_t end_of_day(const struct cn_file *file, size_t at)
{
    const int64_t day = file->days[at];
    while (at < file->time_count && file->days[at] == day)
        at++;
    return at;
}

/* Counts the days that both files of a pair hold. *is_whole: one of the files holds no others. */
static size_t count_shared_days(const struct cn_overlap *overlap, bool *is_whole)
{
    const struct cn_file *a = overlap->first, *b = overlap->second;
    size_t shared = 0, only_a = 0, only_b = 0, i = 0, j = 0;
    while (i < a->time_count || j < b->time_count) {
        const bool takes_a = j == b->time_count || (i < a->time_count && a->days[i] <= b->days[j]);
        const bool takes_b = i == a->time_count || (j < b->time_count && b->days[j] <= a->days[i]);
        shared += takes_a && takes_b;
        only_a += takes_a && !takes_b;
        only_b += takes_b && !takes_a;
        i = takes_a ? end_of_day(a, i) : i;
        j = takes_b ? end_of_day(b, j) : j;
    }
    *is_whole = !only_a || !only_b;
    return shared;
}

/* Whether one file of each pair can go without the loss of a day. */
static bool are_all_whole(const struct cn_overlaps *overlaps)
{
    for (size_t i = 0; i < overlaps->count; i++) {
        bool is_whole;
        count_shared_days(&overlaps->items[i], &is_whole);
        if (!is_whole)
            return false;
    }
    return true;
}

/* Follows "two files" and "pairs of files". */
static const char *const likeness_words[] = {"", "one name and one size",
                                             "one name and the same bytes: copies of one another"};

const char *cn_overlaps_text(struct cn_overlaps *overlaps, struct cn_pool *pool)
{
    struct cn_year_list years = {0};
    enum likeness least;
    if (!overlaps->count)
        return NULL;
    qsort(overlaps->items, overlaps->count, sizeof *overlaps->items, compare_pairs);
    const size_t pairs = count_pairs(overlaps, &least);
    qsort(overlaps->items, overlaps->count, sizeof *overlaps->items, compare_days);
    const struct cn_overlap *first = &overlaps->items[0];
    for (size_t i = 0; i < overlaps->count; i++)
        cn_year_list_add(&years, overlaps->items[i].day.year, overlaps->items[i].day.year);
    const struct cn_date day = first->day;
    bool is_whole;
    const size_t shared = count_shared_days(first, &is_whole);
    const char *text;
    char more[48] = " is";
    if (shared > 1)
        snprintf(more, sizeof more, " and %zu more day%s are", shared - 1, shared > 2 ? "s" : "");
    if (pairs == 1)
        text = cn_pool_printf(
            pool, "overlap: %04d-%02d-%02d%s held by two files, %s and %s%s%s; %s%s", day.year,
            day.month, day.day, more, first->first->path, first->second->path,
            least ? ", which have " : "", likeness_words[least],
            is_whole ? "keep one of them"
            : shared > 1
                ? "both have others, too: cut these off one of them, as with cdo delete"
                : "both have others, too: cut this one off one of them, as with cdo delete",
            advise_of_overlaps(overlaps));
    else
        text = cn_pool_printf(
            pool,
            "overlap: %zu pairs of files hold the same days (%s)%s%s, such as %04d-%02d-%02d in %s "
            "and %s; %s%s",
            pairs, cn_year_list_text(&years), least ? " and have " : "", likeness_words[least],
            day.year, day.month, day.day, first->first->path, first->second->path,
            are_all_whole(overlaps) ? "keep one file of each pair"
                                    : "cut such days off one file of each pair, as with cdo delete",
            advise_of_overlaps(overlaps));
    cn_year_list_free(&years);
    return text ? text : "two files hold the same day";
}
