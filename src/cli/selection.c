/*
 * Finds what input.select must choose.
 */
#include "cli/selection.h"

#include "base/error.h"
#include "catalog/inspect_file.h"
#include "catalog/time_axis.h"

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
    for (size_t i = 0; i < found; i++) {
        cn_strbuf_add(entries, "%s%s;", i ? " " : "", dims[i]->entry);
        cn_strbuf_add(values, "%s%s has %s.", i ? " " : "", dims[i]->name, dims[i]->values);
    }
    cn_files_free(files, count);
    return status;
}
