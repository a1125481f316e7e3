/*
 * The smallest and the largest values of samples.
 */
#ifndef CLIMNORM_KERNELS_EXTREMES_H
#define CLIMNORM_KERNELS_EXTREMES_H

#include "lanes.h"

/* Of VL cells; an empty one is infinite. Callers pass constants. */
static ALWAYS_INLINE vf extreme_of_none(bool smallest)
{
    return vf_set(smallest ? INFINITY : -INFINITY);
}

static ALWAYS_INLINE vf more_extreme(vf x, vf most, bool smallest) /* x: a NaN is not taken */
{
    return vf_if(smallest ? vf_le(x, most) : vf_le(most, x), x, most);
}

/* The extremes of each year, and of how many values, to [years][LANES]. */
static ALWAYS_INLINE void extremes_of_years(const struct window_batch *batch, const float *block,
                                            float *extremes, float *numbers, bool smallest)
{
    const size_t pool = batch->job->pool, day = batch->years * LANES;
    for (size_t i = 0; i < day; i += VL) {
        vf most = extreme_of_none(smallest), n = vf_set(0);
        for (size_t d = 0; d < pool; d++) {
            const vf x = vf_load(block + d * day + i);
            most = more_extreme(x, most, smallest);
            n = vf_add(n, vf_if(vf_le(x, x), vf_set(1), vf_set(0)));
        }
        vf_store(extremes + i, most);
        vf_store(numbers + i, n);
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

/* Of LANES cells of one slot, whose values are in block[pool][years][LANES]. The years are cut into
 * parts as long as a window. Each window is the end of a part and the beginning of the next, so a
 * year is looked at three times, whatever the window is (van Herk, Pattern Recognition Letters 13,
 * 1992). */
static ALWAYS_INLINE void extremes_of_lanes(const struct window_batch *batch, size_t slot,
                                            size_t first, size_t cells, const float *block,
                                            bool smallest)
{
    const struct cn_window_job *job = batch->job;
    const vf enough = vf_set((float)job->min_values);
    float *years = batch->spare, *numbers = years + batch->years * LANES;
    vf n[VECTORS], beginning[VECTORS], results[VECTORS];
    extremes_of_years(batch, block, years, numbers, smallest);
    for (size_t i = 0; i < VECTORS; i++) {
        n[i] = beginning[i] = vf_set(0);
        for (size_t year = 0; year + 1 < job->window; year++)
            n[i] = vf_add(n[i], vf_load(numbers + year * LANES + i * VL));
    }
    for (size_t target = 0; target < batch->targets; target++) {
        const bool is_part = target % job->window == 0;
        const size_t oldest = target * LANES, newest = (target + job->window - 1) * LANES;
        if (is_part)
            extremes_to_end(years + oldest, job->window, smallest);
        for (size_t i = 0; i < VECTORS; i++) {
            beginning[i] =
                is_part ? extreme_of_none(smallest)
                        : more_extreme(vf_load(years + newest + i * VL), beginning[i], smallest);
            const vf most = more_extreme(vf_load(years + oldest + i * VL), beginning[i], smallest);
            n[i] = vf_add(n[i], vf_load(numbers + newest + i * VL));
            results[i] = vf_if(vf_le(enough, n[i]), vf_add(most, vf_set(0)), vf_set(NAN));
        }
        put_lanes(job, place_of(batch, slot, target), first, cells, results, n);
        for (size_t i = 0; i < VECTORS; i++)
            n[i] = vf_sub(n[i], vf_load(numbers + oldest + i * VL));
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

#endif
