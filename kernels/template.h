/*
 * The kernels, written once. The file of an ISA defines the vocabulary below, then includes this
 * file, which turns into static functions and the table of that ISA. Nothing here knows an ISA, a
 * file format or a thread. README.md says how to add a vocabulary.
 *
 *   CN_TABLE, CN_ISA     the table to define, and its name
 *   VL                   floats in a vector; divides 16
 *   vf vd vu vm          VL floats; VL/2 doubles; VL uint32_t; VL truth values
 *   vf_load vf_store     VL floats, any alignment          vf_set vd_set vu_set  a value everywhere
 *   vf_add vf_sub        float arithmetic                  vd_add vd_sub vd_mul vd_div  of doubles
 *   vd_load              VL/2 doubles, any alignment
 *   vd_low vd_high       the first, last floats as doubles vf_narrow             back, rounded
 *   vd_if_equal vd_if_less (a, b, x, y): x where a == b; where a < b; else y
 *   vf_le vf_ne          a <= b; a != b or unordered       vm_and  vf_if(m, a, b): m ? a : b
 *   vu_bits vu_store     bits of floats; to memory         vu_add vu_min vu_max  unsigned
 *   BL                   a multiple of VL: elements that the next two take at once
 *   bytes_join(out, p)   out[i] = the float whose byte k, lowest first, is p[k][i]
 *   bytes_split(p, in)   the inverse
 */
#include "kernels.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

enum {
    LANES = 16, /* cells that go through the rows together: a cache line of floats */
    VECTORS = LANES / VL,
    MAX_ROWS = 1024, /* of one batch */
    BLOCK_FLOATS = MAX_ROWS * LANES,
};

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Copies cells first … first + cells of all rows to block[cells / LANES][rows][LANES], filled up
 * with zeros; a row that is not there is one of NaNs. The rows lie far apart, and more of them than
 * a CPU can follow, so they are copied in long pieces, and those of the next block are called for:
 * they come while this one is computed. */
static void gather(float *block, const struct cn_window_job *job, size_t first, size_t cells)
{
    static const float missing[LANES] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
                                         NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    const size_t rows = job->window + job->targets - 1, left = job->cells - first - cells;
    for (size_t row = 0; row < rows; row++) {
        for (size_t cell = 0; cell < cells; cell += LANES) {
            float *to = block + cell * rows + row * LANES;
            const float *from = job->rows[row] ? job->rows[row] + first + cell : missing;
            if (cells - cell < LANES) {
                memset(to, 0, LANES * sizeof *to);
                memcpy(to, from, (cells - cell) * sizeof *to);
                continue;
            }
            memcpy(to, from, LANES * sizeof *to);
            if (cell < left && job->rows[row])
                __builtin_prefetch(from + cells, 0, 2);
        }
    }
}

/* What LANES cells hold; decides how they may be summed. */
struct spread {
    bool numbers;               /* any */
    bool missing;               /* any */
    unsigned exponent[LANES];   /* of each cell: all magnitudes are below A = 2^(exponent - 126), */
    unsigned bits[LANES];       /* and multiples of u = 2^-bits A, which is a power of 2 */
    unsigned widest, narrowest; /* of these bits */
};

/* Bits without the sign order magnitudes as unsigned integers, NaNs last; doubling drops the sign.
 * Adding 0xffffff then makes NaNs, and only them, wrap around to less than 0xffffff; subtracting 1
 * makes zero wrap around to the top. */
static struct spread measure_spread(const float *block, size_t rows)
{
    vu all[VECTORS], top[VECTORS], bottom[VECTORS];
    for (size_t i = 0; i < VECTORS; i++) {
        all[i] = top[i] = vu_set(0);
        bottom[i] = vu_set(UINT32_MAX);
    }
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < VECTORS; i++) {
            vu bits = vu_bits(vf_load(block + row * LANES + i * VL));
            bits = vu_add(bits, bits);
            all[i] = vu_max(all[i], bits);
            top[i] = vu_max(top[i], vu_add(bits, vu_set(0xffffff)));
            bottom[i] = vu_min(bottom[i], vu_add(bits, vu_set(UINT32_MAX)));
        }
    }
    uint32_t greatest[LANES], high[LANES], low[LANES];
    for (size_t i = 0; i < VECTORS; i++) {
        vu_store(greatest + i * VL, all[i]);
        vu_store(high + i * VL, top[i]);
        vu_store(low + i * VL, bottom[i]);
    }
    struct spread spread = {.narrowest = UINT_MAX};
    for (size_t i = 0; i < LANES; i++) {
        spread.missing |= greatest[i] > 0xff000000;
        spread.numbers |= high[i] >= 0xffffff;
        /* Biased exponents. Subnormals, with 0 for their exponent, have the last digit of those
         * with 1: taking it for half as much is safe. No number is as good as zero. */
        const uint32_t most = high[i] < 0xffffff ? 0 : (high[i] - 0xffffff) >> 24;
        const uint32_t least = (low[i] + 1) >> 24;
        const unsigned bits = 24 + (most > least ? most - least : 0);
        spread.exponent[i] = most;
        spread.bits[i] = bits;
        spread.widest = bits > spread.widest ? bits : spread.widest;
        spread.narrowest = bits < spread.narrowest ? bits : spread.narrowest;
    }
    return spread;
}

/* How many bits of spread the methods of summing take. */
struct limits {
    unsigned window;     /* log2 of the window, rounded up */
    unsigned one;        /* bits for one double */
    unsigned pair;       /* for two */
    unsigned extra_bits; /* for each further one */
};

/* Where the first of several doubles that a cell is summed in starts, see means_of_lanes. */
static inline double start_of(unsigned exponent, const struct limits *limits)
{
    const uint64_t bits = (uint64_t)(1023 - 124 + exponent + limits->window) << 52 | 1ULL << 51;
    double start;
    memcpy(&start, &bits, sizeof start);
    return start;
}

#include "expansion.h"

/* The sums of windows of LANES cells that move along the rows: s - start + e, of n values. */
struct sums {
    vd s[2 * VECTORS], e[2 * VECTORS];
    vf n[VECTORS];
};

/* How a block is computed; constants where these are used, so that each method is a loop of its
 * own without the rest. */
struct method {
    bool pairs;   /* sums are pairs of doubles, else one double; then start is 0 */
    bool missing; /* some values are NaN, else n is the window */
};

/* s + e += x, with nothing lost. */
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

/* The means of the window where it is now, of `cells` of the LANES cells. */
static ALWAYS_INLINE void put_means(float *means, size_t cells, const struct sums *sums,
                                    const double start[LANES], struct method method)
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
            mean = vf_if(vf_le(vf_set(1), n), mean, vf_set(NAN));
        vf_store(to + i * VL, mean);
    }
    if (cells < LANES)
        memcpy(means, lanes, cells * sizeof *means);
}

static void put_counts(int16_t *counts, size_t cells, const struct sums *sums)
{
    float lanes[LANES];
    for (size_t i = 0; i < VECTORS; i++)
        vf_store(lanes + i * VL, sums->n[i]);
    for (size_t i = 0; i < cells; i++)
        counts[i] = (int16_t)lanes[i];
}

/* Cells first … first + cells, at most LANES, gathered in block[rows][LANES]. */
static ALWAYS_INLINE void slide(const struct cn_window_job *job, size_t first, size_t cells,
                                const float *block, const double start[LANES], struct method method)
{
    struct sums sums;
    for (size_t i = 0; i < VECTORS; i++) {
        sums.s[2 * i] = method.pairs ? vd_load(start + i * VL) : vd_set(0);
        sums.s[2 * i + 1] = method.pairs ? vd_load(start + i * VL + VL / 2) : vd_set(0);
        sums.e[2 * i] = sums.e[2 * i + 1] = vd_set(0);
        sums.n[i] = vf_set(method.missing ? 0 : (float)job->window);
    }
    for (size_t row = 0; row < job->window - 1; row++)
        move(&sums, block + row * LANES, true, method);
    for (size_t target = 0; target < job->targets; target++) {
        if (target)
            move(&sums, block + (target - 1) * LANES, false, method);
        move(&sums, block + (target + job->window - 1) * LANES, true, method);
        if (job->means[target])
            put_means(job->means[target] + first, cells, &sums, start, method);
        if (job->counts && job->counts[target])
            put_counts(job->counts[target] + first, cells, &sums);
    }
}

static void put_missing(const struct cn_window_job *job, size_t first, size_t cells)
{
    for (size_t target = 0; target < job->targets; target++) {
        for (size_t cell = first; job->means[target] && cell < first + cells; cell++)
            job->means[target][cell] = NAN;
        if (job->counts && job->counts[target])
            memset(job->counts[target] + first, 0, cells * sizeof(int16_t));
    }
}

/* Cells first … first + cells, at most LANES, by the cheapest method that is exact. For each cell
 * let u and A = 2^bits * u be as in struct spread. A multiple of u of at most 2^53 u is a double,
 * so an operation on doubles whose exact result is such a multiple is exact.
 *
 * One double: the oldest value leaves before the newest enters, so a partial sum has at most
 * `window` terms. It is exact if window * A <= 2^53 u.
 *
 * Pairs: s starts at 1.5 * 2^52 g, with g = 2^-50 * window * A (window as a power of 2, rounded
 * up), and stays between 2^52 g and 2^53 g, see below. There doubles are the multiples of g. So s
 * takes of each x the nearest one, which is sum - s exactly, and e what is left, at most g / 2 and
 * a multiple of u: (s - start) + e is the exact sum S as long as the additions to e are exact, and
 * their sum as doubles is S rounded once. In k moves, of which there are less than 2 * rows,
 * |e| <= k g / 2: exact if rows * g <= 2^53 u. And |s - start| = |S - e| <= 2^50 g + rows * g
 * < 2^51 g, as it must. (If g < u, then e is 0.)
 *
 * Cells with more spread wait for others of their kind, to be computed in more doubles. */
static void means_of_lanes(const struct cn_window_job *job, size_t first, size_t cells,
                           const float *block, struct expansion *expansion)
{
    const struct limits *limits = &expansion->limits;
    const struct spread spread = measure_spread(block, job->window + job->targets - 1);
    if (!spread.numbers) {
        put_missing(job, first, cells);
        return;
    }
    const bool pairs = spread.widest > limits->one;
    double start[LANES];
    for (size_t i = 0; pairs && i < LANES; i++)
        start[i] = start_of(spread.exponent[i], limits);
    if (!pairs && !spread.missing)
        slide(job, first, cells, block, start, (struct method){.pairs = false});
    else if (!pairs)
        slide(job, first, cells, block, start, (struct method){.missing = true});
    else if (spread.narrowest <= limits->pair && !spread.missing)
        slide(job, first, cells, block, start, (struct method){.pairs = true});
    else if (spread.narrowest <= limits->pair)
        slide(job, first, cells, block, start, (struct method){.pairs = true, .missing = true});
    for (size_t i = 0; spread.widest > limits->pair && i < cells; i++)
        if (spread.bits[i] > limits->pair)
            expansion_add(expansion, job, first + i, block + i, spread.exponent[i], spread.bits[i]);
}

static unsigned log2_above(size_t n) /* the least k with n <= 2^k */
{
    return n < 2 ? 0 : 64 - (unsigned)__builtin_clzll(n - 1);
}

static void means_of_batch(const struct cn_window_job *job)
{
    /* 64 KiB, and as much in `wide`; fits L2, and the stack of any thread. */
    _Alignas(64) float block[BLOCK_FLOATS];
    struct expansion expansion;
    const size_t rows = job->window + job->targets - 1;
    const size_t width = BLOCK_FLOATS / (rows * LANES) * LANES;
    const unsigned log_window = log2_above(job->window), log_rows = log2_above(rows);
    expansion.count = 0;
    expansion.limits = (struct limits){.window = log_window,
                                       .one = 53 - log_window,
                                       .pair = 103 - log_window - log_rows,
                                       .extra_bits = 50 - log_rows};
    for (size_t first = 0; first < job->cells; first += width) {
        const size_t cells = least(job->cells - first, width);
        gather(block, job, first, cells);
        for (size_t cell = 0; cell < cells; cell += LANES)
            means_of_lanes(job, first + cell, least(cells - cell, LANES), block + cell * rows,
                           &expansion);
    }
    if (expansion.count)
        expansion_flush(&expansion, job);
}

static void window_means(const struct cn_window_job *job)
{
    struct cn_window_job batch = *job;
    for (size_t left = job->targets; left; left -= batch.targets) {
        const size_t target = job->targets - left;
        batch.rows = job->rows + target;
        batch.targets = least(left, MAX_ROWS + 1 - job->window);
        batch.means = job->means + target;
        batch.counts = job->counts ? job->counts + target : NULL;
        means_of_batch(&batch);
    }
}

/* In the byte and mask kernels the last values, fewer than a vector, go through buffers of one. */

static void unshuffle_f32(float *out, const uint8_t *block, size_t elements, size_t first,
                          size_t count)
{
    uint8_t last_bytes[4][BL] = {0};
    float last[BL];
    for (size_t i = 0; i < count; i += BL) {
        const size_t some = least(count - i, BL);
        const uint8_t *bytes[4];
        for (size_t k = 0; k < 4; k++) {
            bytes[k] = block + k * elements + first + i;
            if (some < BL)
                bytes[k] = memcpy(last_bytes[k], bytes[k], some);
        }
        bytes_join(some < BL ? last : out + i, bytes);
        if (some < BL)
            memcpy(out + i, last, some * sizeof *last);
    }
}

static void shuffle_f32(uint8_t *out, const float *values, size_t count, float fill)
{
    uint8_t last_bytes[4][BL];
    float last[BL] = {0}, filled[BL];
    for (size_t i = 0; i < count; i += BL) {
        const size_t some = least(count - i, BL);
        const float *from = some < BL ? memcpy(last, values + i, some * sizeof *last) : values + i;
        for (size_t k = 0; k < BL; k += VL) {
            const vf x = vf_load(from + k);
            vf_store(filled + k, vf_if(vf_le(x, x), x, vf_set(fill)));
        }
        uint8_t *bytes[4];
        for (size_t k = 0; k < 4; k++)
            bytes[k] = some < BL ? last_bytes[k] : out + k * count + i;
        bytes_split(bytes, filled);
        for (size_t k = 0; some < BL && k < 4; k++)
            memcpy(out + k * count + i, last_bytes[k], some);
    }
}

static void mask_f32(float *values, size_t count, const struct cn_float_missing *missing)
{
    /* Infinities are outside any bounds; a NaN is no bound. */
    const vf min = vf_set(missing->min > -FLT_MAX ? missing->min : -FLT_MAX);
    const vf max = vf_set(missing->max < FLT_MAX ? missing->max : FLT_MAX);
    float last[VL] = {0};
    for (size_t i = 0; i < count; i += VL) {
        const size_t some = least(count - i, VL);
        float *at = some < VL ? memcpy(last, values + i, some * sizeof *last) : values + i;
        const vf x = vf_load(at);
        vm good = vm_and(vf_le(min, x), vf_le(x, max));
        for (size_t k = 0; k < missing->count; k++)
            good = vm_and(good, vf_ne(x, vf_set(missing->values[k])));
        vf_store(at, vf_if(good, x, vf_set(NAN)));
        if (some < VL)
            memcpy(values + i, last, some * sizeof *last);
    }
}

#include "values.h"

const struct cn_kernels CN_TABLE = {
    .isa = CN_ISA,
    .window_means = window_means,
    .unshuffle_f32 = unshuffle_f32,
    .mask_f32 = mask_f32,
    .take_values = take_values,
    .unpack_f64 = unpack_f64,
    .narrow_f32 = narrow_f32,
    .fletcher32 = fletcher32,
    .shuffle_f32 = shuffle_f32,
};
