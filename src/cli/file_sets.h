/*
 * The models, variants and grids that a tree holds daily files of, by the files' names.
 */
#ifndef CLIMNORM_CLI_FILE_SETS_H
#define CLIMNORM_CLI_FILE_SETS_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "climnorm/watch.h"

enum cn_set_field { CN_SET_MODEL, CN_SET_VARIANT, CN_SET_GRID, CN_SET_FIELDS };

/* Daily files of one model, variant and grid. */
struct cn_file_set {
    const char *fields[CN_SET_FIELDS];
    size_t files;
};

/* Finds the sets of a folder, that of most files first. No file is opened.
 * Returns: CN_BAD_USAGE: no file in it is named like a netCDF file; else as cn_find_files. Owns:
 * the pool, the sets. */
enum cn_status cn_find_file_sets(struct cn_pool *pool, const char *folder,
                                 const struct cn_watch *watch, struct cn_file_set **sets,
                                 size_t *count, struct cn_error *error);

#endif
