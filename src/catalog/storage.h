/*
 * How the values of a variable are stored in its file.
 */
#ifndef CLIMNORM_CATALOG_STORAGE_H
#define CLIMNORM_CATALOG_STORAGE_H

#include "climnorm/catalog.h"

/* Returns: whether the data variable may be stored as this nc_type. */
bool cn_storage_takes_type(int type);

/* Completes file->storage of a netCDF-4 file, which netCDF-C may have open. Rank, shape, dimensions
 * and type are there. path: by which HDF5 opens it. The caller holds the HDF5
 * lock.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: the values cannot be read, because a filter is not
 * installed, or must not be; CN_BAD_MACHINE: out of memory. Owns: the pool gets the filters. */
enum cn_status cn_storage_read_hdf5(struct cn_pool *pool, const char *path, struct cn_file *file,
                                    struct cn_error *error);

/* The same for variable number `variable` of a netCDF-3 file. */
enum cn_status cn_storage_read_classic(int variable, struct cn_file *file, struct cn_error *error);

/* The rest of the program relies on what this checks of a storage that another process found. The
 * time axis and the grid are there.
 * Returns: whether the functions above may have found it. */
bool cn_storage_is_valid(const struct cn_file *file);

#endif
