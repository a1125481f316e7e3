/*
 * Results in memory, of a job with `in_memory`: one array for each product, region, period and
 * scenario of a variable. Target years that cannot be made are left out, as in files.
 */
#ifndef CLIMNORM_VALUES_H
#define CLIMNORM_VALUES_H

#include <stdbool.h>
#include <stddef.h>

/* The job owns it and all that it points to, until cn_job_free. Names, shape and target years are
 * as planned after cn_job_prepare; cn_job_run sets the rest. No thread of the job changes it
 * before cn_job_run or after it. */
struct cn_values {
    const char *variable, *model, *product, *region, *period;
    const char *scenario; /* {scenario} of the target years; input.historical for historical ones */
    const char *units;    /* NULL: the source has none */
    size_t target_count;  /* after the run: of those that are made; 0: nothing is */
    int *target_years;    /* [target_count], ascending */
    /* Target years, day slots or other groups, then rows and columns, or cells, or neither, as far
     * as the grid has these dimensions. Without dimensions of cells there is one cell. */
    int rank;
    size_t shape[4]; /* [rank] */

    float *values;     /* [shape]; NaN: missing. NULL: not made: see the problems of the result */
    void *counts;      /* [shape] int16_t or int32_t, with output.counts; else NULL */
    size_t count_size; /* bytes of a count: 2 or 4; 0: there are none */

    /* A complete netCDF-4 file of this output with all dimensions, coordinates and attributes, but
     * all fill where values and counts are: netCDF-C reads it with nc_open_mem. It has no content
     * digest. NULL: not made. */
    void *image;
    size_t image_size;
    char *name;       /* of the variable of the values in it; NULL: not made */
    char *count_name; /* the same of the counts */
};

#endif
