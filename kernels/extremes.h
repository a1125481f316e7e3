/*
 * The smallest and the largest values of samples.
 */
#ifndef CLIMNORM_KERNELS_EXTREMES_H
#define CLIMNORM_KERNELS_EXTREMES_H

#include "lanes.h"

/* Of LANES cells of one slot, whose values are in block[pool][years][LANES]. Callers pass a
 * constant sign: -1 makes the largest of the negated values, which is the smallest, negated. */
static ALWAYS_INLINE void extremes_of_lanes(const struct window_batch *batch, size_t slot,
                                            size_t first, size_t cells, const float *block,
                                            bool smallest)
{
    const struct cn_window_job *job = batch->job;
    for (size_t target = 0; target < batch->targets; target++) {
        const size_t place = place_of(batch, slot, target);
        vf most[VECTORS], n[VECTORS];
        for (size_t i = 0; i < VECTORS; i++) {
            most[i] = vf_set(smallest ? INFINITY : -INFINITY);
            n[i] = vf_set(0);
        }
        for (size_t day = 0; day < job->pool; day++) {
            const float *from = block + (day * batch->years + target) * LANES;
            for (const float *end = from + job->window * LANES; from < end; from += LANES) {
                for (size_t i = 0; i < VECTORS; i++) {
                    const vf x = vf_load(from + i * VL);
                    const vm more = smallest ? vf_le(x, most[i]) : vf_le(most[i], x);
                    most[i] = vf_if(more, x, most[i]); /* a NaN is not taken */
                    n[i] = vf_add(n[i], vf_if(vf_le(x, x), vf_set(1), vf_set(0)));
                }
            }
        }
        for (size_t i = 0; i < VECTORS; i++) {
            const vm enough = vf_le(vf_set((float)job->min_values), n[i]);
            most[i] = vf_if(enough, vf_add(most[i], vf_set(0)), vf_set(NAN));
        }
        put_lanes(job, place, first, cells, most, n);
    }
}

static void minima_of_lanes(const struct window_batch *batch, size_t slot, size_t first,
                            size_t cells, const float *block)
{
    extremes_of_lanes(batch, slot, first, cells, block, true);
}

static void maxima_of_lanes(const struct window_batch *batch, size_t slot, size_t first,
                            size_t cells, const float *block)
{
    extremes_of_lanes(batch, slot, first, cells, block, false);
}

static void window_minima(const struct cn_window_job *job)
{
    for_each_block(job, minima_of_lanes);
}

static void window_maxima(const struct cn_window_job *job)
{
    for_each_block(job, maxima_of_lanes);
}

#endif
