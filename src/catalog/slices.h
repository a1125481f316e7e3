/*
 * Dimensions of a variable besides time and those of the grid: what is read along each, which
 * values there are, and what input.select says of them. Callers hold the HDF5 lock where they have
 * an open file.
 */
#ifndef CLIMNORM_CATALOG_SLICES_H
#define CLIMNORM_CATALOG_SLICES_H

#include "catalog/axes.h"
#include "catalog/file_rules.h"

/* Sets file->storage.index and file->other_dims. Rank, shape and the positions of dimensions are
 * there; dimids: of the variable, whose name is `variable`.
 * Errors: CN_BAD_INPUT: a longer dimension needs a choice, its choice is not there, or what is
 * chosen is an axis. CN_BAD_MACHINE: out of memory. Owns: all lives in the pool. */
enum cn_status cn_slices_choose(const struct cn_nc_file *nc, const int *dimids,
                                const char *variable, const struct cn_file_rules *rules,
                                struct cn_file *file, struct cn_error *error);

/* Returns: entries of input.select for all dimensions longer than 1: "plev = 85000; m = 0;"; NULL:
 * out of memory. Owns: the pool. */
const char *cn_select_entries(struct cn_pool *pool, const struct cn_file *file);

/* Warns of choices of input.select and input.datasets that no usable file has a dimension for. */
void cn_warn_unused_choices(const struct cn_config *config, struct cn_catalog *catalog);

#endif
