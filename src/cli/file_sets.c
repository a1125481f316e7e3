/*
 * Reads the names of all files of a tree, and counts those that share a model, variant and grid.
 */
#include "cli/file_sets.h"

#include "base/error.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "config/write.h"

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
        cn_find_files(pool, &(struct cn_search){.roots = &folder, .root_count = 1}, watch, &files,
                      &file_count, &problems, error);
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

static int compare_models(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lists the models that exactly one set is of; variant: among the sets of that variant, NULL: of
 * all. Returns how many there are. */
static size_t list_models(const struct cn_file_set *sets, size_t count, const char *variant,
                          const char **names)
{
    size_t all = 0, kept = 0;
    for (size_t s = 0; s < count; s++)
        if (!variant || strcmp(sets[s].fields[CN_SET_VARIANT], variant) == 0)
            names[all++] = sets[s].fields[CN_SET_MODEL];
    qsort(names, all, sizeof *names, compare_models);
    for (size_t i = 0, end; i < all; i = end) {
        for (end = i; end < all && strcmp(names[end], names[i]) == 0;)
            end++;
        if (end - i == 1)
            names[kept++] = names[i];
    }
    return kept;
}

bool cn_choose_models(struct cn_pool *pool, const struct cn_file_set *sets, size_t count,
                      struct cn_model_choice *choice)
{
    *choice = (struct cn_model_choice){.names = cn_pool_alloc(pool, count, sizeof *choice->names)};
    const char **common = cn_pool_alloc(pool, count, sizeof *common);
    if (!choice->names || !common)
        return false;
    if (!count)
        return true;
    choice->count = list_models(sets, count, NULL, choice->names);
    const char *variant = sets[0].fields[CN_SET_VARIANT];
    const size_t common_count = list_models(sets, count, variant, common);
    if (common_count > choice->count)
        *choice = (struct cn_model_choice){common, common_count, variant};
    return true;
}

bool cn_is_chosen(const struct cn_model_choice *choice, const struct cn_file_set *set)
{
    return cn_text_index(set->fields[CN_SET_MODEL], choice->names, choice->count) < choice->count &&
           (!choice->variant || strcmp(set->fields[CN_SET_VARIANT], choice->variant) == 0);
}

void cn_add_model_choice(struct cn_strbuf *text, const struct cn_model_choice *choice)
{
    cn_strbuf_add(text, " model = [");
    for (size_t m = 0; m < choice->count; m++) {
        cn_strbuf_add(text, m ? ", " : " ");
        cn_config_quote(text, choice->names[m]);
    }
    cn_strbuf_add(text, " ];");
    if (!choice->variant)
        return;
    cn_strbuf_add(text, " variant = ");
    cn_config_quote(text, choice->variant);
    cn_strbuf_add(text, ";");
}

bool cn_add_left_out(struct cn_strbuf *text, const struct cn_file_set *sets, size_t count,
                     const struct cn_model_choice *choice)
{
    enum { MOST_LISTED = 20 };
    const char *listed[MOST_LISTED + 1];
    size_t others = 0;
    for (size_t s = 0; s < count && others <= MOST_LISTED; s++) {
        const char *name = sets[s].fields[CN_SET_MODEL];
        if (cn_text_index(name, choice->names, choice->count) == choice->count &&
            cn_text_index(name, listed, others) == others)
            listed[others++] = name;
    }
    if (!others)
        return false;
    cn_strbuf_add(text, "Left out, as their files are of %s:",
                  choice->variant ? "other variants, or of several grids"
                                  : "several variants or grids");
    for (size_t i = 0; i < others && i < MOST_LISTED; i++)
        cn_strbuf_add(text, "%s %s", i ? "," : "", listed[i]);
    cn_strbuf_add(text, others > MOST_LISTED ? ", and more." : ".");
    return true;
}
