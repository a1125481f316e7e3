/*
 * Groups names by patterns in which years and dates are left open. Digits that may be of a date are
 * if all names that are alike in the rest say so. Opens no file.
 */
#include "cli/name_kinds.h"

#include "base/error.h"
#include "base/utf8.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "cli/path_words.h"
#include "climnorm/limits.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { NO_KIND = CN_MOST_KINDS };

struct kind_search {
    struct cn_pool *pool;
    const char *folder;
    struct cn_found_file *files; /* [found->file_count] by path */
    size_t *kind_of;             /* of each its group, then its kind, or NO_KIND */
    char *groups[CN_MOST_KINDS]; /* [group_count] paths with marks for all that may be dates */
    size_t group_count;
    uint64_t *hashes; /* [found->file_count] scratch */
    struct cn_name_kinds *found;
};

bool cn_is_spread(size_t i, size_t count, size_t most)
{
    return count <= most || i == 0 ||
           i * (most - 1) / (count - 1) != (i - 1) * (most - 1) / (count - 1);
}

static const char *below_folder(const struct kind_search *search, const struct cn_found_file *file)
{
    const char *below = file->path + strlen(search->folder);
    return below + strspn(below, "/");
}

/* Finds the group of a file, or counts it where it has none. False: out of memory. */
static bool add_to_group(struct kind_search *search, size_t i)
{
    struct cn_name_kinds *found = search->found;
    const struct cn_found_file *file = &search->files[i];
    struct cn_name name;
    search->kind_of[i] = NO_KIND;
    if (cn_name_parse(file->base, &name) && name.daily_time) {
        found->named_count++;
        return true;
    }
    if (*file->base == '.') {
        found->hidden_count++;
        return true;
    }
    char *opened = cn_path_open_dates(search->pool, below_folder(search, file));
    if (!opened)
        return false;
    size_t g = 0;
    while (g < search->group_count && strcmp(search->groups[g], opened) != 0)
        g++;
    if (g == CN_MOST_KINDS) { /* each group before it has a kind at least */
        found->other_count++;
        return true;
    }
    if (g == search->group_count)
        search->groups[search->group_count++] = opened;
    search->kind_of[i] = g;
    return true;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* What the files of a group have in a place. */
struct place_numbers {
    size_t files, rests; /* files; different rests of their paths */
    size_t numbers;      /* different ones */
    int least, most;
    bool has_zeros; /* in front of some */
};

/* Sorts the hashes of the rests of paths. Returns how many are different. */
static size_t count_rests(uint64_t *hashes, size_t count)
{
    size_t rests = 0;
    if (count)
        qsort(hashes, count, sizeof *hashes, compare_hashes);
    for (size_t i = 0; i < count; i++)
        rests += i == 0 || hashes[i] != hashes[i - 1];
    return rests;
}

static struct place_numbers numbers_of_place(const struct kind_search *search, size_t group,
                                             const struct cn_date_place *place)
{
    enum { MOST = 1000 };
    struct place_numbers found = {.least = MOST};
    bool is_there[MOST] = {false};
    for (size_t i = 0; i < search->found->file_count; i++) {
        if (search->kind_of[i] != group)
            continue;
        const char *path = below_folder(search, &search->files[i]);
        const int number = cn_path_number(path, place);
        found.has_zeros |= path[place->at] == '0';
        found.numbers += !is_there[number];
        is_there[number] = true;
        found.least = number < found.least ? number : found.least;
        found.most = number > found.most ? number : found.most;
        search->hashes[found.files++] =
            XXH3_64bits(path, place->at) * 31 +
            XXH3_64bits(path + place->at + place->length, strlen(path + place->at + place->length));
    }
    found.rests = count_rests(search->hashes, found.files);
    return found;
}

/* Whether digits are of a date. Those of the members of an ensemble are the same in all years, and
 * need not reach the last month or day. */
static bool is_date_place(const struct kind_search *search, size_t group,
                          const struct cn_date_place *place)
{
    const struct place_numbers found = numbers_of_place(search, group, place);
    const int last = place->greatest == 12 ? 12 : place->greatest == 31 ? 28 : 365;
    const bool is_same = found.rests > 1 && found.files == found.rests * found.numbers;
    return found.numbers > 1 && found.least > 0 && found.most <= place->greatest &&
           (place->length < 3 || found.has_zeros) && !(is_same && found.most < last) &&
           !cn_path_names_member(search->groups[group], place);
}

/* Closes the places of a group that are of no date. */
static void close_places(struct kind_search *search, size_t group)
{
    char *opened = search->groups[group];
    struct cn_date_place place = {0};
    while (cn_path_next_place(opened, &place))
        if (!is_date_place(search, group, &place))
            memset(opened + place.at, CN_PATH_CLOSED, place.length);
}

/* Finds the kind of a file of a group. False: out of memory. */
static bool add_to_kind(struct kind_search *search, size_t i)
{
    struct cn_name_kinds *found = search->found;
    if (search->kind_of[i] == NO_KIND)
        return true;
    const char *pattern = cn_path_pattern(search->pool, below_folder(search, &search->files[i]),
                                          search->groups[search->kind_of[i]]);
    if (!pattern)
        return false;
    size_t k = 0;
    while (k < found->count && strcmp(found->kinds[k].pattern, pattern) != 0)
        k++;
    search->kind_of[i] = NO_KIND;
    if (k == CN_MOST_KINDS || strlen(pattern) > CN_MAX_PATH_BYTES) {
        found->other_count++;
        return true;
    }
    if (k == found->count)
        found->kinds[found->count++] = (struct cn_name_kind){.pattern = pattern};
    found->kinds[k].files++;
    search->kind_of[i] = k;
    return true;
}

/* Finds the kinds of all files. False: out of memory. */
static bool find_all_kinds(struct kind_search *search)
{
    const size_t count = search->found->file_count;
    search->kind_of = cn_pool_alloc(search->pool, count, sizeof *search->kind_of);
    search->hashes = cn_pool_alloc(search->pool, count, sizeof *search->hashes);
    bool is_done = search->kind_of && search->hashes && search->found->kinds;
    for (size_t i = 0; i < count && is_done; i++)
        is_done = add_to_group(search, i);
    for (size_t g = 0; g < search->group_count && is_done; g++)
        close_places(search, g);
    for (size_t i = 0; i < count && is_done; i++)
        is_done = add_to_kind(search, i);
    return is_done;
}

/* Chooses samples of all kinds. False: out of memory. */
static bool add_samples(const struct kind_search *search)
{
    size_t seen[CN_MOST_KINDS] = {0};
    for (size_t i = 0; i < search->found->file_count; i++) {
        if (search->kind_of[i] == NO_KIND)
            continue;
        struct cn_name_kind *kind = &search->found->kinds[search->kind_of[i]];
        if (!cn_is_spread(seen[search->kind_of[i]]++, kind->files, CN_MOST_SAMPLES))
            continue;
        char *below = cn_pool_strdup(search->pool, below_folder(search, &search->files[i]));
        if (!below)
            return false;
        cn_make_printable(below);
        kind->samples[kind->sample_count++] = (struct cn_sample_file){search->files[i].path, below};
    }
    return true;
}

/* Tells what the search met, in front of the config. */
static void print_search_problems(struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        fprintf(stderr, "climnorm inspect: %s\n", problems->items[i].text);
    if (problems->lost)
        fprintf(stderr, "climnorm inspect: out of memory (problems)\n");
    cn_problems_free(problems);
}

enum cn_status cn_name_kinds_find(struct cn_pool *pool, const char *folder,
                                  struct cn_name_kinds *found, struct cn_error *error)
{
    struct kind_search search = {.pool = pool, .folder = folder, .found = found};
    struct cn_problems problems = {0};
    static const char *const endings[] = {".nc4",  ".nc3", ".netcdf", ".cdf", ".h5",
                                          ".hdf5", ".he5", ".hdf",    ".NC",  NULL};
    *found =
        (struct cn_name_kinds){.kinds = cn_pool_alloc(pool, CN_MOST_KINDS, sizeof *found->kinds)};
    enum cn_status status = cn_find_files(
        pool, &(struct cn_search){.roots = &folder, .root_count = 1, .endings = endings},
        cn_watch_or_none(NULL), &search.files, &found->file_count, &problems, error);
    print_search_problems(&problems);
    if (status)
        return status;
    if (!found->file_count)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: no file in this folder or below it has a name that ends in .nc, .nc4, "
                       ".cdf, .h5 or .hdf; check the path",
                       folder);
    return find_all_kinds(&search) && add_samples(&search)
               ? CN_OK
               : cn_fail_memory(error, "the names of files");
}
