/*
 * One value of a group of days. Sums are exact and rounded once, so that a value does not depend on
 * the order of the days or the ISA.
 */
#ifndef CLIMNORM_KERNELS_GROUP_H
#define CLIMNORM_KERNELS_GROUP_H

#include "exact.h"
#include "lanes.h"
#include "mean.h"

_Static_assert((int)CN_MAX_SLOTS <= (int)MAX_ROWS, "a block must hold the days of a year");

/* Cuts a job into blocks of LANES cells, block[days][LANES], which the constant function may
 * change. It makes results and sizes of samples; of fewer than min_values the result is NaN. */
static ALWAYS_INLINE void for_each_group(const struct cn_group_job *job,
                                         void (*compute)(const struct cn_group_job *job,
                                                         float *block, float results[LANES],
                                                         float n[LANES]))
{
    _Alignas(64) float block[MAX_ROWS * LANES];
    const struct cn_window_job rows = {.rows = job->rows,
                                       .window = job->days,
                                       .targets = 1,
                                       .slots = 1,
                                       .pool = 1,
                                       .cells = job->cells};
    const struct window_batch batch = largest_batch(&rows);
    const size_t width = block_cells(&batch, &batch);
    for (size_t cell = 0; cell < job->cells; cell += LANES) {
        if (cell % width == 0)
            gather(block, &batch, cell, least(job->cells - cell, width));
        float results[LANES], n[LANES];
        compute(job, block + cell % width * job->days, results, n);
        for (size_t i = 0; i < least(job->cells - cell, LANES); i++)
            job->results[cell + i] = n[i] < (float)job->min_values ? NAN : results[i];
    }
}

static void count_numbers(const float *block, size_t days, float n[LANES])
{
    for (size_t i = 0; i < LANES; i += VL) {
        vf sum = vf_set(0);
        for (size_t day = 0; day < days; day++) {
            const vf x = vf_load(block + day * LANES + i);
            sum = vf_add(sum, vf_if(vf_le(x, x), vf_set(1), vf_set(0)));
        }
        vf_store(n + i, sum);
    }
}

/* The sums high + low of n values of LANES cells. */
struct group_sums {
    double high[LANES], low[LANES];
    float n[LANES];
    bool known[LANES]; /* false: the values spread too widely */
};

/* mean.h says why the sums are exact. */
static ALWAYS_INLINE void add_days(struct group_sums *into, const float *block, size_t days,
                                   const double start[LANES], bool pairs)
{
    struct sums sums;
    for (size_t i = 0; i < VECTORS; i++) {
        sums.s[2 * i] = vd_load(start + i * VL);
        sums.s[2 * i + 1] = vd_load(start + i * VL + VL / 2);
        sums.e[2 * i] = sums.e[2 * i + 1] = vd_set(0);
        sums.n[i] = vf_set(0);
    }
    for (size_t day = 0; day < days; day++)
        move(&sums, block + day * LANES, true, (struct method){.pairs = pairs, .missing = true});
    for (size_t i = 0; i < 2 * VECTORS; i++) {
        vd_store(into->high + i * VL / 2, vd_sub(sums.s[i], vd_load(start + i * VL / 2)));
        vd_store(into->low + i * VL / 2, sums.e[i]);
    }
    for (size_t i = 0; i < VECTORS; i++)
        vf_store(into->n + i * VL, sums.n[i]);
}

static void sum_days(struct group_sums *sums, const float *block, size_t days)
{
    const struct limits limits = limits_of(days, days);
    const struct spread spread = measure_spread(block, days);
    double start[LANES] = {0};
    if (spread.widest <= limits.one) {
        add_days(sums, block, days, start, false);
    } else {
        for (size_t i = 0; i < LANES; i++)
            start[i] = start_of(spread.exponent[i], &limits);
        add_days(sums, block, days, start, true);
    }
    for (size_t i = 0; i < LANES; i++)
        sums->known[i] = spread.bits[i] <= limits.pair;
}

/* *a becomes *a + *b rounded, *b what rounding lost (Knuth's sum). */
static ALWAYS_INLINE void exact_two_sum(double *a, double *b)
{
    const double sum = *a + *b, part = sum - *a;
    *b = (*a - (sum - part)) + (*b - part);
    *a = sum;
}

/* (high + low - k threshold) / n, rounded once to float. Returns: whether that is certain.
 *
 * The threshold is cut into 44 bits and the rest, so that its products with k < 2^9 are exact.
 * Three exact sums leave y + z + lost. If that is y alone and n divides it, there is one rounding.
 * Else the quotient of y is off by at most 2^-51 of it, and certain if it rounds to the same float
 * when it is 2^-50 less or more. */
static ALWAYS_INLINE bool round_sum(float *result, double high, double low, double k,
                                    double threshold, double n)
{
    uint64_t bits;
    memcpy(&bits, &threshold, sizeof bits);
    bits &= ~(uint64_t)0x1ff;
    double upper;
    memcpy(&upper, &bits, sizeof upper);
    double y = high, a = low, b = -k * upper, c = -k * (threshold - upper);
    exact_two_sum(&y, &a);
    exact_two_sum(&y, &b);
    exact_two_sum(&a, &b);
    exact_two_sum(&a, &c);
    exact_two_sum(&y, &a);
    const double lost = fabs(b) + fabs(c), quotient = y / n;
    *result = (float)quotient;
    if (lost == 0 && a == 0 && quotient * n == y)
        return true;
    return lost <= 0x1p-52 * fabs(y) &&
           (float)(quotient * (1 + 0x1p-50)) == (float)(quotient * (1 - 0x1p-50));
}

enum group_sum { GROUP_MEAN, GROUP_SUM, GROUP_EXCESS, GROUP_DEFICIT };

/* The same for one cell without rounding: column[day * LANES]. */
static float exact_value(const struct cn_group_job *job, const float *column, float n,
                         enum group_sum what)
{
    struct exact sum = {{0}};
    for (size_t day = 0; day < job->days; day++) {
        const float x = column[day * LANES];
        if (isnan(x))
            continue;
        exact_add(&sum, what == GROUP_DEFICIT ? -(double)x : (double)x);
        if (what == GROUP_EXCESS || what == GROUP_DEFICIT)
            exact_add(&sum, what == GROUP_DEFICIT ? job->threshold : -job->threshold);
    }
    return exact_quotient(sum, what == GROUP_MEAN ? (size_t)n : 1);
}

/* The greatest float that is not above x, and the least that is not below. */
static inline float float_below(double x)
{
    const float near = x > (double)FLT_MAX ? FLT_MAX : (float)x;
    return (double)near > x ? nextafterf(near, -INFINITY) : near;
}

static inline float float_above(double x)
{
    return -float_below(-x);
}

/* Makes NaN of the values that add nothing: those that are not above, or not below the threshold.
 */
static ALWAYS_INLINE void keep_beyond(float *block, const struct cn_group_job *job,
                                      enum group_sum what)
{
    const vf below = vf_set(float_below(job->threshold)),
             above = vf_set(float_above(job->threshold));
    for (size_t i = 0; i < job->days * LANES; i += VL) {
        const vf x = vf_load(block + i);
        const vm none = what == GROUP_EXCESS ? vf_le(x, below) : vf_le(above, x);
        vf_store(block + i, vf_if(none, vf_set(NAN), x));
    }
}

static ALWAYS_INLINE void sum_group(const struct cn_group_job *job, float *block,
                                    float results[LANES], float n[LANES], enum group_sum what)
{
    const bool beyond = what == GROUP_EXCESS || what == GROUP_DEFICIT;
    count_numbers(block, job->days, n);
    if (beyond)
        keep_beyond(block, job, what);
    struct group_sums sums;
    sum_days(&sums, block, job->days);
    for (size_t i = 0; i < LANES; i++) {
        const double k = beyond ? (double)sums.n[i] : 0, threshold = beyond ? job->threshold : 0;
        const double divisor = what == GROUP_MEAN && n[i] > 0 ? (double)n[i] : 1;
        float value;
        if (sums.known[i] && round_sum(&value, sums.high[i], sums.low[i], k, threshold, divisor)) {
            value = what == GROUP_DEFICIT ? -value : value;
            results[i] = fabsf(value) <= FLT_MAX ? value + 0.0F : NAN;
        } else {
            results[i] = exact_value(job, block + i, (float)divisor, what);
        }
    }
}

static ALWAYS_INLINE void extreme_group(const struct cn_group_job *job, const float *block,
                                        float results[LANES], float n[LANES], bool smallest)
{
    count_numbers(block, job->days, n);
    for (size_t i = 0; i < LANES; i += VL) {
        vf most = vf_set(smallest ? INFINITY : -INFINITY);
        for (size_t day = 0; day < job->days; day++) {
            const vf x = vf_load(block + day * LANES + i);
            most = vf_if(smallest ? vf_le(x, most) : vf_le(most, x), x, most);
        }
        vf_store(results + i, vf_add(most, vf_set(0)));
    }
}

enum comparison { GREATER, GREATER_OR_EQUAL, LESS, LESS_OR_EQUAL };

/* A float is greater than the threshold if it is not at most the next float below, and so on. */
static ALWAYS_INLINE void count_group(const struct cn_group_job *job, const float *block,
                                      float results[LANES], float n[LANES], enum comparison what)
{
    const bool from_below = what == GREATER || what == LESS_OR_EQUAL;
    const vf bound = vf_set(from_below ? float_below(job->threshold) : float_above(job->threshold));
    count_numbers(block, job->days, n);
    for (size_t i = 0; i < LANES; i += VL) {
        vf count = vf_set(0);
        for (size_t day = 0; day < job->days; day++) {
            const vf x = vf_load(block + day * LANES + i);
            const vm is_in = from_below ? vf_le(x, bound) : vf_le(bound, x);
            count = vf_add(count, vf_if(is_in, vf_set(1), vf_set(0)));
        }
        if (what == GREATER || what == LESS)
            count = vf_sub(vf_load(n + i), count);
        vf_store(results + i, count);
    }
}

/* Defines a kernel by what makes the results of a block. */
#define GROUP_KERNEL(name, compute, ...)                                      \
    static void name##_of_block(const struct cn_group_job *job, float *block, \
                                float results[LANES], float n[LANES])         \
    {                                                                         \
        compute(job, block, results, n, __VA_ARGS__);                         \
    }                                                                         \
    static void name(const struct cn_group_job *job)                          \
    {                                                                         \
        for_each_group(job, name##_of_block);                                 \
    }
GROUP_KERNEL(group_means, sum_group, GROUP_MEAN)
GROUP_KERNEL(group_sums, sum_group, GROUP_SUM)
GROUP_KERNEL(group_minima, extreme_group, true)
GROUP_KERNEL(group_maxima, extreme_group, false)
GROUP_KERNEL(group_counts_gt, count_group, GREATER)
GROUP_KERNEL(group_counts_ge, count_group, GREATER_OR_EQUAL)
GROUP_KERNEL(group_counts_lt, count_group, LESS)
GROUP_KERNEL(group_counts_le, count_group, LESS_OR_EQUAL)
GROUP_KERNEL(group_excesses, sum_group, GROUP_EXCESS)
GROUP_KERNEL(group_deficits, sum_group, GROUP_DEFICIT)
#undef GROUP_KERNEL

#endif
