/*
 * The kernels: the few loops that touch every value. Portable C defines each. Each ISA has a form
 * of its own, with the same bits. README.md says how to add one.
 */
#ifndef CLIMNORM_KERNELS_H
#define CLIMNORM_KERNELS_H

#include "climnorm/error.h"
#include "climnorm/limits.h"
#include "climnorm/product.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cn_quantiles {
    enum cn_quantile_method method;
    size_t count;           /* >= 1 */
    const uint32_t *shares; /* [count], 1 … CN_WHOLE_SHARE - 1 */
};

/* One statistic over the years of windows, of one stretch of cells in consecutive day slots.
 *
 * The sample of slot s and target t is the values of days s … s + pool - 1 in years
 * t … t + window - 1. A result is NaN where its sample holds fewer than min_values values. Every
 * result depends on its sample alone: the same bits for every job, batch, tile and ISA. */
struct cn_window_job {
    enum cn_statistic statistic;
    /* [slots + pool - 1][window + targets - 1], the cells of each day of each year, oldest first,
     * at any alignment. NULL: left out. NaN: the value is missing. Values are never infinite. */
    const float *const *rows;
    size_t window;     /* 1 … CN_MAX_WINDOW years */
    size_t targets;    /* >= 1 */
    size_t slots;      /* >= 1 */
    size_t pool;       /* 1, odd, at most CN_MAX_POOL; slot s lies in the middle of its days */
    size_t min_values; /* 1 … window * pool */
    size_t cells;
    float *const *results;   /* [slots][targets][cells]; a NULL entry is not wanted */
    uint16_t *const *counts; /* NULL, or [slots][targets][cells] sizes of samples; NULL as above */
    const struct cn_quantiles *quantiles; /* of CN_QUANTILE */
    void *scratch;                        /* cn_window_scratch_bytes of the job, at any alignment */
};

/* One value of a group of days of one source year, such as a month, for each cell. */
struct cn_group_job {
    /* [days], the cells of each day in any order, at any alignment. NULL: the day is missing. NaN:
     * the value is missing. Values are never infinite. */
    const float *const *rows;
    size_t days;       /* 1 … CN_MAX_SLOTS */
    size_t min_values; /* 1 … days; the result is NaN where fewer days have a value */
    size_t cells;
    double threshold; /* finite; of counts, excesses and deficits */
    float *results;   /* [cells] */
};

/* A raw float32 is missing when it is NaN, infinite, outside [min, max], or one of `values`. */
struct cn_float_missing {
    float min, max; /* -FLT_MAX, FLT_MAX without a range */
    float values[CN_MAX_MISSING];
    size_t count;
};

/* Finite bounds of floats, or -FLT_MAX and FLT_MAX. */
struct cn_float_range {
    float min, max;
};

/* A block of values as a file holds them. */
struct cn_raw {
    const uint8_t *bytes;
    size_t elements; /* of the whole block */
    size_t width;    /* bytes of a value: 1, 2, 4 or 8 */
    bool shuffled;   /* by HDF5: all first bytes, then all second bytes, … */
    bool swapped;    /* big-endian */
};

enum cn_number {
    CN_INT8,
    CN_UINT8,
    CN_INT16,
    CN_UINT16,
    CN_INT32,
    CN_UINT32,
    CN_FLOAT32,
    CN_FLOAT64,
};

/* The rules that turn raw values into numbers. All arithmetic is in double. */
struct cn_unpacking {
    enum cn_number type;
    double raw_min, raw_max; /* finite */
    double missing[16];
    size_t missing_count;
    bool packed;
    double scale, offset;
    double min, max; /* of the number; -INFINITY, INFINITY: no limit */
};

struct cn_kernels {
    const char *isa; /* "portable", "avx2", "avx512", "neon" */

    /* Makes statistics of the same samples: reads their values once. The jobs differ in statistic,
     * min_values, results, counts and quantiles alone; no two have the same statistic.
     *
     * CN_MEAN: (float)((double)S / (double)n), where S is the exact sum of the n values, rounded
     * once to double. It is within 0.5 float32 ulp (+ 2^-28 ulp) of the exact mean.
     *
     * CN_STANDARD_DEVIATION, with n - 1: the exact real number, rounded once to float32, to nearest
     * and of two to even; NaN for fewer than two values; infinite where it is too large.
     *
     * CN_MINIMUM, CN_MAXIMUM: the smallest, the largest value. A zero is positive.
     *
     * CN_QUANTILE: results[quantiles->count][slots][targets]. A place h that the method gives is
     * k + w, with k whole and w in double, rounded once. A place below 0 is 0, one above n - 1 is
     * n - 1. With the sorted values x, of which zeros are positive, the result is
     * (float)(x[k] + w (x[k + 1] - x[k])), in double; x[k] for k = n - 1. */
    void (*window_statistics)(const struct cn_window_job *jobs, size_t count);

    /* Values of groups, of the days that have a value. Each is the exact real number, rounded once
     * to float32, to nearest and of two to even; infinite if it is too large. A zero is positive.
     * With the threshold T: how many x are > T, >= T, < T, <= T; the sum of x - T where x > T; the
     * sum of T - x where x < T. */
    void (*group_means)(const struct cn_group_job *job);
    void (*group_sums)(const struct cn_group_job *job);
    void (*group_minima)(const struct cn_group_job *job);
    void (*group_maxima)(const struct cn_group_job *job);
    void (*group_counts_gt)(const struct cn_group_job *job);
    void (*group_counts_ge)(const struct cn_group_job *job);
    void (*group_counts_lt)(const struct cn_group_job *job);
    void (*group_counts_le)(const struct cn_group_job *job);
    void (*group_excesses)(const struct cn_group_job *job);
    void (*group_deficits)(const struct cn_group_job *job);

    /* Takes elements first … first + count - 1 out of a shuffled block of `elements` little-endian
     * 4-byte values, as native floats. HDF5's shuffle stores all first bytes, then all second
     * bytes, … */
    void (*unshuffle_f32)(float *out, const uint8_t *block, size_t elements, size_t first,
                          size_t count);

    /* Copies values; missing ones become NaN. out is written past the cache, for those who read it
     * later. It does not overlap with values.
     * Returns: whether a value that is not missing lies outside of `plausible`. */
    bool (*mask_f32)(float *out, const float *values, size_t count,
                     const struct cn_float_missing *missing,
                     const struct cn_float_range *plausible);

    /* Takes `count` elements first, first + stride, … out of a block, side by side in native byte
     * order: out[count * raw->width]. */
    void (*take_values)(uint8_t *out, const struct cn_raw *raw, size_t first, size_t stride,
                        size_t count);

    /* Turns native raw values of rules->type into numbers. A raw value outside [raw_min, raw_max]
     * or in `missing` becomes NaN. If packed, the number is raw * scale + offset, rounded twice. A
     * number outside [min, max] becomes NaN. */
    void (*unpack_f64)(double *out, const uint8_t *values, size_t count,
                       const struct cn_unpacking *rules);

    /* Rounds to float32. A result that would be infinite becomes NaN.
     * Returns: whether a result lies outside of `plausible`. */
    bool (*narrow_f32)(float *out, const double *numbers, size_t count,
                       const struct cn_float_range *plausible);

    /* HDF5's Fletcher-32. The lower half is s, the sum of the 16-bit words. The first byte of a
     * word is its upper one; an odd last byte is an upper byte with a lower one of zero. The upper
     * half is the sum of s after each word. Both sums are modulo 65535, but a multiple of 65535
     * other than zero gives 65535. */
    uint32_t (*fletcher32)(const uint8_t *bytes, size_t size);

    /* Replaces NaN by fill, then shuffles as little-endian 4-byte values: out[4 * count]. */
    void (*shuffle_f32)(uint8_t *out, const float *values, size_t count, float fill);
};

/* Chooses the fastest kernels for this CPU, or those that CLIMNORM_ISA names.
 * Returns: *kernels. Errors: CN_BAD_USAGE: CLIMNORM_ISA names none that this build and CPU have.
 * Owns: nothing; the tables are constants. */
enum cn_status cn_kernels_select(const struct cn_kernels **kernels, struct cn_error *error);

/* The scratch that any statistic needs for a job of these sizes; pointers are not looked at.
 * Returns: bytes, at most CN_MOST_SCRATCH; CN_USUAL_SCRATCH without a pool, and for samples of at
 * most CN_USUAL_VALUES. */
size_t cn_window_scratch_bytes(const struct cn_window_job *job);

enum {
    CN_USUAL_VALUES = 16000,
    CN_USUAL_SCRATCH = 9 << 20,
    CN_MOST_SCRATCH = 32 << 20,
};

/* All kernels that this build has and this CPU can run.
 * Returns: a list that ends with NULL, portable first. Owns: nothing; the list is constant. */
const struct cn_kernels *const *cn_kernels_available(void);

#endif
