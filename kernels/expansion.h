/*
 * Sums of cells whose values spread too widely for a pair of doubles. A chain of up to nine
 * doubles holds any floats. Such cells are collected until they fill LANES.
 */
#ifndef CLIMNORM_KERNELS_EXPANSION_H
#define CLIMNORM_KERNELS_EXPANSION_H

#include "lanes.h"

/* A chain of doubles holds a sum as a pair does (mean.h explains the pair, u and g). Each double
 * takes from what the one before left the nearest multiple of its own g. The last takes the rest, a
 * multiple of u.
 *
 * Let R be as there, g[0] the g of a pair, g[p] = 2^-50 R g[p - 1].
 * In less than 2 R moves of at most g[p - 1] / 2, the sum of what s[p] is given stays within
 * R g[p - 1] = 2^50 g[p]. What it passes on sums to at most R g[p]. So s[p] stays in the range
 * where doubles are the multiples of g[p]. All is exact if R g[parts - 2] <= 2^53 u.
 *
 * So each further double holds 50 - log2 R more bits, at least 34. Floats spread over at most 278
 * bits, and a pair holds at least 71: nine doubles are enough. (Without pools: 40, 83, seven.) */
enum { PARTS = 9 };

/* Cells that were collected. */
struct expansion {
    const struct window_batch *batch;
    struct limits limits;
    size_t count;
    size_t parts;       /* doubles that the widest of them needs */
    size_t place;       /* of their first results in the job: all are of one slot */
    size_t cell[LANES]; /* their positions in it */
    double start[PARTS][LANES];
    float *block; /* [pool][years][LANES], in scratch */
};

/* The sums of the window of VL cells: s[0] - start[0] + s[1] - start[1] …, of n values. */
struct expansion_sums {
    vd s[PARTS][2];
    vf n;
};

/* Values enter the window, or leave it. */
static ALWAYS_INLINE void expansion_move(struct expansion_sums *sums, const float *values,
                                         bool enter, size_t parts)
{
    vf x = vf_load(values);
    const vm number = vf_le(x, x);
    x = vf_if(number, x, vf_set(0));
    const vf one = vf_if(number, vf_set(1), vf_set(0));
    sums->n = enter ? vf_add(sums->n, one) : vf_sub(sums->n, one);
    if (!enter)
        x = vf_sub(vf_set(0), x);
    vd left[] = {vd_low(x), vd_high(x)};
    for (size_t half = 0; half < 2; half++) {
        for (size_t p = 0; p + 1 < parts; p++) {
            const vd sum = vd_add(sums->s[p][half], left[half]);
            left[half] = vd_sub(left[half], vd_sub(sum, sums->s[p][half]));
            sums->s[p][half] = sum;
        }
        sums->s[parts - 1][half] = vd_add(sums->s[parts - 1][half], left[half]);
    }
}

/* *a becomes *a + *b rounded, *b what rounding lost (Dekker's sum). Exact if |*b| is less than
 * |*a|, or if *a is a multiple of the last digit of *b. */
static ALWAYS_INLINE void two_sum(vd *a, vd *b)
{
    const vd sum = vd_add(*a, *b);
    *b = vd_sub(*b, vd_sub(sum, *a));
    *a = sum;
}

/* The sums of VL/2 cells, each rounded once to double. start: of the first of these cells.
 *
 * digit[p] is a multiple of g[p]; for the last one, which is a multiple of u, we call u g[p]. For
 * p > 0 it is at most 2 R g[p - 1]. Carrying makes it at most g[p - 1] / 2 for p > 2. All digits
 * after digit[p] then add up to less than 0.51 g[p], for p >= 2.
 *
 * Invariant: sum + rest + lost + (digits to come) is the exact sum S, and sum is sum + rest
 * rounded.
 *
 * two_sum is exact: `sum` and `rest` are multiples of g[p - 1] when digit[p] comes, and the last
 * digit of digit[p] is at most 2^-52 * 2 R g[p - 1]. digit[p] makes `rest`, unless that is 0, at
 * most 2^12 times larger, and `rest` was at most 2^-53 of `sum`. If `rest` was 0, it is now
 * digit[p] alone.
 *
 * Nothing is lost until `rest` needs more than 53 bits, at some p. Let q be its last digit then,
 * q >= 2 g[p]. What is lost is at least g[p] and at most q / 2. What follows is less than
 * 0.51 g[p] <= 0.26 q. So it cannot change the sign of `lost`, and all of it together is less than
 * q. Points halfway between two doubles near `sum` are multiples of q, as `rest` was. So S lies on
 * the same side of them as sum + rest, which rounds to `sum`.
 *
 * One case remains: sum + rest is itself such a point. Then the other double next to it, sum + 2
 * rest, is the result if `lost` leans that way. (At no other point is sum + 2 rest a double, except
 * for rest = 0.) Later digits neither leave nor reach such a point: digit[p] is then less than half
 * of `rest`, being at most 2 R g[p - 1] <= 2^51 g[p]. So `sum` moves by one double at most, and a
 * `rest` halfway is the power of 2 that it was before; at most q / 4 more leaves it as it is. */
static ALWAYS_INLINE vd expansion_round(const struct expansion_sums *sums, size_t half,
                                        const double (*start)[LANES], size_t parts)
{
    vd digit[PARTS];
    for (size_t p = 0; p < PARTS; p++)
        digit[p] = p < parts ? vd_sub(sums->s[p][half], vd_load(start[p])) : vd_set(0);
    for (size_t p = parts - 1; p > 2; p--) {
        const vd base = vd_load(start[p - 1]), carry = vd_sub(vd_add(base, digit[p]), base);
        digit[p] = vd_sub(digit[p], carry);
        digit[p - 1] = vd_add(digit[p - 1], carry);
    }
    vd sum = digit[0], rest = digit[1], lost = vd_set(0);
    two_sum(&sum, &rest);
    for (size_t p = 2; p < parts; p++) {
        two_sum(&rest, &digit[p]);
        lost = vd_add(lost, digit[p]);
        two_sum(&sum, &rest);
    }
    const vd twice = vd_add(rest, rest), other = vd_add(sum, twice);
    const vd next = vd_if_equal(vd_sub(other, sum), twice, other, sum);
    return vd_if_less(vd_set(0), vd_mul(rest, lost), next, sum);
}

/* Writes the means of VL collected cells, some of which may be unused, and their counts. */
static ALWAYS_INLINE void expansion_put(const struct expansion *expansion, size_t target,
                                        size_t first, const struct expansion_sums *sums,
                                        size_t parts)
{
    const struct cn_window_job *job = expansion->batch->job;
    const double(*low)[LANES] = (const double(*)[LANES])(expansion->start[0] + first);
    const double(*high)[LANES] = (const double(*)[LANES])(expansion->start[0] + first + VL / 2);
    const vd a = expansion_round(sums, 0, low, parts), b = expansion_round(sums, 1, high, parts);
    const vf n = sums->n, mean = vf_narrow(vd_div(a, vd_low(n)), vd_div(b, vd_high(n)));
    const vm enough = vf_le(vf_set((float)job->min_values), n);
    float lanes[VL], numbers[VL];
    vf_store(lanes, vf_if(enough, mean, vf_set(NAN)));
    vf_store(numbers, n);
    const size_t place = expansion->place + target, used = least(VL, expansion->count - first);
    float *means = job->results[place];
    for (size_t i = 0; means && i < used; i++)
        means[expansion->cell[first + i]] = lanes[i];
    uint16_t *counts = job->counts ? job->counts[place] : NULL;
    for (size_t i = 0; counts && i < used; i++)
        counts[expansion->cell[first + i]] = (uint16_t)numbers[i];
}

/* A year of VL collected cells enters the window, or leaves it. */
static ALWAYS_INLINE void expansion_move_year(struct expansion_sums *sums,
                                              const struct expansion *expansion, size_t first,
                                              size_t year, bool enter, size_t parts, size_t pool)
{
    const size_t years = expansion->batch->years;
    for (size_t day = 0; day < pool; day++)
        expansion_move(sums, expansion->block + first + (day * years + year) * LANES, enter, parts);
}

static ALWAYS_INLINE void expansion_slide(const struct expansion *expansion, size_t first,
                                          size_t parts, size_t pool)
{
    const size_t window = expansion->batch->job->window;
    struct expansion_sums sums = {.n = vf_set(0)};
    for (size_t p = 0; p < parts; p++) {
        sums.s[p][0] = vd_load(expansion->start[p] + first);
        sums.s[p][1] = vd_load(expansion->start[p] + first + VL / 2);
    }
    for (size_t year = 0; year < window - 1; year++)
        expansion_move_year(&sums, expansion, first, year, true, parts, pool);
    for (size_t target = 0; target < expansion->batch->targets; target++) {
        if (target)
            expansion_move_year(&sums, expansion, first, target - 1, false, parts, pool);
        expansion_move_year(&sums, expansion, first, target + window - 1, true, parts, pool);
        expansion_put(expansion, target, first, &sums, parts);
    }
}

/* Computes the collected cells and empties the collection. */
static void expansion_flush(struct expansion *expansion)
{
    memset(expansion->start[expansion->parts - 1], 0, sizeof *expansion->start);
    for (size_t first = 0; first < expansion->count; first += VL) {
        const size_t pool = expansion->batch->job->pool;
        if (pool == 1 && expansion->parts == 3) /* nearly all cells: a loop of its own is faster */
            expansion_slide(expansion, first, 3, 1);
        else if (pool == 1)
            expansion_slide(expansion, first, expansion->parts, 1);
        else
            expansion_slide(expansion, first, expansion->parts, pool);
    }
    expansion->count = 0;
}

/* Collects a cell, whose values are column[row * LANES]. exponent, bits: see struct spread. */
static void expansion_add(struct expansion *expansion, size_t slot, size_t cell,
                          const float *column, unsigned exponent, unsigned bits)
{
    const size_t rows = expansion->batch->job->pool * expansion->batch->years;
    const size_t place = place_of(expansion->batch, slot, 0);
    if (expansion->count && expansion->place != place)
        expansion_flush(expansion);
    const size_t i = expansion->count++;
    if (!i) {
        memset(expansion->block, 0, rows * LANES * sizeof *expansion->block);
        memset(expansion->start, 0, sizeof expansion->start);
        expansion->parts = 0;
    }
    expansion->place = place;
    expansion->cell[i] = cell;
    for (size_t row = 0; row < rows; row++)
        expansion->block[row * LANES + i] = column[row * LANES];
    for (unsigned p = 0; p < PARTS; p++)
        expansion->start[p][i] =
            start_of(exponent - p * expansion->limits.extra_bits, &expansion->limits);
    const size_t parts = 3 + (bits - expansion->limits.pair - 1) / expansion->limits.extra_bits;
    expansion->parts = parts > expansion->parts ? parts : expansion->parts;
    if (expansion->count == LANES)
        expansion_flush(expansion);
}

#endif
