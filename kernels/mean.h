/*
 * Means of the values in a window that moves along the years. Each mean comes from the exact sum of
 * its values, so that it has the same bits in every batch and tile and with every ISA.
 */
#ifndef CLIMNORM_KERNELS_MEAN_H
#define CLIMNORM_KERNELS_MEAN_H

#include "expansion.h"
#include "samples.h"

/* The sums of the window of LANES cells: s - start + e, of n values. */
struct sums {
    vd s[2 * VECTORS], e[2 * VECTORS];
    vf n[VECTORS];
};

/* How a block is summed. Callers pass constants, so each method is compiled to a loop of its own.
 */
struct method {
    bool pairs;   /* sums are pairs of doubles, else one double; then start is 0 */
    bool missing; /* some values are NaN, else n is the window */
    bool pools;   /* a sample has several days in a year */
};

/* s + e grows by x, exactly. */
static inline void add_pair(vd *s, vd *e, vd x)
{
    const vd sum = vd_add(*s, x);
    *e = vd_add(*e, vd_sub(x, vd_sub(sum, *s)));
    *s = sum;
}

/* Values enter the window, or leave it. */
static ALWAYS_INLINE void move(struct sums *sums, const float *values, bool enter,
                               struct method method)
{
    for (size_t i = 0; i < VECTORS; i++) {
        vf x = vf_load(values + i * VL);
        if (method.missing) {
            const vm number = vf_le(x, x);
            x = vf_if(number, x, vf_set(0));
            const vf one = vf_if(number, vf_set(1), vf_set(0));
            sums->n[i] = enter ? vf_add(sums->n[i], one) : vf_sub(sums->n[i], one);
        }
        if (!enter)
            x = vf_sub(vf_set(0), x);
        vd *s = sums->s + 2 * i, *e = sums->e + 2 * i;
        if (method.pairs) {
            add_pair(s, e, vd_low(x));
            add_pair(s + 1, e + 1, vd_high(x));
        } else {
            s[0] = vd_add(s[0], vd_low(x));
            s[1] = vd_add(s[1], vd_high(x));
        }
    }
}

/* Writes the means of the window of the first `cells` of LANES cells; NaN for less than `enough`
 * values. */
static ALWAYS_INLINE void put_means(float *means, size_t cells, const struct sums *sums,
                                    float enough, const double start[LANES], struct method method)
{
    float lanes[LANES], *to = cells < LANES ? lanes : means;
    for (size_t i = 0; i < VECTORS; i++) {
        vd low = sums->s[2 * i], high = sums->s[2 * i + 1];
        if (method.pairs) {
            low = vd_add(vd_sub(low, vd_load(start + i * VL)), sums->e[2 * i]);
            high = vd_add(vd_sub(high, vd_load(start + i * VL + VL / 2)), sums->e[2 * i + 1]);
        }
        const vf n = sums->n[i];
        vf mean = vf_narrow(vd_div(low, vd_low(n)), vd_div(high, vd_high(n)));
        if (method.missing)
            mean = vf_if(vf_le(vf_set(enough), n), mean, vf_set(NAN));
        vf_store(to + i * VL, mean);
    }
    if (cells < LANES)
        memcpy(means, lanes, cells * sizeof *means);
}

/* A year of a sample enters the window, or leaves it. */
static ALWAYS_INLINE void move_year(struct sums *sums, const struct window_batch *batch,
                                    const float *block, size_t year, bool enter,
                                    struct method method)
{
    for (size_t day = 0; day < (method.pools ? batch->job->pool : 1); day++)
        move(sums, block + (day * batch->years + year) * LANES, enter, method);
}

/* Moves the window along the years of cells first … first + cells, at most LANES, of one slot.
 * block[pool][years][LANES] has the values of its days. */
static ALWAYS_INLINE void slide(const struct window_batch *batch, size_t slot, size_t first,
                                size_t cells, const float *block, const double start[LANES],
                                struct method method)
{
    const struct cn_window_job *job = batch->job;
    const size_t window = job->window, targets = batch->targets, place = place_of(batch, slot, 0);
    float *const *results = job->results + place;
    uint16_t *const *counts = job->counts ? job->counts + place : NULL;
    const float enough = (float)job->min_values;
    struct sums sums;
    for (size_t i = 0; i < VECTORS; i++) {
        sums.s[2 * i] = method.pairs ? vd_load(start + i * VL) : vd_set(0);
        sums.s[2 * i + 1] = method.pairs ? vd_load(start + i * VL + VL / 2) : vd_set(0);
        sums.e[2 * i] = sums.e[2 * i + 1] = vd_set(0);
        sums.n[i] = vf_set(method.missing ? 0 : (float)(window * job->pool));
    }
    for (size_t year = 0; year < window - 1; year++)
        move_year(&sums, batch, block, year, true, method);
    for (size_t target = 0; target < targets; target++) {
        if (target)
            move_year(&sums, batch, block, target - 1, false, method);
        move_year(&sums, batch, block, target + window - 1, true, method);
        if (results[target])
            put_means(results[target] + first, cells, &sums, enough, start, method);
        if (counts && counts[target])
            put_counts(counts[target] + first, cells, sums.n);
    }
}

static void put_missing(const struct window_batch *batch, size_t slot, size_t first, size_t cells)
{
    const struct cn_window_job *job = batch->job;
    for (size_t target = 0; target < batch->targets; target++) {
        const size_t place = place_of(batch, slot, target);
        float *results = job->results[place];
        uint16_t *counts = job->counts ? job->counts[place] : NULL;
        for (size_t cell = first; results && cell < first + cells; cell++)
            results[cell] = NAN;
        if (counts)
            memset(counts + first, 0, cells * sizeof *counts);
    }
}

/* Computes cells first … first + cells, at most LANES, in the cheapest way that is exact. `spread`
 * is that of their values, or of more. For each cell let u and A = 2^bits * u be as in struct
 * spread. A multiple of u of at most 2^53 u is a double. So an operation on doubles is exact when
 * its exact result is such a multiple.
 *
 * Let W be the values of a window with all its days, R those of all years, each as a power of 2,
 * rounded up.
 *
 * One double: the oldest year leaves before the newest enters, so a partial sum has at most W
 * terms. It is exact if W A <= 2^53 u.
 *
 * Pairs: let g = 2^-50 W A. s starts at
 * 1.5 * 2^52 g and stays between 2^52 g and 2^53 g, as shown below. Doubles in that range are the
 * multiples of g. So s takes the multiple of g nearest to each x, which is sum - s exactly. e takes
 * the rest, which is a multiple of u and at most g / 2. As long as the additions to e are exact,
 * (s - start) + e is the exact sum S, and adding the two as doubles rounds S once.
 * There are k < 2 R moves, so |e| <= k g / 2. This is exact if R g <= 2^53 u.
 * And |s - start| = |S - e| <= 2^50 g + R g < 2^51 g, as claimed. (If g < u, then e is 0.)
 *
 * Cells with more spread are collected, and computed in more doubles: expansion.h. */
static void means_of_lanes(const struct window_batch *batch, size_t slot, size_t first,
                           size_t cells, const float *block, const struct spread *spread,
                           struct expansion *expansion)
{
    const struct limits *limits = &expansion->limits;
    if (!spread->numbers) {
        put_missing(batch, slot, first, cells);
        return;
    }
    const bool pools = batch->job->pool > 1, pairs = pools || spread->widest > limits->one;
    double start[LANES];
    for (size_t i = 0; pairs && i < LANES; i++)
        start[i] = start_of(spread->exponent[i], limits);
    if (pools && spread->narrowest <= limits->pair)
        slide(batch, slot, first, cells, block, start,
              (struct method){.pairs = true, .missing = true, .pools = true});
    else if (!pairs && !spread->missing)
        slide(batch, slot, first, cells, block, start, (struct method){.pairs = false});
    else if (!pairs)
        slide(batch, slot, first, cells, block, start, (struct method){.missing = true});
    else if (spread->narrowest <= limits->pair && !spread->missing)
        slide(batch, slot, first, cells, block, start, (struct method){.pairs = true});
    else if (spread->narrowest <= limits->pair)
        slide(batch, slot, first, cells, block, start,
              (struct method){.pairs = true, .missing = true});
    for (size_t i = 0; spread->widest > limits->pair && i < cells; i++)
        if (spread->bits[i] > limits->pair)
            expansion_add(expansion, slot, first + i, block + i, spread->exponent[i],
                          spread->bits[i]);
}

/* The sums of each slot's days in each year, to [slots][years][LANES]. One double must hold them.
 */
static ALWAYS_INLINE void sum_days_of_slots(const struct samples *of, double *sums, bool missing)
{
    const struct window_batch *batch = of->batch;
    const size_t pool = batch->job->pool, day = batch->years * LANES;
    for (size_t i = 0; i < day; i += VL) {
        vd low = vd_set(0), high = vd_set(0);
        for (size_t d = 0; d < batch->days; d++) {
            vf x = vf_load(of->block + d * day + i);
            x = missing ? vf_if(vf_le(x, x), x, vf_set(0)) : x;
            low = vd_add(low, vd_low(x));
            high = vd_add(high, vd_high(x));
            if (d + 1 < pool)
                continue;
            const size_t slot = d + 1 - pool;
            vd_store(sums + slot * day + i, low);
            vd_store(sums + slot * day + i + VL / 2, high);
            x = vf_load(of->block + slot * day + i);
            x = missing ? vf_if(vf_le(x, x), x, vf_set(0)) : x;
            low = vd_sub(low, vd_low(x));
            high = vd_sub(high, vd_high(x));
        }
    }
}

/* The sum of a year enters that of a window, or leaves it. */
static ALWAYS_INLINE void move_sum(struct sums *window, const double *sum, bool enter)
{
    for (size_t half = 0; half < 2 * VECTORS; half++) {
        const vd x = vd_load(sum + half * (VL / 2));
        window->s[half] = enter ? vd_add(window->s[half], x) : vd_sub(window->s[half], x);
    }
}

/* The means of a slot with such sums. They are exact as those of one double above: a sum of years
 * has no more terms than a window. */
static ALWAYS_INLINE void means_of_sums(const struct samples *of, size_t slot, const double *sums,
                                        bool missing)
{
    const struct window_batch *batch = of->batch;
    const struct cn_window_job *job = batch->job;
    struct sums window;
    begin_numbers(of, slot, window.n);
    for (size_t half = 0; half < 2 * VECTORS; half++)
        window.s[half] = vd_set(0);
    for (size_t year = 0; year + 1 < job->window; year++)
        move_sum(&window, sums + year * LANES, true);
    for (size_t target = 0; target < batch->targets; target++) {
        const size_t place = place_of(batch, slot, target), newest = target + job->window - 1;
        enter_numbers(of, slot, newest, window.n);
        move_sum(&window, sums + newest * LANES, true);
        if (job->results[place])
            put_means(job->results[place] + of->first, of->cells, &window, (float)job->min_values,
                      NULL, (struct method){.missing = missing});
        if (job->counts && job->counts[place])
            put_counts(job->counts[place] + of->first, of->cells, window.n);
        leave_numbers(of, slot, target, window.n);
        move_sum(&window, sums + target * LANES, false);
    }
}

static ALWAYS_INLINE void pooled_means(const struct samples *of, bool missing)
{
    double *sums = (double *)(void *)of->batch->spare;
    sum_days_of_slots(of, sums, missing);
    for (size_t slot = 0; slot < of->batch->slots; slot++)
        means_of_sums(of, slot, sums + slot * of->batch->years * LANES, missing);
}

/* With a pool, sums of days serve all slots, if one double can hold those of all samples. Else each
 * slot has its own spread: few share the slowest way. */
static void means_of_samples(const struct samples *of, struct expansion *expansion)
{
    const struct window_batch *batch = of->batch;
    const struct spread all = measure_spread(of->block, batch->days * batch->years);
    if (batch->job->pool == 1) {
        means_of_lanes(batch, 0, of->first, of->cells, of->block, &all, expansion);
    } else if (all.widest <= expansion->limits.one) {
        if (all.missing)
            pooled_means(of, true);
        else
            pooled_means(of, false);
    } else {
        for (size_t slot = 0; slot < batch->slots; slot++) {
            const float *block = of->block + slot * batch->years * LANES;
            const struct spread own = measure_spread(block, batch->job->pool * batch->years);
            means_of_lanes(batch, slot, of->first, of->cells, block, &own, expansion);
        }
    }
}

#endif
