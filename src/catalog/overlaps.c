/*
 * Collects pairs of files, and tells all at once: who removes one of two files must not meet the
 * next pair in the next run.
 */
#include "catalog/overlaps.h"

#include "base/year_list.h"

#include <stdlib.h>
#include <string.h>

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

/* Whether the files have one name and one size. */
static bool are_copies(const struct cn_overlap *overlap)
{
    return overlap->first->size == overlap->second->size &&
           strcmp(overlap->first->base, overlap->second->base) == 0;
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

/* Counts pairs, and those of copies, of overlaps in the order of compare_pairs. */
static size_t count_pairs(const struct cn_overlaps *overlaps, size_t *copies)
{
    size_t pairs = 0;
    *copies = 0;
    for (size_t i = 0; i < overlaps->count; i++)
        if (i == 0 || !is_same_pair(&overlaps->items[i - 1], &overlaps->items[i])) {
            pairs++;
            *copies += are_copies(&overlaps->items[i]);
        }
    return pairs;
}

const char *cn_overlaps_text(struct cn_overlaps *overlaps, struct cn_pool *pool)
{
    struct cn_year_list years = {0};
    size_t copies;
    if (!overlaps->count)
        return NULL;
    qsort(overlaps->items, overlaps->count, sizeof *overlaps->items, compare_pairs);
    const size_t pairs = count_pairs(overlaps, &copies);
    qsort(overlaps->items, overlaps->count, sizeof *overlaps->items, compare_days);
    const struct cn_overlap *first = &overlaps->items[0];
    for (size_t i = 0; i < overlaps->count; i++)
        cn_year_list_add(&years, overlaps->items[i].day.year, overlaps->items[i].day.year);
    const struct cn_date day = first->day;
    const char *text;
    if (pairs == 1)
        text = cn_pool_printf(
            pool, "overlap: %04d-%02d-%02d is held by two files, %s and %s%s; keep one of them%s",
            day.year, day.month, day.day, first->first->path, first->second->path,
            copies ? ", which have one name and one size: copies of one another" : "",
            advise_of_overlaps(overlaps));
    else
        text = cn_pool_printf(
            pool,
            "overlap: %zu pairs of files hold the same days (%s)%s, such as %04d-%02d-%02d in %s "
            "and %s; keep one file of each pair%s",
            pairs, cn_year_list_text(&years),
            copies == pairs ? " and have one name and one size: copies of one another" : "",
            day.year, day.month, day.day, first->first->path, first->second->path,
            advise_of_overlaps(overlaps));
    cn_year_list_free(&years);
    return text ? text : "two files hold the same day";
}
