/*
 * Standard deviations of samples, rounded once. Sums of moving windows in double decide nearly all
 * floats. The few that lie too near to the middle between two are settled cell by cell.
 */
#ifndef CLIMNORM_KERNELS_DEVIATION_H
#define CLIMNORM_KERNELS_DEVIATION_H

#include "exact.h"
#include "samples.h"

/* Sums over some values of VL cells: of y, what a value is above a centre, and of y^2. */
struct moments {
    vd low, high, low_squares, high_squares;
};

static ALWAYS_INLINE struct moments no_moments(void)
{
    return (struct moments){vd_set(0), vd_set(0), vd_set(0), vd_set(0)};
}

static ALWAYS_INLINE struct moments add_moments(struct moments a, struct moments b)
{
    return (struct moments){vd_add(a.low, b.low), vd_add(a.high, b.high),
                            vd_add(a.low_squares, b.low_squares),
                            vd_add(a.high_squares, b.high_squares)};
}

/* The moments of a year, [2][LANES] of which `year` is the first of VL cells. */
static ALWAYS_INLINE struct moments load_moments(const double *year)
{
    return (struct moments){vd_load(year), vd_load(year + VL / 2), vd_load(year + LANES),
                            vd_load(year + LANES + VL / 2)};
}

static ALWAYS_INLINE void store_moments(double *year, struct moments moments)
{
    vd_store(year, moments.low);
    vd_store(year + VL / 2, moments.high);
    vd_store(year + LANES, moments.low_squares);
    vd_store(year + LANES + VL / 2, moments.high_squares);
}

/* The last values before row `end`, of those from row `begin` on; `others` where all are missing.
 */
static ALWAYS_INLINE vf last_values(const float *block, size_t begin, size_t end, vf others,
                                    bool missing)
{
    for (size_t row = missing ? begin : end - 1; row < end; row++) {
        const vf x = vf_load(block + row * LANES);
        others = missing ? vf_if(vf_le(x, x), x, others) : x;
    }
    return others;
}

/* Numbers near most values of VL cells: the middle one of three values. So an outlier is none, and
 * where most values are equal, such as zeros of rain, it is likely to be that value. */
static ALWAYS_INLINE vf centres_of(const float *block, size_t rows, bool missing)
{
    const size_t first = (rows + 2) / 3, second = (2 * rows + 2) / 3;
    vf a = last_values(block, 0, first, vf_set(NAN), missing);
    vf b = last_values(block, first, second, a, missing);
    vf c = last_values(block, second, rows, b, missing);
    if (missing) {
        c = vf_if(vf_le(c, c), c, vf_set(0));
        b = vf_if(vf_le(b, b), b, c);
        a = vf_if(vf_le(a, a), a, c);
    }
    return vf_max(vf_min(a, b), vf_min(vf_max(a, b), c)); /* a zero may have any sign */
}

/* The moments of VL values. A missing value lies in the centre. */
static ALWAYS_INLINE struct moments moments_of(const float *values, vf centre, bool missing)
{
    vf x = vf_load(values);
    x = missing ? vf_if(vf_le(x, x), x, centre) : x;
    const vd low = vd_sub(vd_low(x), vd_low(centre)), high = vd_sub(vd_high(x), vd_high(centre));
    return (struct moments){low, high, vd_mul(low, low), vd_mul(high, high)};
}

/* The moments of each slot's days in each year, to [slots][years][2][LANES]. The days are cut into
 * parts, as in extremes.h. */
static ALWAYS_INLINE void moments_of_days(const struct samples *of, double *moments, bool missing)
{
    const struct window_batch *batch = of->batch;
    const size_t pool = batch->job->pool, day = batch->years * LANES;
    vf centres[VECTORS];
    for (size_t i = 0; i < VECTORS; i++)
        centres[i] = centres_of(of->block + i * VL, batch->days * batch->years, missing);
    for (size_t i = 0; i < day; i += VL) {
        const vf centre = centres[i % LANES / VL];
        const float *values = of->block + i;
        double *to = moments + i / LANES * 2 * LANES + i % LANES;
        if (pool == 1) {
            store_moments(to, moments_of(values, centre, missing));
            continue;
        }
        struct moments to_end[CN_MAX_POOL], beginning = no_moments();
        for (size_t slot = 0; slot < batch->slots; slot++) {
            const size_t at = slot % pool;
            if (at == 0) {
                struct moments sums = beginning = no_moments();
                for (size_t d = pool; d-- > 0;) {
                    sums =
                        add_moments(moments_of(values + (slot + d) * day, centre, missing), sums);
                    to_end[d] = sums;
                }
            } else {
                const float *last = values + (slot + pool - 1) * day;
                beginning = add_moments(beginning, moments_of(last, centre, missing));
            }
            store_moments(to + 2 * slot * day, add_moments(to_end[at], beginning));
        }
    }
}

/* Each of `count` years becomes the moments of itself and all later ones. */
static ALWAYS_INLINE void add_to_end(double *years, size_t count)
{
    for (size_t i = 0; i < LANES; i += VL) {
        struct moments sums = no_moments();
        for (double *at = years + 2 * count * LANES + i; at > years + i;) {
            at -= 2 * LANES;
            sums = add_moments(load_moments(at), sums);
            store_moments(at, sums);
        }
    }
}

/* How sums are made into deviations.
 *
 * Let d be the sum of y of a sample and q that of y^2, as computed, and D, Q the exact ones. No
 * value goes through more than k = 2 (pool + window) additions, and y and y^2 are rounded before.
 * So with g = (k + 5) 2^-53, q is off by at most g Q, and d by g times the sum of |y|, which is at
 * most sqrt(n Q). The exact variance is V / n(n - 1), V = n Q - D^2, where D^2 <= n Q. So n q - d^2
 * is off by at most 4 g n q, rounding included. Where it is at least 2^-7 n q, its relative error
 * is at most 2^9 g, and that of its root s is at most e = 0.51 * 2^9 g, again with rounding. If
 * both s (1 - e) and s (1 + e) round to the same float, then so does the exact deviation. None of
 * these numbers is too large or too small for double. */
struct deviation_rules {
    vd inverse;    /* 1 / n(n - 1), if no values are missing */
    vd less, more; /* 1 - e, 1 + e */
    vf enough;     /* values of a sample that has a deviation */
    bool missing;
};

static ALWAYS_INLINE struct deviation_rules rules_of(const struct cn_window_job *job, bool missing)
{
    const double n = (double)(job->window * job->pool);
    const double k = (double)(2 * (job->pool + job->window));
    const double e = 0.51 * 0x1p9 * (k + 5) * 0x1p-53;
    return (struct deviation_rules){vd_set(1 / (n * (n - 1))), vd_set(1 - e), vd_set(1 + e),
                                    vf_set((float)(job->min_values < 2 ? 2 : job->min_values)),
                                    missing};
}

/* Makes the bounds of a deviation; NaN instead of `less` if there are none. */
static ALWAYS_INLINE void bound_deviation(vd sum, vd squares, vd n,
                                          const struct deviation_rules *rules, vd *less, vd *more)
{
    const vd all = vd_mul(n, squares), v = vd_sub(all, vd_mul(sum, sum));
    const vd s = vd_sqrt(rules->missing ? vd_div(v, vd_mul(n, vd_sub(n, vd_set(1))))
                                        : vd_mul(v, rules->inverse));
    *less = vd_if_less(v, vd_mul(all, vd_set(0x1p-7)), vd_set(NAN), vd_mul(s, rules->less));
    *more = vd_mul(s, rules->more);
}

/* What stands for a result that is not known yet. */
enum { IN_DOUBT = -1 };

/* The deviations of VL cells of a sample. *doubtful becomes 1 where one is in doubt. */
static ALWAYS_INLINE vf deviations(struct moments sums, vf n, const struct deviation_rules *rules,
                                   vf *doubtful)
{
    vd low_less, low_more, high_less, high_more;
    bound_deviation(sums.low, sums.low_squares, vd_low(n), rules, &low_less, &low_more);
    bound_deviation(sums.high, sums.high_squares, vd_high(n), rules, &high_less, &high_more);
    const vf less = vf_narrow(low_less, high_less), more = vf_narrow(low_more, high_more);
    const vm enough = vf_le(rules->enough, n), is_doubtful = vm_and(enough, vf_ne(less, more));
    *doubtful = vf_if(is_doubtful, vf_set(1), *doubtful);
    const vf known = vf_if(enough, less, vf_set(NAN));
    return vf_if(is_doubtful, vf_set(IN_DOUBT), known);
}

/* The deviation of n values: from their mean m, with sums as above, where k is n. All terms are
 * near enough to the mean that n q - d^2 is nearly n q: let M be the largest magnitude of values
 * that are not all equal. If all are at least 2^-12 M, they are multiples of 2^-36 M, and their sum
 * is exact, so m is off by at most 2^-53 M; and s >= 2^-33 M, as two of them differ by 2^-24 M. If
 * one is less, it lies M / 2 from the largest, so s >= 2^-10 M; and m is off by at most 2^-37 M.
 * Equal values have a mean that is exact. So s is off by at most e, and rounded to one of the
 * floats next to the exact one. */
static float deviation_of_values(const float *values, size_t n)
{
    const double count = (double)n, e = (count + 5) * 0x1p-51;
    double total = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)values[i];
    for (size_t i = 0; i < n; i++) {
        const double y = (double)values[i] - total / count;
        sum += y;
        squares += y * y;
    }
    const double s = sqrt((count * squares - sum * sum) / (count * (count - 1)));
    const float less = (float)(s * (1 - e)), more = (float)(s * (1 + e));
    if (less < more)
        return exact_deviation(values, n, (float)s);
    return less;
}

/* Replaces what is in doubt in the results of one lane of a slot. */
static void settle_doubts(const struct samples *of, size_t slot, size_t lane)
{
    const struct window_batch *batch = of->batch;
    const struct cn_window_job *job = batch->job;
    float *values = of->batch->spare; /* the moments are no longer needed */
    _Static_assert((int)CN_MAX_POOL <= SPARE_ROWS * LANES, "a sample must fit into spare");
    for (size_t target = 0; target < batch->targets; target++) {
        float *results = job->results[place_of(batch, slot, target)];
        if (!results || results[of->first + lane] != (float)IN_DOUBT)
            continue;
        size_t n = 0;
        for (size_t day = 0; day < job->pool; day++)
            for (size_t year = target; year < target + job->window; year++) {
                const float x = of->block[((slot + day) * batch->years + year) * LANES + lane];
                values[n] = x;
                n += isnan(x) ? 0 : 1;
            }
        results[of->first + lane] = deviation_of_values(values, n);
    }
}

/* The deviations of a slot. The years are cut into parts as long as a window, as in extremes.h. So
 * sums only grow, and an outlier leaves nothing behind. `years`: the moments of the slot. */
static ALWAYS_INLINE void deviations_of_slot(const struct samples *of, size_t slot, double *years,
                                             const struct deviation_rules *rules,
                                             vf doubtful[VECTORS])
{
    const struct window_batch *batch = of->batch;
    const struct cn_window_job *job = batch->job;
    struct moments beginning[VECTORS];
    vf n[VECTORS], results[VECTORS];
    for (size_t i = 0; i < VECTORS; i++)
        beginning[i] = no_moments();
    begin_numbers(of, slot, n);
    for (size_t target = 0; target < batch->targets; target++) {
        const bool is_part = target % job->window == 0;
        const size_t oldest = target, newest = target + job->window - 1;
        if (is_part)
            add_to_end(years + 2 * oldest * LANES, job->window);
        enter_numbers(of, slot, newest, n);
        for (size_t i = 0; i < VECTORS; i++) {
            const double *year = years + i * VL;
            beginning[i] = is_part
                               ? no_moments()
                               : add_moments(beginning[i], load_moments(year + 2 * newest * LANES));
            const struct moments end = load_moments(year + 2 * oldest * LANES);
            results[i] = deviations(add_moments(end, beginning[i]), n[i], rules, doubtful + i);
        }
        put_lanes(job, place_of(batch, slot, target), of->first, of->cells, results, n);
        leave_numbers(of, slot, oldest, n);
    }
}

static ALWAYS_INLINE void deviations_of_slots(const struct samples *of, bool missing)
{
    const struct window_batch *batch = of->batch;
    const struct deviation_rules rules = rules_of(batch->job, missing);
    double *moments = (double *)(void *)of->batch->spare;
    vf doubtful[VECTORS];
    float lanes[LANES];
    for (size_t i = 0; i < VECTORS; i++)
        doubtful[i] = vf_set(0);
    moments_of_days(of, moments, missing);
    for (size_t slot = 0; slot < batch->slots; slot++)
        deviations_of_slot(of, slot, moments + 2 * slot * batch->years * LANES, &rules, doubtful);
    for (size_t i = 0; i < VECTORS; i++)
        vf_store(lanes + i * VL, doubtful[i]);
    for (size_t i = 0; i < of->cells; i++)
        for (size_t slot = 0; lanes[i] != 0 && slot < batch->slots; slot++)
            settle_doubts(of, slot, i);
}

static void deviations_of_samples(const struct samples *of)
{
    if (of->missing)
        deviations_of_slots(of, true);
    else
        deviations_of_slots(of, false);
}

#endif
