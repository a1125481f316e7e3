/*
 * Standard deviations of samples, in two passes over the values: their mean, then their distances
 * from it.
 */
#ifndef CLIMNORM_KERNELS_DEVIATION_H
#define CLIMNORM_KERNELS_DEVIATION_H

#include "lanes.h"

/* VL/2 cells of a sample: n values, what is near their mean, and the sum of the squares of their
 * distances from it. */
struct distances {
    vd n, mean, squares;
};

/* For the deviation s, the mean m has to be near enough: what its error d adds to s is d^2 / 2 s.
 * Let M be the largest magnitude of at most 2^16 floats that are not all equal. If all are at least
 * 2^-12 M, they are multiples of 2^-36 M, and their sum is exact in double, so |d| <= 2^-53 M; and
 * two of them differ by at least 2^-24 M, so s >= 2^-33 M. If one is less, it lies M / 2 from the
 * largest, so s >= 2^-10 M; and |d| <= 2^-37 M. In both cases d^2 < 2^-39 s^2. All terms of
 * `squares` are positive, so rounding costs 2^-36 of it at most. */
static ALWAYS_INLINE vd deviation(const struct distances *of)
{
    return vd_sqrt(vd_div(of->squares, vd_sub(of->n, vd_set(1))));
}

/* Adds a value; `number` is 1, or 0 for a missing one. */
static ALWAYS_INLINE void add_distance(struct distances *of, vd x, vd number, bool missing)
{
    vd distance = vd_sub(x, of->mean);
    if (missing)
        distance = vd_mul(distance, number);
    of->squares = vd_add(of->squares, vd_mul(distance, distance));
}

/* The deviations of VL cells of one sample, and its sizes. Callers pass a constant `missing`: false
 * where no value is. */
static ALWAYS_INLINE vf deviations_of_vector(const struct window_batch *batch, const float *block,
                                             vf *n, bool missing)
{
    const struct cn_window_job *job = batch->job;
    const size_t step = batch->years * LANES, pool = job->pool, floats = job->window * LANES;
    vd sum_low = vd_set(0), sum_high = vd_set(0);
    vf count = vf_set(missing ? 0 : (float)(job->window * pool));
    for (size_t day = 0; day < pool; day++) {
        for (const float *at = block + day * step, *end = at + floats; at < end; at += LANES) {
            vf x = vf_load(at);
            if (missing) {
                const vm number = vf_le(x, x);
                x = vf_if(number, x, vf_set(0));
                count = vf_add(count, vf_if(number, vf_set(1), vf_set(0)));
            }
            sum_low = vd_add(sum_low, vd_low(x));
            sum_high = vd_add(sum_high, vd_high(x));
        }
    }
    struct distances low = {vd_low(count), vd_div(sum_low, vd_low(count)), vd_set(0)};
    struct distances high = {vd_high(count), vd_div(sum_high, vd_high(count)), vd_set(0)};
    for (size_t day = 0; day < pool; day++) {
        for (const float *at = block + day * step, *end = at + floats; at < end; at += LANES) {
            vf x = vf_load(at), one = vf_set(1);
            if (missing) {
                const vm number = vf_le(x, x);
                x = vf_if(number, x, vf_set(0));
                one = vf_if(number, one, vf_set(0));
            }
            add_distance(&low, vd_low(x), vd_low(one), missing);
            add_distance(&high, vd_high(x), vd_high(one), missing);
        }
    }
    *n = count;
    const size_t enough = job->min_values < 2 ? 2 : job->min_values;
    const vf result = vf_narrow(deviation(&low), deviation(&high));
    const vm known = vm_and(vf_le(vf_set((float)enough), count), vf_le(result, vf_set(FLT_MAX)));
    return vf_if(known, result, vf_set(NAN));
}

static ALWAYS_INLINE void deviations_of_targets(const struct window_batch *batch, size_t slot,
                                                size_t first, size_t cells, const float *block,
                                                bool missing)
{
    for (size_t target = 0; target < batch->targets; target++) {
        vf results[VECTORS], n[VECTORS];
        for (size_t i = 0; i < VECTORS; i++)
            results[i] =
                deviations_of_vector(batch, block + target * LANES + i * VL, n + i, missing);
        put_lanes(batch->job, place_of(batch, slot, target), first, cells, results, n);
    }
}

static void deviations_of_lanes(const struct window_batch *batch, size_t slot, size_t first,
                                size_t cells, const float *block)
{
    if (measure_spread(block, batch->job->pool * batch->years).missing)
        deviations_of_targets(batch, slot, first, cells, block, true);
    else
        deviations_of_targets(batch, slot, first, cells, block, false);
}

static void window_deviations(const struct cn_window_job *job)
{
    for_each_block(job, deviations_of_lanes);
}

#endif
