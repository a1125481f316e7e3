/*
 * Which files of a tree take part. Only their names and the config decide.
 */
#ifndef CLIMNORM_CATALOG_SELECT_H
#define CLIMNORM_CATALOG_SELECT_H

#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "climnorm/catalog.h"

struct cn_selected {
    const struct cn_found_file *file;
    const struct cn_name *name;
};

/* What the files of a model have in common. */
struct cn_model {
    const char *name, *variant, *grid_label;
};

/* Applies the filters of the config, finds model, variant and grid, and keeps the wanted version of
 * each file. Fills the counts of *catalog.
 * Errors: CN_BAD_USAGE: no file is left, or there are several candidates; the message says what to
 * set. CN_BAD_MACHINE: out of memory. Owns: all lives in the catalog's pool. */
enum cn_status cn_select(const struct cn_config *config, const struct cn_found_file *files,
                         size_t count, struct cn_catalog *catalog, struct cn_model *model,
                         struct cn_selected **selected, size_t *selected_count,
                         struct cn_error *error);

#endif
