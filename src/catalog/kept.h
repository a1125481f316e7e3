/*
 * Coordinates that outputs keep as they are: along rows and columns, and of one value. Callers hold
 * the HDF5 lock.
 */
#ifndef CLIMNORM_CATALOG_KEPT_H
#define CLIMNORM_CATALOG_KEPT_H

#include "catalog/axes.h"

/* A variable of numbers or texts along one dimension, or of one value. */
struct cn_flat_variable {
    int varid;
    int type;     /* nc_type; NC_STRING, too */
    size_t width; /* of NC_CHAR: characters of a text; else 1 */
    int dimid;    /* -1: it has one value */
    size_t count; /* values */
};

/* Returns: whether a variable is one, of a size that can be read. */
bool cn_flat_inquire(const struct cn_nc_file *nc, int varid, struct cn_flat_variable *flat);

/* Reads the values as they are. Sets type, width and values[count]; texts become characters.
 * Errors: CN_BAD_INPUT: they cannot be read. CN_BAD_MACHINE: out of memory. Owns: all lives in the
 * pool. */
enum cn_status cn_flat_read(const struct cn_nc_file *nc, const struct cn_flat_variable *flat,
                            const char *name, struct cn_grid_variable *values,
                            struct cn_error *error);

/* Adds to file->grid the coordinates that outputs keep: those of the variable's dimensions, then
 * others that its attribute `coordinates` names; along a dimension besides time and those of the
 * grid, the value at the index that is read. Storage, grid and attributes of the file are there.
 * Errors: CN_BAD_INPUT: one cannot be read. CN_BAD_MACHINE: out of memory. Owns: all lives in the
 * pool. */
enum cn_status cn_kept_read(const struct cn_nc_file *nc, const int *dimids,
                            const struct cn_axes *axes, struct cn_file *file,
                            struct cn_error *error);

/* Returns: the unit of a coordinate; "": it has none. */
const char *cn_kept_units(const struct cn_grid_variable *kept);

/* Returns: whether two coordinates of one value have the same, within 1e-6 of it. That of another
 * unit is converted; one without unit has that of the other. Errors: false and *error, as
 * cn_units_equal. */
bool cn_kept_equal(const struct cn_grid_variable *a, const struct cn_grid_variable *b,
                   struct cn_error *error);

#endif
