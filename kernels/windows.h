/*
 * Statistics of windows: the values of a job are gathered in blocks, once for all its statistics.
 */
#ifndef CLIMNORM_KERNELS_WINDOWS_H
#define CLIMNORM_KERNELS_WINDOWS_H

#include "deviation.h"
#include "extremes.h"
#include "mean.h"
#include "quantile.h"

/* LANES cells of all slots of a batch: block[days][years][LANES]. */
struct window_block {
    const struct window_batch *batch, *largest;
    size_t first, cells; /* of the job; at most LANES */
    const float *block;
    struct expansion *expansion; /* of means */
};

/* Callers pass a constant function, so that it is inlined. */
static ALWAYS_INLINE void for_each_slot(const struct window_block *of,
                                        void (*compute)(const struct window_batch *batch,
                                                        size_t slot, size_t first, size_t cells,
                                                        const float *block))
{
    for (size_t slot = 0; slot < of->batch->slots; slot++)
        compute(of->batch, slot, of->first, of->cells, of->block + slot * of->batch->years * LANES);
}

static void statistic_of_block(const struct window_block *of)
{
    switch (of->batch->job->statistic) {
    case CN_MEAN:
        means_of_slots(of->batch, of->first, of->cells, of->block, of->expansion);
        break;
    case CN_STANDARD_DEVIATION:
        for_each_slot(of, deviations_of_lanes);
        break;
    case CN_MINIMUM:
        for_each_slot(of, minima_of_lanes);
        break;
    case CN_MAXIMUM:
        for_each_slot(of, maxima_of_lanes);
        break;
    case CN_QUANTILE:
        quantiles_of_slots(of->batch, of->largest, of->first, of->cells, of->block);
        break;
    }
}

/* The scratch of a job has the block, the cells that expansion.h collects, and the spare part. */
static void statistics_of_batch(const struct cn_window_job *jobs, size_t count,
                                struct window_batch *batch, const struct window_batch *largest)
{
    const size_t rows = batch->days * batch->years, width = block_cells(largest, batch);
    float *block = scratch_of(jobs);
    struct window_batch of_means = *batch;
    for (size_t k = 0; k < count; k++)
        if (jobs[k].statistic == CN_MEAN)
            of_means.job = &jobs[k];
    struct expansion expansion;
    expansion.batch = &of_means;
    expansion.limits = limits_of(jobs->window * jobs->pool, batch->years * jobs->pool);
    expansion.block = block + row_capacity(largest) * LANES;
    expansion.count = 0;
    batch->spare = expansion.block + collected_rows(largest) * LANES;
    for (size_t cell = 0; cell < jobs->cells; cell += LANES) {
        if (cell % width == 0)
            gather(block, batch, cell, least(jobs->cells - cell, width));
        const struct window_block of = {
            batch,     largest, cell, least(jobs->cells - cell, LANES), block + cell % width * rows,
            &expansion};
        for (size_t k = 0; k < count; k++) {
            batch->job = &jobs[k];
            statistic_of_block(&of);
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
