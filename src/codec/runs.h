/*
 * Runs of a chunk's bytes, or elements, that are needed.
 */
#ifndef CLIMNORM_CODEC_RUNS_H
#define CLIMNORM_CODEC_RUNS_H

#include <stddef.h>

/* Runs of one length that repeat along three dimensions, the outermost first, in ascending order
 * and apart from each other. */
struct cn_runs {
    size_t first, length; /* of the first run */
    size_t count[3], stride[3];
};

static inline size_t cn_runs_count(const struct cn_runs *runs)
{
    return runs->count[0] * runs->count[1] * runs->count[2];
}

/* Returns: where run k begins. */
static inline size_t cn_run_begin(const struct cn_runs *runs, size_t k)
{
    const size_t row = k / runs->count[2];
    return runs->first + k % runs->count[2] * runs->stride[2] +
           row % runs->count[1] * runs->stride[1] + row / runs->count[1] * runs->stride[0];
}

#endif
