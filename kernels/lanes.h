/*
 * What every statistic over the years of a window needs: the values of a batch, cut into blocks of
 * LANES cells, and the spread of the values in a block. A block is copied once to scratch, where
 * the statistic may read it several times.
 */
#ifndef CLIMNORM_KERNELS_LANES_H
#define CLIMNORM_KERNELS_LANES_H

#include "words.h"

enum { VECTORS = LANES / VL };

/* Copies cells first … first + cells of all rows to block[cells / LANES][days][years][LANES].
 * Unused lanes are filled with zeros, a row that is NULL with NaN. The rows are far apart, and more
 * than a CPU's prefetcher can follow. So each is copied in one long part, and the same part of the
 * next block is prefetched: it arrives while this block is computed. */
static void gather(float *block, const struct window_batch *batch, size_t first, size_t cells)
{
    static const float missing[LANES] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
                                         NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    const size_t rows = batch->days * batch->years, left = batch->job->cells - first - cells;
    const size_t years = batch->years, days = batch->days;
    for (size_t row = 0, day = 0; day < days; day++) {
        const float *const *year_rows = rows_of(batch, day);
        for (size_t year = 0; year < years; year++, row++) {
            const float *values = year_rows[year];
            for (size_t cell = 0; cell < cells; cell += LANES) {
                float *to = block + cell * rows + row * LANES;
                const float *from = values ? values + first + cell : missing;
                if (cells - cell < LANES) {
                    memset(to, 0, LANES * sizeof *to);
                    memcpy(to, from, (cells - cell) * sizeof *to);
                    continue;
                }
                memcpy(to, from, LANES * sizeof *to);
                if (cell < left && values)
                    __builtin_prefetch(from + cells, 0, 2);
            }
        }
    }
}

static void put_counts(uint16_t *counts, size_t cells, const vf n[VECTORS])
{
    float lanes[LANES];
    for (size_t i = 0; i < VECTORS; i++)
        vf_store(lanes + i * VL, n[i]);
    for (size_t i = 0; i < cells; i++)
        counts[i] = (uint16_t)lanes[i];
}

/* Writes the first `cells` floats of vectors, at most VECTORS. */
static ALWAYS_INLINE void put_vectors(float *to, size_t cells, const vf *values, size_t vectors)
{
    float lanes[LANES];
    for (size_t i = 0; i < vectors && cells == vectors * VL; i++)
        vf_store(to + i * VL, values[i]);
    if (cells == vectors * VL)
        return;
    for (size_t i = 0; i < vectors; i++)
        vf_store(lanes + i * VL, values[i]);
    memcpy(to, lanes, cells * sizeof *lanes);
}

/* Writes results and sizes of samples of cells first … first + cells, at most LANES, to a place of
 * the job that may not be wanted. */
static ALWAYS_INLINE void put_lanes(const struct cn_window_job *job, size_t place, size_t first,
                                    size_t cells, const vf results[VECTORS], const vf n[VECTORS])
{
    if (job->results[place])
        put_vectors(job->results[place] + first, cells, results, VECTORS);
    if (job->counts && job->counts[place])
        put_counts(job->counts[place] + first, cells, n);
}

/* The range of the values of LANES cells. It decides how they may be summed. */
struct spread {
    bool numbers;               /* there are values */
    bool missing;               /* there are missing values */
    unsigned exponent[LANES];   /* of each cell: all magnitudes are below A = 2^(exponent - 126) */
    unsigned bits[LANES];       /* and multiples of u = 2^-bits A, which is a power of 2 */
    unsigned widest, narrowest; /* of these bits */
};

/* The bits of a float without its sign order magnitudes as unsigned integers do, NaN last. Doubling
 * the bits drops the sign. Adding 0xffffff then makes NaN, and nothing else, wrap around to less
 * than 0xffffff. Subtracting 1 makes zero wrap around to the top. */
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
        /* Biased exponents. The last digit of a subnormal is that of exponent 1, although its
         * exponent is 0. So the bits are one more than needed, which is safe. A cell without
         * numbers counts as zero. */
        const uint32_t most = high[i] < 0xffffff ? 0 : (high[i] - 0xffffff) >> 24;
        const uint32_t lowest = (low[i] + 1) >> 24;
        const unsigned bits = 24 + (most > lowest ? most - lowest : 0);
        spread.exponent[i] = most;
        spread.bits[i] = bits;
        spread.widest = bits > spread.widest ? bits : spread.widest;
        spread.narrowest = bits < spread.narrowest ? bits : spread.narrowest;
    }
    return spread;
}

/* How many bits of spread each way to sum can hold; mean.h and expansion.h prove them. */
struct limits {
    unsigned window;     /* log2 of a window's values, rounded up */
    unsigned one;        /* bits that one double holds */
    unsigned pair;       /* bits that two hold */
    unsigned extra_bits; /* bits that each further double adds */
};

static unsigned log2_above(size_t n) /* the least k with n <= 2^k */
{
    return n < 2 ? 0 : 64 - (unsigned)__builtin_clzll(n - 1);
}

/* Of windows of so many values that move along so many. */
static inline struct limits limits_of(size_t window_values, size_t row_values)
{
    const unsigned window = log2_above(window_values), rows = log2_above(row_values);
    return (struct limits){
        .window = window, .one = 53 - window, .pair = 103 - window - rows, .extra_bits = 50 - rows};
}

/* 1.5 * 2^52 g, where the first of several doubles starts; mean.h says what g is. */
static inline double start_of(unsigned exponent, const struct limits *limits)
{
    const uint64_t bits = (uint64_t)(1023 - 124 + exponent + limits->window) << 52 | 1ULL << 51;
    double start;
    memcpy(&start, &bits, sizeof start);
    return start;
}

#endif
