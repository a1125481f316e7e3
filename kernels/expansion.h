/*
 * Sums of cells whose values spread too widely for a pair of doubles. A chain of up to seven
 * doubles holds any floats. Such cells are collected until they fill LANES.
 */
#ifndef CLIMNORM_KERNELS_EXPANSION_H
#define CLIMNORM_KERNELS_EXPANSION_H

#include "lanes.h"

/* A chain of doubles holds a sum as a pair does (mean.h explains the pair, u and g). Each double
 * takes from what the one before left the nearest multiple of its own g. The last takes the rest, a
 * multiple of u.
 *
 * Let R be the rows as a power of 2, rounded up, g[0] the g of a pair, g[p] = 2^-50 R g[p - 1].
 * In less than 2 R moves of at most g[p - 1] / 2, the sum of what s[p] is given stays within
 * R g[p - 1] = 2^50 g[p]. What it passes on sums to at most R g[p]. So s[p] stays in the range
 * where doubles are the multiples of g[p]. All is exact if R g[parts - 2] <= 2^53 u.
 *
 * So each further double holds 50 - log2 R more bits, at least 40. Floats spread over at most 278
 * bits, and a pair holds at least 83: seven doubles are enough. */
enum { PARTS = 7 };

/* Cells that were collected. */
struct expansion {
    struct limits limits;
    size_t count;
    size_t parts;       /* doubles that the widest of them needs */
    size_t cell[LANES]; /* their positions in the job */
    double start[PARTS][LANES];
    float block[BLOCK_FLOATS]; /* [rows][LANES] */
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

/* Writes the means of VL collected cells to their positions in the job; some may be unused. */
static ALWAYS_INLINE void expansion_means(float *means, const struct expansion *expansion,
                                          size_t first, const struct expansion_sums *sums,
                                          size_t parts)
{
    const double(*low)[LANES] = (const double(*)[LANES])(expansion->start[0] + first);
    const double(*high)[LANES] = (const double(*)[LANES])(expansion->start[0] + first + VL / 2);
    const vd a = expansion_round(sums, 0, low, parts), b = expansion_round(sums, 1, high, parts);
    const vf n = sums->n, mean = vf_narrow(vd_div(a, vd_low(n)), vd_div(b, vd_high(n)));
    float lanes[VL];
    vf_store(lanes, vf_if(vf_le(vf_set(1), n), mean, vf_set(NAN)));
    for (size_t i = 0; i < VL && first + i < expansion->count; i++)
        means[expansion->cell[first + i]] = lanes[i];
}

static void expansion_counts(int16_t *counts, const struct expansion *expansion, size_t first, vf n)
{
    float lanes[VL];
    vf_store(lanes, n);
    for (size_t i = 0; i < VL && first + i < expansion->count; i++)
        counts[expansion->cell[first + i]] = (int16_t)lanes[i];
}

static ALWAYS_INLINE void expansion_slide(const struct expansion *expansion,
                                          const struct cn_window_job *job, size_t first,
                                          size_t parts)
{
    struct expansion_sums sums = {.n = vf_set(0)};
    for (size_t p = 0; p < parts; p++) {
        sums.s[p][0] = vd_load(expansion->start[p] + first);
        sums.s[p][1] = vd_load(expansion->start[p] + first + VL / 2);
    }
    const float *block = expansion->block + first;
    for (size_t row = 0; row < job->window - 1; row++)
        expansion_move(&sums, block + row * LANES, true, parts);
    for (size_t target = 0; target < job->targets; target++) {
        if (target)
            expansion_move(&sums, block + (target - 1) * LANES, false, parts);
        expansion_move(&sums, block + (target + job->window - 1) * LANES, true, parts);
        if (job->means[target])
            expansion_means(job->means[target], expansion, first, &sums, parts);
        if (job->counts && job->counts[target])
            expansion_counts(job->counts[target], expansion, first, sums.n);
    }
}

/* Computes the collected cells and empties the collection. */
static void expansion_flush(struct expansion *expansion, const struct cn_window_job *job)
{
    memset(expansion->start[expansion->parts - 1], 0, sizeof *expansion->start);
    for (size_t first = 0; first < expansion->count; first += VL) {
        if (expansion->parts == 3) /* nearly all cells: a loop of its own is faster */
            expansion_slide(expansion, job, first, 3);
        else
            expansion_slide(expansion, job, first, expansion->parts);
    }
    expansion->count = 0;
}

/* Collects a cell, whose values are column[row * LANES]. exponent, bits: see struct spread. */
static void expansion_add(struct expansion *expansion, const struct cn_window_job *job, size_t cell,
                          const float *column, unsigned exponent, unsigned bits)
{
    const size_t rows = row_count(job), i = expansion->count++;
    if (!i) {
        memset(expansion->block, 0, rows * LANES * sizeof *expansion->block);
        memset(expansion->start, 0, sizeof expansion->start);
        expansion->parts = 0;
    }
    expansion->cell[i] = cell;
    for (size_t row = 0; row < rows; row++)
        expansion->block[row * LANES + i] = column[row * LANES];
    for (unsigned p = 0; p < PARTS; p++)
        expansion->start[p][i] =
            start_of(exponent - p * expansion->limits.extra_bits, &expansion->limits);
    const size_t parts = 3 + (bits - expansion->limits.pair - 1) / expansion->limits.extra_bits;
    expansion->parts = parts > expansion->parts ? parts : expansion->parts;
    if (expansion->count == LANES)
        expansion_flush(expansion, job);
}

#endif
