/*
 * Coordinate variables: which dimension is time, latitude, longitude, and the values along them.
 * Callers hold the HDF5 lock.
 */
#ifndef CLIMNORM_CATALOG_AXES_H
#define CLIMNORM_CATALOG_AXES_H

#include "climnorm/catalog.h"

enum cn_axis { CN_AXIS_LAT, CN_AXIS_LON, CN_AXIS_TIME };

/* A variable along one dimension. */
struct cn_coordinate {
    const char *name;
    int varid, dimid, type;
    size_t length;
    const struct cn_attribute *attributes;
    size_t attribute_count;
};

/* The variables of an open file. */
struct cn_nc_file {
    struct cn_pool *pool;
    int ncid;
    struct cn_coordinate *coordinates; /* those named as their dimension first */
    size_t coordinate_count;
    int variable_count;
};

/* The axes of a variable that may be the data variable. */
struct cn_axes {
    struct cn_coordinate coordinates[3]; /* by enum cn_axis */
    size_t dims[3];                      /* positions among the variable's dimensions */
};

/* Finds the coordinate variables of the open file.
 * Errors: CN_BAD_INPUT: they cannot be read, or are too many. CN_BAD_MACHINE: out of memory.
 * Owns: all lives in the pool. */
enum cn_status cn_nc_file_read(struct cn_pool *pool, int ncid, struct cn_nc_file *nc,
                               struct cn_error *error);

/* Finds time, lat and lon among a variable's dimensions: by axis, then standard_name, units, name
 * (CF sections 4 and 5).
 * Errors: CN_BAD_INPUT: one is missing, or the grid is curvilinear. */
enum cn_status cn_axes_find(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                            struct cn_axes *axes, struct cn_error *error);

/* Reads the unpacked numbers along a coordinate into values[length].
 * Errors: CN_BAD_INPUT: they cannot be read, or some are missing. */
enum cn_status cn_coordinate_values(const struct cn_nc_file *nc,
                                    const struct cn_coordinate *coordinate, double *values,
                                    struct cn_error *error);

/* Reads the unpacked numbers of the variable that the attribute `bounds` names into
 * bounds[length][2]. They may be any numbers; missing ones become NaN. *found: whether there is one
 * of that shape.
 * Errors: CN_BAD_INPUT: they cannot be read. CN_BAD_MACHINE: out of memory. */
enum cn_status cn_coordinate_bounds(const struct cn_nc_file *nc,
                                    const struct cn_coordinate *coordinate, double *bounds,
                                    bool *found, struct cn_error *error);

/* Checks a grid. Its bounds may be anything.
 * Errors: CN_BAD_INPUT: climnorm cannot use it. */
enum cn_status cn_grid_check(const struct cn_grid *grid, struct cn_error *error);

/* Reads latitude and longitude with their bounds, and checks them.
 * Errors: CN_BAD_INPUT: climnorm cannot use them. CN_BAD_MACHINE: out of memory. Owns: all lives in
 * the pool. */
enum cn_status cn_axes_grid(const struct cn_nc_file *nc, const struct cn_axes *axes,
                            struct cn_grid *grid, struct cn_error *error);

#endif
