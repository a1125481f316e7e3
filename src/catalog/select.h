/*
 * Which of the files of a tree take part, judged by their names and the config alone.
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

/* Applies the filters, settles model, variant and grid, and keeps the version that is asked for of
 * each file. Fills the counts and candidates of *catalog. CN_BAD_USAGE: nothing is left, or there
 * are several candidates; the message says what to set. */
enum cn_status cn_select(const struct cn_config *config, const struct cn_found_file *files,
                         size_t count, struct cn_catalog *catalog, struct cn_selected **selected,
                         size_t *selected_count, struct cn_error *error);

#endif
