/*
 * Coordinate variables: which dimension is time, latitude, longitude, and the values along them.
 * Callers hold the HDF5 lock.
 */
#ifndef CLIMNORM_CATALOG_AXES_H
#define CLIMNORM_CATALOG_AXES_H

#include "climnorm/catalog.h"

enum cn_axis { CN_AXIS_LAT, CN_AXIS_LON, CN_AXIS_TIME };

/* A variable of numbers along one dimension; an auxiliary one along `rank` dimensions. */
struct cn_coordinate {
    const char *name;
    int varid, type, rank, dimids[3];
    size_t length;   /* values */
    bool is_by_time; /* it has time in front of these dimensions, of which one instant is read */
    size_t instant;
    const struct cn_attribute *attributes;
    size_t attribute_count;
};

/* The variables of an open file. */
struct cn_nc_file {
    struct cn_pool *pool;
    int ncid;
    struct cn_coordinate *coordinates; /* those named as their dimension first */
    size_t coordinate_count;
    bool is_ragged; /* stations follow each other along one dimension (CF section 9.3) */
    int variable_count;
};

/* The axes of a variable that may be the data variable. */
struct cn_axes {
    enum cn_grid_kind kind;
    bool is_certain;                     /* lat and lon are not only axes Y and X */
    struct cn_coordinate coordinates[3]; /* by enum cn_axis */
    size_t dims[3]; /* positions among the variable's dimensions: of rows, columns and time; `rank`,
                       `rank` + 1: it has no such dimension */
};

/* Finds the coordinate variables of the open file.
 * Errors: CN_BAD_INPUT: they cannot be read, or are too many. CN_BAD_MACHINE: out of memory.
 * Owns: all lives in the pool. */
enum cn_status cn_nc_file_read(struct cn_pool *pool, int ncid, struct cn_nc_file *nc,
                               struct cn_error *error);

/* Finds time among a variable's dimensions: by axis, then standard_name, units, name (CF section
 * 4). Errors: CN_BAD_INPUT: it is missing. */
enum cn_status cn_axes_find_time(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                 struct cn_axes *axes, struct cn_error *error);

/* Finds lat and lon of a regular grid in the same way.
 * Errors: CN_BAD_INPUT: one is missing or something else. */
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

/* Returns: whether standard_name, units or name say that a variable is lat or lon. */
bool cn_is_geographic(const struct cn_coordinate *coordinate, enum cn_axis axis);

/* Reads a variable of at most three dimensions.
 * Returns: CN_OK; coordinate->rank -1: it is no variable of numbers, or has more. Errors:
 * CN_BAD_INPUT: it cannot be read. CN_BAD_MACHINE. Owns: all lives in the pool. */
enum cn_status cn_coordinate_read(const struct cn_nc_file *nc, int varid,
                                  struct cn_coordinate *coordinate, struct cn_error *error);

/* Reads unpacked numbers of a variable into values[count], which are all that it has. Missing ones
 * become NaN.
 * Errors: CN_BAD_INPUT: they cannot be read. */
enum cn_status cn_numbers_read(const struct cn_nc_file *nc, const struct cn_coordinate *variable,
                               double *values, size_t count, struct cn_error *error);

/* Checks a grid. Its bounds may be anything.
 * Errors: CN_BAD_INPUT: climnorm cannot use it. */
enum cn_status cn_grid_check(const struct cn_grid *grid, struct cn_error *error);

/* Reads latitude and longitude of a regular grid with their bounds, and checks them.
 * Errors: CN_BAD_INPUT: climnorm cannot use them. CN_BAD_MACHINE: out of memory. Owns: all lives in
 * the pool. */
enum cn_status cn_axes_grid(const struct cn_nc_file *nc, const struct cn_axes *axes,
                            struct cn_grid *grid, struct cn_error *error);

#endif
