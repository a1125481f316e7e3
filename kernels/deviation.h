/*
 * Standard deviations of samples, rounded once. Sums of moving windows in double decide nearly all
 * floats. The few that lie too near to the middle between two are settled cell by cell.
 */
#ifndef CLIMNORM_KERNELS_DEVIATION_H
#define CLIMNORM_KERNELS_DEVIATION_H

#include "exact.h"
#include "lanes.h"

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

/* LANES cells of one slot: block[pool][years][LANES]. */
struct deviation_lanes {
    const struct window_batch *batch;
    size_t slot, first, cells;
    const float *block;
    double *years;  /* [years][2][LANES] moments */
    float *numbers; /* [years][LANES], of values; only if some are missing */
};

/* Sums that are made together, so that additions do not wait for each other. */
enum { CHAINS = VECTORS < 4 ? 4 / VECTORS : 1 };

/* Whether values may be missing: a sum of values is NaN. */
static bool has_gaps(const float *block, size_t rows)
{
    bool gaps = false;
    for (size_t i = 0; i < LANES; i += VL) {
        vf sums[CHAINS];
        float lanes[VL];
        size_t row = 0;
        for (size_t k = 0; k < CHAINS; k++)
            sums[k] = vf_set(0);
        for (; row + CHAINS <= rows; row += CHAINS)
            for (size_t k = 0; k < CHAINS; k++)
                sums[k] = vf_add(sums[k], vf_load(block + (row + k) * LANES + i));
        for (; row < rows; row++)
            sums[0] = vf_add(sums[0], vf_load(block + row * LANES + i));
        for (size_t k = 1; k < CHAINS; k++)
            sums[0] = vf_add(sums[0], sums[k]);
        vf_store(lanes, sums[0]);
        for (size_t k = 0; k < VL; k++)
            gaps |= isnan(lanes[k]);
    }
    return gaps;
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

/* The moments of each year, of all days. A missing value lies in the centre. */
static ALWAYS_INLINE void make_years(const struct deviation_lanes *of, bool missing)
{
    const size_t pool = of->batch->job->pool, years = of->batch->years;
    for (size_t i = 0; i < LANES; i += VL) {
        const vf centre = centres_of(of->block + i, pool * years, missing);
        const vd low_centre = vd_low(centre), high_centre = vd_high(centre);
        for (size_t year = 0; year < years; year++) {
            struct moments sums = no_moments();
            vf n = vf_set(0);
            for (size_t day = 0; day < pool; day++) {
                vf x = vf_load(of->block + (day * years + year) * LANES + i);
                if (missing) {
                    const vm present = vf_le(x, x);
                    x = vf_if(present, x, centre);
                    n = vf_add(n, vf_if(present, vf_set(1), vf_set(0)));
                }
                const vd low = vd_sub(vd_low(x), low_centre);
                const vd high = vd_sub(vd_high(x), high_centre);
                sums = add_moments(
                    sums, (struct moments){low, high, vd_mul(low, low), vd_mul(high, high)});
            }
            store_moments(of->years + 2 * year * LANES + i, sums);
            if (missing)
                vf_store(of->numbers + year * LANES + i, n);
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
 * value goes through more than k = pool + 2 window additions, and y and y^2 are rounded before. So
 * with g = (k + 5) 2^-53, q is off by at most g Q, and d by g times the sum of |y|, which is at
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
    const double k = (double)(job->pool + 2 * job->window);
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
    const vf known = vf_if(vm_and(enough, vf_le(less, vf_set(FLT_MAX))), less, vf_set(NAN));
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
    return less <= FLT_MAX ? less : NAN;
}

/* Replaces what is in doubt in the results of one lane. */
static void settle_doubts(const struct deviation_lanes *of, size_t lane)
{
    const struct window_batch *batch = of->batch;
    const struct cn_window_job *job = batch->job;
    float *values = batch->spare; /* the moments are no longer needed */
    _Static_assert((int)CN_MAX_POOL <= SPARE_ROWS * LANES, "a sample must fit into batch->spare");
    for (size_t target = 0; target < batch->targets; target++) {
        float *results = job->results[place_of(batch, of->slot, target)];
        if (!results || results[of->first + lane] != (float)IN_DOUBT)
            continue;
        size_t n = 0;
        for (size_t day = 0; day < job->pool; day++)
            for (size_t year = target; year < target + job->window; year++) {
                const float x = of->block[(day * batch->years + year) * LANES + lane];
                values[n] = x;
                n += isnan(x) ? 0 : 1;
            }
        results[of->first + lane] = deviation_of_values(values, n);
    }
}

/* The years are cut into parts as long as a window, as in extremes.h. So sums only grow, and an
 * outlier leaves nothing behind. */
static ALWAYS_INLINE void deviations_of_targets(const struct deviation_lanes *of, bool missing)
{
    const struct window_batch *batch = of->batch;
    const struct cn_window_job *job = batch->job;
    const struct deviation_rules rules = rules_of(job, missing);
    struct moments beginning[VECTORS];
    vf n[VECTORS], doubtful[VECTORS], results[VECTORS];
    make_years(of, missing);
    for (size_t i = 0; i < VECTORS; i++) {
        beginning[i] = no_moments();
        doubtful[i] = vf_set(0);
        n[i] = vf_set(missing ? 0 : (float)(job->window * job->pool));
        for (size_t year = 0; missing && year + 1 < job->window; year++)
            n[i] = vf_add(n[i], vf_load(of->numbers + year * LANES + i * VL));
    }
    for (size_t target = 0; target < batch->targets; target++) {
        const bool is_part = target % job->window == 0;
        const size_t oldest = target * LANES, newest = (target + job->window - 1) * LANES;
        if (is_part)
            add_to_end(of->years + 2 * oldest, job->window);
        for (size_t i = 0; i < VECTORS; i++) {
            const double *year = of->years + 2 * newest + i * VL;
            beginning[i] = is_part ? no_moments() : add_moments(beginning[i], load_moments(year));
            if (missing)
                n[i] = vf_add(n[i], vf_load(of->numbers + newest + i * VL));
            const struct moments end = load_moments(of->years + 2 * oldest + i * VL);
            results[i] = deviations(add_moments(end, beginning[i]), n[i], &rules, doubtful + i);
        }
        put_lanes(job, place_of(batch, of->slot, target), of->first, of->cells, results, n);
        for (size_t i = 0; i < VECTORS && missing; i++)
            n[i] = vf_sub(n[i], vf_load(of->numbers + oldest + i * VL));
    }
    float lanes[LANES];
    for (size_t i = 0; i < VECTORS; i++)
        vf_store(lanes + i * VL, doubtful[i]);
    for (size_t i = 0; i < of->cells; i++)
        if (lanes[i] != 0)
            settle_doubts(of, i);
}

static void deviations_of_lanes(const struct window_batch *batch, size_t slot, size_t first,
                                size_t cells, const float *block)
{
    const struct deviation_lanes lanes = {.batch = batch,
                                          .slot = slot,
                                          .first = first,
                                          .cells = cells,
                                          .block = block,
                                          .years = (double *)(void *)batch->spare,
                                          .numbers = batch->spare + 4 * batch->years * LANES};
    if (has_gaps(block, batch->job->pool * batch->years))
        deviations_of_targets(&lanes, true);
    else
        deviations_of_targets(&lanes, false);
}

#endif
