/*
 * The last resort of window_means, shared by all ISAs: sums of values of any spread, exactly.
 */
#ifndef CLIMNORM_EXACT_H
#define CLIMNORM_EXACT_H

#include "kernels.h"

/* window_means for cells first … first + cells of the job. */
void cn_window_means_exact(const struct cn_window_job *job, size_t first, size_t cells);

#endif
