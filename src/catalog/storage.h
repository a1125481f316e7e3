/*
 * How a variable lies in its file, and whether the parallel chunk decoder takes it.
 */
#ifndef CLIMNORM_CATALOG_STORAGE_H
#define CLIMNORM_CATALOG_STORAGE_H

#include "climnorm/catalog.h"

/* Completes file->storage (rank, shape, dimensions and type are there) of a netCDF-4 file that
 * nobody else has open, and finds not_parallel. CN_BAD_INPUT: the values cannot be read, for want
 * of a filter, or ought not to be. The caller holds the door. */
enum cn_status cn_storage_read_hdf5(const char *path, struct cn_file *file, struct cn_error *error);

/* Looks up the last chunk of a chunked variable. Finds nothing out: HDF5 has then met the index on
 * the way there, and its damage. */
void cn_storage_find_last_chunk(const struct cn_file *file);

/* The same for a netCDF-3 file. */
void cn_storage_set_classic(struct cn_file *file);

#endif
