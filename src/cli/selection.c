/*
 * Finds what input.select must choose.
 */
#include "cli/selection.h"

#include "base/error.h"
#include "catalog/inspect_file.h"
#include "catalog/time_axis.h"
#include "config/read.h"

#include <string.h>

size_t cn_dims_to_select(const struct cn_file *files, size_t count,
                         const struct cn_other_dim *dims[CN_MAX_DIMS])
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; files[i].usable && k < files[i].other_dim_count; k++) {
            const struct cn_other_dim *dim = &files[i].other_dims[k];
            bool is_new = dim->length > 1 && found < CN_MAX_DIMS;
            for (size_t n = 0; n < found; n++)
                is_new &= strcmp(dims[n]->name, dim->name) != 0;
            if (is_new)
                dims[found++] = dim;
        }
    return found;
}

static void add_dim_entries(struct cn_strbuf *text, const struct cn_other_dim *const *dims,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        cn_strbuf_add(text, "%s%s;", i ? " " : "", dims[i]->entry);
}

/* Inspects files again with a choice. *usable: how many can be used. */
static enum cn_status try_choice(struct cn_pool *pool, const char *entries, struct cn_file *files,
                                 size_t count, const struct cn_resources *resources, size_t *usable,
                                 struct cn_error *error)
{
    struct cn_config *config = NULL;
    struct cn_problems problems = {0};
    const char *text = cn_pool_printf(
        pool, "input: { root = \"in\"; select = { %s }; }; output: { root = \"out\"; };", entries);
    if (!text || cn_config_read_lines(&(struct cn_config_text){.name = "a choice", .text = text},
                                      NULL, 0, &config, &problems) == CN_BAD_MACHINE)
        return cn_fail_memory(error, "a config");
    *usable = 0;
    cn_problems_free(&problems);
    if (!config)
        return CN_OK;
    struct cn_slice_choice choices[CN_MAX_DIMS];
    const struct cn_file_rules rules = {.stamps = config->input.stamps,
                                        .choices = choices,
                                        .choice_count = config->input.select_count};
    for (size_t i = 0; i < rules.choice_count; i++) {
        choices[i] = config->input.select[i];
        choices[i].origin = "select"; /* of the entry that is proposed */
    }
    const enum cn_status status =
        cn_files_inspect(pool, files, count, &rules, resources, NULL, error);
    for (size_t i = 0; i < count; i++)
        *usable += files[i].usable;
    cn_config_free(config);
    return status;
}

enum cn_status cn_select_for_all(struct cn_pool *pool, struct cn_file *files, size_t count,
                                 const struct cn_resources *resources, size_t *inspections_left,
                                 const char **entries, struct cn_error *error)
{
    const struct cn_other_dim *dims[CN_MAX_DIMS];
    struct cn_file *best = NULL;
    const char *last = "";
    size_t most = 0;
    enum cn_status status = CN_OK;
    *entries = "";
    for (size_t first = 0; first < count && most < count && !status; first++) {
        const size_t found = cn_dims_to_select(files + first, count - first, dims);
        struct cn_strbuf text = {0};
        add_dim_entries(&text, dims, found);
        const char *choice = found ? cn_strbuf_to_pool(&text, pool) : "";
        struct cn_file *tried = cn_pool_alloc(pool, count, sizeof *tried);
        size_t usable = 0;
        if (!choice || !tried) {
            status = cn_fail_memory(error, "a config");
            break;
        }
        if (strcmp(choice, last) == 0)
            continue;
        if (*last && *inspections_left < count)
            break;
        *inspections_left -= count < *inspections_left ? count : *inspections_left;
        last = choice;
        for (size_t i = 0; i < count; i++)
            tried[i] = (struct cn_file){.path = files[i].path, .variable = files[i].variable};
        status = try_choice(pool, choice, tried, count, resources, &usable, error);
        const bool is_better = !status && usable > most;
        if (best || !is_better)
            cn_files_free(is_better ? best : tried, count);
        if (is_better) {
            best = tried;
            most = usable;
            *entries = choice;
        }
    }
    if (best) {
        cn_files_free(files, count);
        memcpy(files, best, count * sizeof *files);
    }
    return status;
}

enum cn_status cn_find_selection(struct cn_pool *pool, const struct cn_config *config,
                                 const struct cn_catalog *catalog, const struct cn_watch *watch,
                                 struct cn_strbuf *entries, struct cn_strbuf *values,
                                 struct cn_error *error)
{
    const struct cn_other_dim *dims[CN_MAX_DIMS];
    const struct cn_file_rules rules = {.stamps = config->input.stamps, .takes_first = true};
    struct cn_resources resources;
    struct cn_file *files = cn_pool_alloc(pool, catalog->variable_count, sizeof *files);
    size_t count = 0;
    if (!files)
        return cn_fail_memory(error, "a config");
    for (size_t v = 0; v < catalog->variable_count; v++)
        if (catalog->variables[v].failure && catalog->variables[v].file_count) {
            const struct cn_file *file = catalog->variables[v].files;
            files[count++] = (struct cn_file){.path = file->path, .variable = file->variable};
        }
    if (!count)
        return CN_OK;
    cn_resources_resolve(config, &resources);
    const enum cn_status status =
        cn_files_inspect(pool, files, count, &rules, &resources, watch, error);
    const size_t found = status ? 0 : cn_dims_to_select(files, count, dims);
    for (size_t i = 0; i < found; i++)
        cn_strbuf_add(values, "%s%s has %s.", i ? " " : "", dims[i]->name, dims[i]->values);
    add_dim_entries(entries, dims, found);
    cn_files_free(files, count);
    return status;
}
