/*
 * Grids whose latitudes and longitudes are auxiliary coordinates (CF section 5): curvilinear and
 * unstructured ones, stations, points. Callers hold the HDF5 lock.
 */
#ifndef CLIMNORM_CATALOG_AUXILIARY_H
#define CLIMNORM_CATALOG_AUXILIARY_H

#include "catalog/axes.h"

/* Finds time, and the horizontal dimensions of a variable with their latitudes and longitudes, on
 * any kind of grid.
 * Errors: CN_BAD_INPUT: some are missing. CN_BAD_MACHINE: out of memory. */
enum cn_status cn_horizontal_find(const struct cn_nc_file *nc, int varid, const int *dimids,
                                  size_t rank, struct cn_axes *axes, struct cn_error *error);

/* The same where time is known: axes->coordinates has its name, and axes->dims its position. */
enum cn_status cn_horizontal_find_beside(const struct cn_nc_file *nc, int varid, const int *dimids,
                                         size_t rank, struct cn_axes *axes, struct cn_error *error);

/* Reads the grid, and checks it.
 * Errors: CN_BAD_INPUT: climnorm cannot use it. CN_BAD_MACHINE: out of memory. Owns: all lives in
 * the pool. */
enum cn_status cn_horizontal_read(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                  const struct cn_axes *axes, struct cn_grid *grid,
                                  struct cn_error *error);

/* Reads the grid mapping that the variable of file->attributes names; of a regular grid,
 * latitude_longitude alone. One that cannot be found is as none. The grid is read.
 * Errors: CN_BAD_INPUT: its attributes cannot be used. CN_BAD_MACHINE: out of memory. Owns: all
 * lives in the pool. */
enum cn_status cn_grid_mapping_read(const struct cn_nc_file *nc, struct cn_file *file,
                                    struct cn_error *error);

#endif
