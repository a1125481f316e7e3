/*
 * The smallest and the largest values of samples.
 */
#ifndef CLIMNORM_KERNELS_EXTREMES_H
#define CLIMNORM_KERNELS_EXTREMES_H

#include "samples.h"

/* Of VL cells; an empty one is infinite. Callers pass constants. */
static ALWAYS_INLINE vf extreme_of_none(bool smallest)
{
    return vf_set(smallest ? INFINITY : -INFINITY);
}

static ALWAYS_INLINE vf more_extreme(vf x, vf most, bool smallest) /* x: a NaN is not taken */
{
    return vf_if(smallest ? vf_le(x, most) : vf_le(most, x), x, most);
}

/* The extremes of each slot's days in each year, to [slots][years][LANES]. The days are cut into
 * parts as long as a pool. The days of a slot are the end of a part and the beginning of the next,
 * so a day is looked at three times, whatever the pool is (van Herk, Pattern Recognition Letters
 * 13, 1992). */
static ALWAYS_INLINE void extremes_of_days(const struct samples *of, bool smallest)
{
    const struct window_batch *batch = of->batch;
    const size_t pool = batch->job->pool, day = batch->years * LANES;
    for (size_t i = 0; i < day; i += VL) {
        vf to_end[CN_MAX_POOL], beginning = extreme_of_none(smallest);
        if (pool == 1) {
            vf_store(of->batch->spare + i,
                     more_extreme(vf_load(of->block + i), beginning, smallest));
            continue;
        }
        for (size_t slot = 0; slot < batch->slots; slot++) {
            const size_t at = slot % pool;
            const vf last = vf_load(of->block + (slot + pool - 1) * day + i);
            if (at == 0) {
                vf most = beginning = extreme_of_none(smallest);
                for (size_t d = pool; d-- > 0;) {
                    most = more_extreme(vf_load(of->block + (slot + d) * day + i), most, smallest);
                    to_end[d] = most;
                }
            } else {
                beginning = more_extreme(last, beginning, smallest);
            }
            vf_store(of->batch->spare + slot * day + i,
                     more_extreme(to_end[at], beginning, smallest));
        }
    }
}

/* Each year becomes the extreme of itself and all later ones. */
static ALWAYS_INLINE void extremes_to_end(float *years, size_t count, bool smallest)
{
    for (size_t i = 0; i < LANES; i += VL) {
        vf most = extreme_of_none(smallest);
        for (float *at = years + count * LANES + i; at > years + i;) {
            at -= LANES;
            most = more_extreme(vf_load(at), most, smallest);
            vf_store(at, most);
        }
    }
}

/* The same for the years of the windows of a slot. */
static ALWAYS_INLINE void extremes_of_slot(const struct samples *of, size_t slot, bool smallest)
{
    const struct window_batch *batch = of->batch;
    const struct cn_window_job *job = batch->job;
    const vf enough = vf_set((float)job->min_values);
    float *years = of->batch->spare + slot * batch->years * LANES;
    vf n[VECTORS], beginning[VECTORS], results[VECTORS];
    for (size_t i = 0; i < VECTORS; i++)
        beginning[i] = extreme_of_none(smallest);
    begin_numbers(of, slot, n);
    for (size_t target = 0; target < batch->targets; target++) {
        const bool is_part = target % job->window == 0;
        const size_t oldest = target, newest = target + job->window - 1;
        if (is_part)
            extremes_to_end(years + oldest * LANES, job->window, smallest);
        enter_numbers(of, slot, newest, n);
        for (size_t i = 0; i < VECTORS; i++) {
            const float *year = years + i * VL;
            beginning[i] =
                is_part ? extreme_of_none(smallest)
                        : more_extreme(vf_load(year + newest * LANES), beginning[i], smallest);
            const vf most = more_extreme(vf_load(year + oldest * LANES), beginning[i], smallest);
            results[i] = vf_if(vf_le(enough, n[i]), vf_add(most, vf_set(0)), vf_set(NAN));
        }
        put_lanes(job, place_of(batch, slot, target), of->first, of->cells, results, n);
        leave_numbers(of, slot, oldest, n);
    }
}

static ALWAYS_INLINE void extremes(const struct samples *of, bool smallest)
{
    extremes_of_days(of, smallest);
    for (size_t slot = 0; slot < of->batch->slots; slot++)
        extremes_of_slot(of, slot, smallest);
}

static void minima_of_samples(const struct samples *of)
{
    extremes(of, true);
}

static void maxima_of_samples(const struct samples *of)
{
    extremes(of, false);
}

#endif
