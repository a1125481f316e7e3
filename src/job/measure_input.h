/*
 * What it costs to read and decode the input of one variable on this machine: pieces of a few of
 * its files are read and decoded, and timed. It knows nothing of outputs.
 */
#ifndef CLIMNORM_JOB_MEASURE_INPUT_H
#define CLIMNORM_JOB_MEASURE_INPUT_H

#include "climnorm/plan.h"

struct cn_kernels;

/* Seconds of one thread's CPU time, unless a name says otherwise. */
struct cn_input_costs {
    double open_s, open_wall_s; /* to find the chunks of a file */
    double disk_bytes_per_s;    /* of what was not in memory; 0: not known */
    double cached;              /* 0 … 1: the share of input that the page cache held */
    double instant_bytes;       /* stored, of an instant, as far as regions need it */
    double decode_s;            /* of an instant */
    double touch_s;             /* for each byte of memory that is used for the first time */
};

/* What a measurement may take. */
struct cn_measure_limits {
    int threads;           /* decode at the same time */
    uint64_t memory_bytes; /* for decoded values */
    double seconds;        /* in all, about */
};

/* What was decoded: the cells of all regions, as in a slab's row, of some instants. */
struct cn_decoded_rows {
    float *memory;
    const float **items; /* [count], each [layout.row_cells] */
    size_t count;
};

/* Measures a variable that has loads. So that the disk is measured, and not the page cache, it
 * drops the bytes that it reads from the page cache first.
 * Returns: true: *costs, and one row at least; false: a file cannot be read, or is too odd to be
 * measured fast, or out of memory. Owns: the caller *rows, in either case, with
 * cn_decoded_rows_free. */
bool cn_measure_input(const struct cn_variable_plan *variable, const struct cn_kernels *kernels,
                      const struct cn_measure_limits *limits, struct cn_input_costs *costs,
                      struct cn_decoded_rows *rows);

void cn_decoded_rows_free(struct cn_decoded_rows *rows);

#endif
