/*
 * What input.select must choose, for configs that the program writes.
 */
#ifndef CLIMNORM_CLI_SELECTION_H
#define CLIMNORM_CLI_SELECTION_H

#include "base/pool.h"
#include "base/strbuf.h"
#include "climnorm/catalog.h"
#include "climnorm/limits.h"
#include "climnorm/resources.h"

/* Finds the dimensions of the files that can be used along which input.select must choose, each
 * name once.
 * Returns: how many. Owns: the files. */
size_t cn_dims_to_select(const struct cn_file *files, size_t count,
                         const struct cn_other_dim *dims[CN_MAX_DIMS]);

/* Finds the entries of input.select, "plev = 85000; m = 0;", with which most of the files of one
 * variable can be used, and inspects them again with these. *entries "": none is needed. The files
 * were inspected with the first along each dimension. One choice is tried, and others as long as
 * *inspections_left allows, from which all are taken off.
 * Errors: CN_STOPPED; CN_BAD_MACHINE. Owns: the pool; the caller calls cn_files_free. */
enum cn_status cn_select_for_all(struct cn_pool *pool, struct cn_file *files, size_t count,
                                 const struct cn_resources *resources, size_t *inspections_left,
                                 const char **entries, struct cn_error *error);

/* Finds those of the variables of a catalog that cannot be used, from the first file of each. Adds
 * entries of input.select, "plev = 100000; m = 0;", and sentences about the values that there are.
 * Errors: CN_STOPPED; CN_BAD_MACHINE. */
enum cn_status cn_find_selection(struct cn_pool *pool, const struct cn_config *config,
                                 const struct cn_catalog *catalog, const struct cn_watch *watch,
                                 struct cn_strbuf *entries, struct cn_strbuf *values,
                                 struct cn_error *error);

#endif
