/*
 * The last resort of window_means, shared by all ISAs: sums of values of any spread, exactly.
 */
#ifndef CLIMNORM_EXACT_H
#define CLIMNORM_EXACT_H

#include "kernels.h"

/* window_means for one cell of the job, whose values are values[row * stride]; NaN also where a row
 * is not there. */
void cn_window_means_exact(const struct cn_window_job *job, size_t cell, const float *values,
                           size_t stride);

#endif
