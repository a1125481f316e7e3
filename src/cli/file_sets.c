/*
 * Reads the names of all files of a tree, and counts those that share a model, variant and grid.
 */
#include "cli/file_sets.h"

#include "base/error.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"

#include <stdlib.h>
#include <string.h>

static int compare_fields(const void *a, const void *b)
{
    const struct cn_file_set *x = a, *y = b;
    int order = 0;
    for (int f = 0; f < CN_SET_FIELDS && !order; f++)
        order = strcmp(x->fields[f], y->fields[f]);
    return order;
}

static int compare_sizes(const void *a, const void *b)
{
    const struct cn_file_set *x = a, *y = b;
    const int order = (x->files < y->files) - (x->files > y->files);
    return order ? order : compare_fields(a, b);
}

/* Makes a set of one file from its name. False: out of memory. */
static bool make_set(struct cn_pool *pool, const struct cn_name *name, struct cn_file_set *set)
{
    *set = (struct cn_file_set){.files = 1};
    const char *const fields[CN_SET_FIELDS] = {name->model, name->variant, name->grid};
    for (int f = 0; f < CN_SET_FIELDS; f++)
        if (!(set->fields[f] = cn_pool_strdup(pool, fields[f])))
            return false;
    return true;
}

/* Makes one set of those with equal fields. Returns how many sets there are then. */
static size_t join_sets(struct cn_file_set *sets, size_t count)
{
    size_t kept = 0;
    qsort(sets, count, sizeof *sets, compare_fields);
    for (size_t s = 0; s < count; s++)
        if (kept && compare_fields(&sets[kept - 1], &sets[s]) == 0)
            sets[kept - 1].files++;
        else
            sets[kept++] = sets[s];
    return kept;
}

enum cn_status cn_find_file_sets(struct cn_pool *pool, const char *folder,
                                 const struct cn_watch *watch, struct cn_file_set **sets,
                                 size_t *count, struct cn_error *error)
{
    struct cn_found_file *files;
    struct cn_problems problems = {0};
    size_t file_count;
    *count = 0;
    enum cn_status status =
        cn_find_files(pool, &folder, 1, watch, &files, &file_count, &problems, error);
    cn_problems_free(&problems); /* the catalog finds them again */
    if (status)
        return status;
    if (!file_count)
        return cn_fail(error, CN_BAD_USAGE,
                       "%s: no file in this folder or below it has a name that ends in .nc",
                       folder);
    *sets = cn_pool_alloc(pool, file_count, sizeof **sets);
    for (size_t i = 0; *sets && i < file_count; i++) {
        struct cn_name name;
        if (!cn_name_parse(files[i].base, &name) || !name.daily_time ||
            strcmp(name.table, "day") != 0)
            continue;
        if (!make_set(pool, &name, &(*sets)[*count]))
            return cn_fail_memory(error, "the names of files");
        ++*count;
    }
    if (!*sets)
        return cn_fail_memory(error, "the names of files");
    *count = join_sets(*sets, *count);
    qsort(*sets, *count, sizeof **sets, compare_sizes);
    return CN_OK;
}
