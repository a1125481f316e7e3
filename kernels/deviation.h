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

/* VL values of one row. */
struct row_values {
    vd low, high, number_low, number_high;
    vf number;
};

static ALWAYS_INLINE struct row_values row_values_of(const float *row, bool missing)
{
    vf x = vf_load(row), number = vf_set(1);
    if (missing) {
        const vm present = vf_le(x, x);
        x = vf_if(present, x, vf_set(0));
        number = vf_if(present, number, vf_set(0));
    }
    return (struct row_values){vd_low(x), vd_high(x), vd_low(number), vd_high(number), number};
}

/* Targets whose samples are gone through together. They share most of their years, so most values
 * are loaded once for all, and no addition waits for the one before. */
enum { TOGETHER = 4 };

/* Sums of VL cells of one sample. */
struct sample_sums {
    vd low, high;
    vf n;
};

/* A row enters a sample, or leaves it. */
static ALWAYS_INLINE void move_row(struct sample_sums *sums, const struct row_values *row,
                                   bool enter, bool missing)
{
    sums->low = enter ? vd_add(sums->low, row->low) : vd_sub(sums->low, row->low);
    sums->high = enter ? vd_add(sums->high, row->high) : vd_sub(sums->high, row->high);
    if (missing)
        sums->n = enter ? vf_add(sums->n, row->number) : vf_sub(sums->n, row->number);
}

/* How the sums of a block are made. Callers pass constants. */
struct deviation_method {
    bool missing; /* some values are NaN */
    bool exact;   /* all sums are exact in double, in any order: mean.h says when */
};

static ALWAYS_INLINE struct sample_sums no_sums(const struct cn_window_job *job, bool missing)
{
    return (struct sample_sums){vd_set(0), vd_set(0),
                                vf_set(missing ? 0 : (float)(job->window * job->pool))};
}

/* A year of all days enters the sums of VL cells, or leaves them. */
static ALWAYS_INLINE void move_days(struct sample_sums *sums, const struct window_batch *batch,
                                    const float *year, bool enter, bool missing)
{
    for (size_t day = 0; day < batch->job->pool; day++) {
        const struct row_values row = row_values_of(year + day * batch->years * LANES, missing);
        move_row(sums, &row, enter, missing);
    }
}

/* The sums of the samples of `count` targets from one on. Year y from the first target on is in the
 * samples of targets y - window + 1 to y. `running` has the first ones, and moves on. */
static ALWAYS_INLINE void make_sums(struct sample_sums sums[TOGETHER],
                                    const struct window_batch *batch, const float *block,
                                    struct sample_sums *running, size_t count,
                                    struct deviation_method method)
{
    const size_t window = batch->job->window;
    for (size_t k = 0; k < count && method.exact; k++) {
        move_days(running, batch, block + (k + window - 1) * LANES, true, method.missing);
        sums[k] = *running;
        move_days(running, batch, block + k * LANES, false, method.missing);
    }
    if (method.exact)
        return;
    for (size_t k = 0; k < count; k++)
        sums[k] = no_sums(batch->job, method.missing);
    for (size_t day = 0; day < batch->job->pool; day++) {
        for (size_t year = 0; year < window + count - 1; year++) {
            const float *at = block + (day * batch->years + year) * LANES;
            const struct row_values row = row_values_of(at, method.missing);
            for (size_t k = 0; k < count; k++)
                if (year >= k && year < window + k)
                    move_row(sums + k, &row, true, method.missing);
        }
    }
}

/* The deviations of VL cells of the samples of `count` targets from one on, at most TOGETHER, and
 * the sizes of the samples. Callers pass a constant `count`. */
static ALWAYS_INLINE void deviations_of_vector(const struct window_batch *batch, const float *block,
                                               const struct sample_sums sums[TOGETHER],
                                               vf results[TOGETHER], size_t count, bool missing)
{
    const struct cn_window_job *job = batch->job;
    const size_t window = job->window;
    struct distances low[TOGETHER], high[TOGETHER];
    for (size_t k = 0; k < count; k++) {
        const vd n_low = vd_low(sums[k].n), n_high = vd_high(sums[k].n);
        low[k] = (struct distances){n_low, vd_div(sums[k].low, n_low), vd_set(0)};
        high[k] = (struct distances){n_high, vd_div(sums[k].high, n_high), vd_set(0)};
    }
    for (size_t day = 0; day < job->pool; day++) {
        for (size_t year = 0; year < window + count - 1; year++) {
            const float *at = block + (day * batch->years + year) * LANES;
            const struct row_values row = row_values_of(at, missing);
            for (size_t k = 0; k < count; k++) {
                if (year < k || year >= window + k)
                    continue;
                add_distance(low + k, row.low, row.number_low, missing);
                add_distance(high + k, row.high, row.number_high, missing);
            }
        }
    }
    const size_t enough = job->min_values < 2 ? 2 : job->min_values;
    for (size_t k = 0; k < count; k++) {
        const vf result = vf_narrow(deviation(low + k), deviation(high + k));
        const vm known =
            vm_and(vf_le(vf_set((float)enough), sums[k].n), vf_le(result, vf_set(FLT_MAX)));
        results[k] = vf_if(known, result, vf_set(NAN));
    }
}

/* LANES cells of one slot. */
struct deviation_lanes {
    const struct window_batch *batch;
    size_t slot, first, cells;
    const float *block;
};

static ALWAYS_INLINE void deviations_from_target(const struct deviation_lanes *of, size_t target,
                                                 struct sample_sums running[VECTORS], size_t count,
                                                 struct deviation_method method)
{
    vf results[TOGETHER][VECTORS], n[TOGETHER][VECTORS];
    for (size_t i = 0; i < VECTORS; i++) {
        const float *block = of->block + target * LANES + i * VL;
        struct sample_sums sums[TOGETHER];
        vf result[TOGETHER];
        make_sums(sums, of->batch, block, running + i, count, method);
        deviations_of_vector(of->batch, block, sums, result, count, method.missing);
        for (size_t k = 0; k < count; k++)
            results[k][i] = result[k], n[k][i] = sums[k].n;
    }
    for (size_t k = 0; k < count; k++)
        put_lanes(of->batch->job, place_of(of->batch, of->slot, target + k), of->first, of->cells,
                  results[k], n[k]);
}

static ALWAYS_INLINE void deviations_of_targets(const struct deviation_lanes *of,
                                                struct deviation_method method)
{
    const struct window_batch *batch = of->batch;
    struct sample_sums running[VECTORS];
    for (size_t i = 0; i < VECTORS; i++) {
        running[i] = no_sums(batch->job, method.missing);
        for (size_t year = 0; method.exact && year < batch->job->window - 1; year++)
            move_days(running + i, batch, of->block + year * LANES + i * VL, true, method.missing);
    }
    size_t target = 0;
    for (; target + TOGETHER <= batch->targets; target += TOGETHER)
        deviations_from_target(of, target, running, TOGETHER, method);
    for (; target < batch->targets; target++)
        deviations_from_target(of, target, running, 1, method);
}

static void deviations_of_lanes(const struct window_batch *batch, size_t slot, size_t first,
                                size_t cells, const float *block)
{
    const struct cn_window_job *job = batch->job;
    const struct spread spread = measure_spread(block, job->pool * batch->years);
    const struct deviation_lanes lanes = {batch, slot, first, cells, block};
    const bool exact = spread.widest <= limits_of(job->window * job->pool, 1).one;
    if (exact && !spread.missing)
        deviations_of_targets(&lanes, (struct deviation_method){.exact = true});
    else if (exact)
        deviations_of_targets(&lanes, (struct deviation_method){.exact = true, .missing = true});
    else if (!spread.missing)
        deviations_of_targets(&lanes, (struct deviation_method){.missing = false});
    else
        deviations_of_targets(&lanes, (struct deviation_method){.missing = true});
}

#endif
