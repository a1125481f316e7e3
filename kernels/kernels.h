/*
 * The kernels: the few loops that touch every value. Each has one definition in portable C and one
 * form per ISA with the same bits. README.md says how to add one.
 */
#ifndef CLIMNORM_KERNELS_H
#define CLIMNORM_KERNELS_H

#include "climnorm/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rolling means of one stretch of cells of one day slot. */
struct cn_window_job {
    const float *const
        *rows;      /* [window + targets - 1] the cells of each year, oldest first; NULL: the
                       year is left out. NaN: missing; never infinite. Any alignment. */
    size_t window;  /* 1 … 1000 years */
    size_t targets; /* >= 1; target t is the mean over rows[t] … rows[t + window - 1] */
    size_t cells;
    float *const *means; /* [targets][cells]; NULL entry: not wanted */
    int16_t *const
        *counts; /* NULL, or [targets][cells] numbers of values; NULL entry: not wanted */
};

/* Which raw float32 values are missing: NaN, infinite, outside [min, max], or one of values. */
struct cn_float_missing {
    float min, max; /* -FLT_MAX, FLT_MAX without a range */
    float values[16];
    size_t count;
};

/* Values as a file holds them. */
struct cn_raw {
    const uint8_t *bytes;
    size_t elements; /* of the whole block */
    size_t width;    /* bytes of a value: 1, 2, 4 or 8 */
    bool shuffled;   /* HDF5 shuffle: all first bytes, then all second bytes, … */
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

/* What turns raw values into numbers, all in double. */
struct cn_unpacking {
    enum cn_number type;
    double raw_min, raw_max; /* finite */
    double missing[16];
    size_t missing_count;
    bool packed;
    double scale, offset;
    double min, max; /* of the number; -INFINITY, INFINITY without */
};

struct cn_kernels {
    const char *isa; /* "portable", "avx2", "avx512", "neon" */

    /* mean = (float)((double)S / (double)n), where S is the exact sum of the n values that are
     * there, rounded once to double; NaN where n is 0. A pure function of the window's values: the
     * same bits for every batch, tile and ISA, 0.5 float32 ulp (+ 2^-28 ulp) from the exact mean.
     */
    void (*window_means)(const struct cn_window_job *job);

    /* Elements first … first + count of a shuffled block of `elements` 4-byte values (HDF5 shuffle:
     * all first bytes, then all second bytes, …), little-endian, to native floats. */
    void (*unshuffle_f32)(float *out, const uint8_t *block, size_t elements, size_t first,
                          size_t count);

    /* Missing values become NaN, in place. */
    void (*mask_f32)(float *values, size_t count, const struct cn_float_missing *missing);

    /* Elements first, first + stride, … of a block, one after another in native byte order:
     * out[count * raw->width]. */
    void (*take_values)(uint8_t *out, const struct cn_raw *raw, size_t first, size_t stride,
                        size_t count);

    /* Native raw values of rules->type to numbers: NaN where a raw value is outside
     * [raw_min, raw_max] or one of missing; then, if packed, raw * scale + offset, rounded twice;
     * then NaN where that is outside [min, max]. */
    void (*unpack_f64)(double *out, const uint8_t *values, size_t count,
                       const struct cn_unpacking *rules);

    /* Rounded to float32; NaN where that is infinite. */
    void (*narrow_f32)(float *out, const double *numbers, size_t count);

    /* HDF5's Fletcher-32: s in the lower and t in the upper half, where s is the sum of the 16-bit
     * words, first byte above, an odd byte being an upper one; t is the sum of all values that s
     * goes through; both modulo 65535, but 65535 for multiples other than zero. */
    uint32_t (*fletcher32)(const uint8_t *bytes, size_t size);

    /* NaN becomes fill; then shuffled as little-endian 4-byte values: out[4 * count]. */
    void (*shuffle_f32)(uint8_t *out, const float *values, size_t count, float fill);
};

/* The best kernels for this CPU, or those that CLIMNORM_ISA names. CN_BAD_USAGE: unknown name, or
 * one that this CPU or build lacks. */
enum cn_status cn_kernels_select(const struct cn_kernels **kernels, struct cn_error *error);

/* All kernels in this build that this CPU can run, NULL-terminated, portable first. */
const struct cn_kernels *const *cn_kernels_available(void);

#endif
