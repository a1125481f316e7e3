/*
 * Groups names by patterns in which years and dates are left open. Opens no file.
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
#include <string.h>

enum { NO_KIND = CN_MOST_KINDS };

struct kind_search {
    struct cn_pool *pool;
    const char *folder;
    struct cn_found_file *files; /* [found->file_count] by path */
    size_t *kind_of;             /* of each, or NO_KIND */
    bool has_days_of_year;       /* in some names */
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

/* Finds the kind of a file. False: out of memory. */
static bool add_to_kind(struct kind_search *search, size_t i)
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
    const char *pattern =
        cn_path_pattern(search->pool, below_folder(search, file), search->has_days_of_year);
    if (!pattern)
        return false;
    size_t k = 0;
    while (k < found->count && strcmp(found->kinds[k].pattern, pattern) != 0)
        k++;
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
    search.kind_of = cn_pool_alloc(pool, found->file_count, sizeof *search.kind_of);
    bool is_done = search.kind_of && found->kinds;
    for (size_t i = 0; i < found->file_count && is_done; i++)
        search.has_days_of_year |= cn_path_has_day_of_year(below_folder(&search, &search.files[i]));
    for (size_t i = 0; i < found->file_count && is_done; i++)
        is_done = add_to_kind(&search, i);
    return is_done && add_samples(&search) ? CN_OK : cn_fail_memory(error, "the names of files");
}
