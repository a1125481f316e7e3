/*
 * How a variable lies in its file, and whether the parallel decoder takes it.
 */
#ifndef CLIMNORM_CATALOG_STORAGE_H
#define CLIMNORM_CATALOG_STORAGE_H

#include "climnorm/catalog.h"

/* Whether the data variable may be stored as this nc_type. */
bool cn_storage_takes_type(int type);

/* Completes file->storage (rank, shape, dimensions and type are there) of a netCDF-4 file that
 * nobody else has open, and finds not_parallel. CN_BAD_INPUT: the values cannot be read, for want
 * of a filter, or ought not to be. The caller holds the HDF5 lock. */
enum cn_status cn_storage_read_hdf5(struct cn_file *file, struct cn_error *error);

/* The same as cn_storage_read_hdf5 for variable number `variable` of a netCDF-3 file. */
enum cn_status cn_storage_read_classic(int variable, struct cn_file *file, struct cn_error *error);

/* Whether a file's storage, which another process found, is one that the above may find: the rest
 * of the program relies on it. The time axis and the grid are there. */
bool cn_storage_is_valid(const struct cn_file *file);

#endif
