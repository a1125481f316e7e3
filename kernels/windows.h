/*
 * Statistics of windows: the values of a job are gathered in blocks, once for all its statistics.
 */
#ifndef CLIMNORM_KERNELS_WINDOWS_H
#define CLIMNORM_KERNELS_WINDOWS_H

#include "deviation.h"
#include "extremes.h"
#include "mean.h"
#include "quantile.h"

static void statistic_of_samples(const struct samples *of, const struct window_batch *largest,
                                 struct expansion *expansion)
{
    switch (of->batch->job->statistic) {
    case CN_MEAN:
        means_of_samples(of, expansion);
        break;
    case CN_STANDARD_DEVIATION:
        deviations_of_samples(of);
        break;
    case CN_MINIMUM:
        minima_of_samples(of);
        break;
    case CN_MAXIMUM:
        maxima_of_samples(of);
        break;
    case CN_QUANTILE:
        quantiles_of_samples(of, largest);
        break;
    }
}

/* The scratch of a job has the block, the cells that expansion.h collects, the numbers of samples,
 * and the spare part. */
static void statistics_of_batch(const struct cn_window_job *jobs, size_t count,
                                struct window_batch *batch, const struct window_batch *largest)
{
    const size_t rows = batch->days * batch->years, width = block_cells(largest, batch);
    float *block = scratch_of(jobs);
    const bool is_plain = count == 1 && jobs->statistic == CN_MEAN && jobs->pool == 1;
    struct window_batch of_means = *batch;
    for (size_t k = 0; k < count; k++)
        if (jobs[k].statistic == CN_MEAN)
            of_means.job = &jobs[k];
    struct expansion expansion;
    expansion.batch = &of_means;
    expansion.limits = limits_of(jobs->window * jobs->pool, batch->years * jobs->pool);
    expansion.block = block + row_capacity(largest) * LANES;
    expansion.count = 0;
    batch->numbers = expansion.block + collected_rows(largest) * LANES;
    batch->spare = batch->numbers + largest->slots * largest->years * LANES;
    for (size_t cell = 0; cell < jobs->cells; cell += LANES) {
        if (cell % width == 0)
            gather(block, batch, cell, least(jobs->cells - cell, width));
        const float *values = block + cell % width * rows;
        const struct samples of = {batch, cell, least(jobs->cells - cell, LANES), values,
                                   !is_plain && has_gaps(values, rows)};
        count_samples(&of);
        for (size_t k = 0; k < count; k++) {
            batch->job = &jobs[k];
            statistic_of_samples(&of, largest, &expansion);
        }
    }
    if (expansion.count)
        expansion_flush(&expansion);
}

static void window_statistics(const struct cn_window_job *jobs, size_t count)
{
    const struct window_batch largest = largest_batch(jobs);
    for (size_t slot = 0; slot < jobs->slots; slot += largest.slots) {
        for (size_t target = 0; target < jobs->targets; target += largest.targets) {
            struct window_batch batch = batch_from(&largest, slot, target);
            statistics_of_batch(jobs, count, &batch, &largest);
        }
    }
}

#endif
