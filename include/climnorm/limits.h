/*
 * Limits that arrays of fixed size rely on, or that stand in several checks. Includes nothing, so
 * that kernels can use them.
 */
#ifndef CLIMNORM_LIMITS_H
#define CLIMNORM_LIMITS_H

enum {
    CN_MAX_SLOTS = 366, /* day slots of a year, which is the days of the longest year */
    /* Of the config: docs/config.md has them as ranges of keys. */
    CN_MAX_WINDOW = 1000, /* years */
    CN_MAX_POOL = 61,     /* day slots of one sample */
    CN_MAX_THREADS = 4096,
    CN_MAX_NAME_BYTES = 64,
    CN_MAX_VARIABLE_BYTES = 256, /* of a name inside a netCDF file */
    CN_SELECT_BYTES = 255,       /* of a text that input.select takes, and of one in a file */
    CN_MAX_MODELS = 1000,        /* of one run */
    CN_MAX_PATH_BYTES = 3000,    /* of a folder, and of an output below it */
    CN_MAX_SHARDS = 100000,      /* of a job */
};

/* Of an input file: X(NAME, VALUE, MEANING). docs/reading.md has them as a table. */
#define CN_FILE_LIMITS(X)                                                           \
    X(CN_MAX_VARIABLES, 4096, "variables")                                          \
    X(CN_MAX_POINTS, 1 << 20, "latitudes, or longitudes; rows or columns")          \
    X(CN_MAX_CELLS, 1 << 24, "cells with latitudes and longitudes of their own")    \
    X(CN_MAX_CORNERS, 1 << 23, "corners of such cells; files with more lose them")  \
    X(CN_MAX_TIMES, 1 << 21, "instants (239 years of hours)")                       \
    X(CN_LAST_YEAR, 9999, "year of an instant; years are written with four digits") \
    X(CN_MAX_DIMS, 8, "dimensions of the variable")                                 \
    X(CN_MAX_FILTERS, 32, "filters of the variable")                                \
    X(CN_MAX_PARAMETERS, 256, "parameters of a filter")                             \
    X(CN_MAX_MISSING, 16, "values that mean missing, with the fill value")          \
    X(CN_MAX_ATTRIBUTES, 1000, "attributes of a variable")                          \
    X(CN_MAX_ATTRIBUTE_BYTES, 1 << 20, "bytes of these attributes together")
#define CN_FILE_LIMIT(name, value, meaning) name = (value),
enum {
    CN_FILE_LIMITS(CN_FILE_LIMIT)
    /* Of arrays with an entry for each dimension, and for rows and columns that the file lacks. */
    CN_DIM_ROOM = CN_MAX_DIMS + 2,
};

#endif
