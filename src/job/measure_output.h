/*
 * What it costs to make and encode the normals of one variable on this machine. Writes nothing.
 */
#ifndef CLIMNORM_JOB_MEASURE_OUTPUT_H
#define CLIMNORM_JOB_MEASURE_OUTPUT_H

#include "job/measure_input.h"

/* Seconds of one thread's CPU time. */
struct cn_output_costs {
    double mean_s; /* for each cell of each row that a batch reads or makes */
    struct cn_encode_cost {
        double value_s; /* to encode a value */
        double share;   /* encoded bytes for each byte of values */
    } * encode;         /* [layout.region_count], of the caller */
};

/* Measures with rows that stand for those of other years and days.
 * Returns: true: *costs; false: out of memory. */
bool cn_measure_output(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                       const struct cn_kernels *kernels, const struct cn_decoded_rows *rows,
                       double seconds, struct cn_output_costs *costs);

#endif
