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

/* 1 or 0 */
static ALWAYS_INLINE vf one_if(vm is_true)
{
    return vf_if(is_true, vf_set(1), vf_set(0));
}

/* The sums high + low of n values of LANES cells. */
struct group_sums {
    double high[LANES], low[LANES];
    float n[LANES];
    bool known[LANES]; /* false: the values spread too widely */
};

/* mean.h says why the sums are exact. */
static ALWAYS_INLINE void add_days(struct group_sums *into, const float *block, size_t days,
                                   const double start[LANES], struct method method)
{
    struct sums sums;
    for (size_t i = 0; i < VECTORS; i++) {
        sums.s[2 * i] = vd_load(start + i * VL);
        sums.s[2 * i + 1] = vd_load(start + i * VL + VL / 2);
        sums.e[2 * i] = sums.e[2 * i + 1] = vd_set(0);
        sums.n[i] = vf_set(method.missing ? 0 : (float)days);
    }
    for (size_t day = 0; day < days; day++)
        move(&sums, block + day * LANES, true, method);
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
    const bool pairs = spread.widest > limits.one;
    for (size_t i = 0; i < LANES && pairs; i++)
        start[i] = start_of(spread.exponent[i], &limits);
    if (pairs)
        add_days(sums, block, days, start, (struct method){.pairs = true, .missing = true});
    else if (spread.missing)
        add_days(sums, block, days, start, (struct method){.missing = true});
    else
        add_days(sums, block, days, start, (struct method){.missing = false});
    for (size_t i = 0; i < LANES; i++)
        sums->known[i] = spread.bits[i] <= limits.pair;
}

/* *a becomes *a + *b rounded, *b what rounding lost (Knuth's sum). */
static ALWAYS_INLINE void exact_two_sum(vd *a, vd *b)
{
    const vd sum = vd_add(*a, *b), part = vd_sub(sum, *a);
    *b = vd_add(vd_sub(*a, vd_sub(sum, part)), vd_sub(*b, part));
    *a = sum;
}

static ALWAYS_INLINE vd magnitude(vd x)
{
    return vd_if_less(x, vd_set(0), vd_sub(vd_set(0), x), x);
}

/* A threshold, cut into 44 bits and the rest, so that its products with k < 2^9 are exact. */
struct cut_threshold {
    double upper, lower;
};

static inline struct cut_threshold cut_in_two(double threshold)
{
    struct cut_threshold parts;
    uint64_t bits;
    memcpy(&bits, &threshold, sizeof bits);
    bits &= ~(uint64_t)0x1ff;
    memcpy(&parts.upper, &bits, sizeof bits);
    parts.lower = threshold - parts.upper;
    return parts;
}

/* A quotient, and what its exact value lies between. */
struct bounded {
    vd value, less, more;
};

/* (high + low - k threshold) / n; without a threshold, callers pass a constant NULL.
 *
 * Sums without loss leave y + a + b + c. The quotient of y is off by at most 2^-51 of it, where b
 * and c are less than 2^-52 of it; else its bounds are infinite. Where y is all, and the quotient
 * times n is y, the quotient itself does: it is rounded twice, but if it is halfway between floats,
 * it has so few digits that its product with n is exact, and so is itself. */
static ALWAYS_INLINE struct bounded divide_sums(vd high, vd low, vd k,
                                                const struct cut_threshold *threshold, vd n)
{
    vd y = high, a = low, lost = vd_set(0);
    exact_two_sum(&y, &a);
    if (threshold) {
        const vd minus_k = vd_sub(vd_set(0), k);
        vd b = vd_mul(minus_k, vd_set(threshold->upper));
        vd c = vd_mul(minus_k, vd_set(threshold->lower));
        exact_two_sum(&y, &b);
        exact_two_sum(&a, &b);
        exact_two_sum(&a, &c);
        exact_two_sum(&y, &a);
        lost = vd_add(magnitude(b), magnitude(c));
    }
    const vd value = vd_div(y, n), most = vd_mul(magnitude(y), vd_set(0x1p-52));
    const vd rest = vd_add(magnitude(a), lost), product = vd_mul(value, n);
    const vd width = vd_if_equal(
        rest, vd_set(0), vd_if_equal(product, y, vd_set(0), vd_set(0x1p-50)), vd_set(0x1p-50));
    const vd distance = vd_if_less(most, lost, vd_set(INFINITY), vd_mul(value, width));
    return (struct bounded){value, vd_sub(value, distance), vd_add(value, distance)};
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
 * Counts all. */
static ALWAYS_INLINE void keep_beyond(float *block, const struct cn_group_job *job, float n[LANES],
                                      enum group_sum what)
{
    const vf below = vf_set(float_below(job->threshold)),
             above = vf_set(float_above(job->threshold));
    for (size_t i = 0; i < LANES; i += VL) {
        vf number = vf_set(0);
        for (float *at = block + i; at < block + job->days * LANES; at += LANES) {
            const vf x = vf_load(at);
            const vm none = what == GROUP_EXCESS ? vf_le(x, below) : vf_le(above, x);
            number = vf_add(number, one_if(vf_le(x, x)));
            vf_store(at, vf_if(none, vf_set(NAN), x));
        }
        vf_store(n + i, number);
    }
}

/* Rounds the sums to floats. doubtful[i] != 0: two floats are as near as the bounds. */
static ALWAYS_INLINE void round_sums(const struct group_sums *sums, float results[LANES],
                                     float doubtful[LANES], const struct cut_threshold *threshold,
                                     enum group_sum what)
{
    for (size_t i = 0; i < LANES; i += VL) {
        const vf k = vf_load(sums->n + i), one = vf_set(1);
        const vf n = what == GROUP_MEAN ? vf_if(vf_le(one, k), k, one) : one;
        const struct bounded low = divide_sums(vd_load(sums->high + i), vd_load(sums->low + i),
                                               vd_low(k), threshold, vd_low(n));
        const struct bounded high =
            divide_sums(vd_load(sums->high + i + VL / 2), vd_load(sums->low + i + VL / 2),
                        vd_high(k), threshold, vd_high(n));
        vf value = vf_narrow(low.value, high.value);
        const vf less = vf_narrow(low.less, high.less), more = vf_narrow(low.more, high.more);
        value = what == GROUP_DEFICIT ? vf_sub(vf_set(0), value) : vf_add(value, vf_set(0));
        vf_store(results + i, value);
        vf_store(doubtful + i, one_if(vf_ne(less, more)));
    }
}

static ALWAYS_INLINE void sum_group(const struct cn_group_job *job, float *block,
                                    float results[LANES], float n[LANES], enum group_sum what)
{
    const bool beyond = what == GROUP_EXCESS || what == GROUP_DEFICIT;
    const struct cut_threshold threshold = cut_in_two(beyond ? job->threshold : 0);
    float doubtful[LANES];
    struct group_sums sums;
    if (beyond)
        keep_beyond(block, job, n, what);
    sum_days(&sums, block, job->days);
    if (!beyond)
        memcpy(n, sums.n, sizeof sums.n);
    round_sums(&sums, results, doubtful, beyond ? &threshold : NULL, what);
    for (size_t i = 0; i < LANES; i++)
        if (doubtful[i] != 0 || !sums.known[i])
            results[i] =
                exact_value(job, block + i, what == GROUP_MEAN && n[i] > 0 ? n[i] : 1, what);
}

static ALWAYS_INLINE void extreme_group(const struct cn_group_job *job, const float *block,
                                        float results[LANES], float n[LANES], bool smallest)
{
    for (size_t i = 0; i < LANES; i += VL) {
        vf most = vf_set(smallest ? INFINITY : -INFINITY), number = vf_set(0);
        for (size_t day = 0; day < job->days; day++) {
            const vf x = vf_load(block + day * LANES + i);
            most = vf_if(smallest ? vf_le(x, most) : vf_le(most, x), x, most);
            number = vf_add(number, one_if(vf_le(x, x)));
        }
        vf_store(results + i, vf_add(most, vf_set(0)));
        vf_store(n + i, number);
    }
}

enum comparison { GREATER, GREATER_OR_EQUAL, LESS, LESS_OR_EQUAL };

/* A float is greater than the threshold if it is not at most the next float below, and so on. */
static ALWAYS_INLINE void count_group(const struct cn_group_job *job, const float *block,
                                      float results[LANES], float n[LANES], enum comparison what)
{
    const bool from_below = what == GREATER || what == LESS_OR_EQUAL;
    const vf bound = vf_set(from_below ? float_below(job->threshold) : float_above(job->threshold));
    for (size_t i = 0; i < LANES; i += VL) {
        vf count = vf_set(0), number = vf_set(0);
        for (size_t day = 0; day < job->days; day++) {
            const vf x = vf_load(block + day * LANES + i);
            count = vf_add(count, one_if(from_below ? vf_le(x, bound) : vf_le(bound, x)));
            number = vf_add(number, one_if(vf_le(x, x)));
        }
        if (what == GREATER || what == LESS)
            count = vf_sub(number, count);
        vf_store(results + i, count);
        vf_store(n + i, number);
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
