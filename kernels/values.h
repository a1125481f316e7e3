/*
 * Raw values to numbers: plain loops without branches, which compilers turn into vectors of the
 * ISA. Few files need them, and they take little time compared with inflating.
 */
#ifndef CLIMNORM_KERNELS_VALUES_H
#define CLIMNORM_KERNELS_VALUES_H

#include "words.h"

#define WIDEN(type)                                              \
    for (size_t i = 0; i < count; i++) {                         \
        type value;                                              \
        memcpy(&value, values + i * sizeof value, sizeof value); \
        out[i] = (double)value;                                  \
    }                                                            \
    break

static void widen(double *restrict out, const uint8_t *restrict values, size_t count,
                  enum cn_number type)
{
    switch (type) {
    case CN_INT8:
        WIDEN(int8_t);
    case CN_UINT8:
        WIDEN(uint8_t);
    case CN_INT16:
        WIDEN(int16_t);
    case CN_UINT16:
        WIDEN(uint16_t);
    case CN_INT32:
        WIDEN(int32_t);
    case CN_UINT32:
        WIDEN(uint32_t);
    case CN_FLOAT32:
        WIDEN(float);
    default:
        WIDEN(double);
    }
}
#undef WIDEN

static void keep_between(double *numbers, size_t count, double min, double max)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = ((numbers[i] >= min) & (numbers[i] <= max)) ? numbers[i] : (double)NAN;
}

static void unpack_f64(double *out, const uint8_t *values, size_t count,
                       const struct cn_unpacking *rules)
{
    const double scale = rules->scale, offset = rules->offset;
    widen(out, values, count, rules->type);
    keep_between(out, count, rules->raw_min, rules->raw_max);
    for (size_t k = 0; k < rules->missing_count; k++) {
        const double missing = rules->missing[k];
        for (size_t i = 0; i < count; i++)
            out[i] = out[i] == missing ? (double)NAN : out[i];
    }
    for (size_t i = 0; rules->packed && i < count; i++)
        out[i] = out[i] * scale + offset;
    if (rules->min > -(double)INFINITY || rules->max < (double)INFINITY)
        keep_between(out, count, rules->min, rules->max);
}

static bool narrow_f32(float *restrict out, const double *restrict numbers, size_t count,
                       const struct cn_float_range *plausible)
{
    const float min = plausible->min, max = plausible->max;
    unsigned outside = 0;
    for (size_t i = 0; i < count; i++) {
        const float rounded = (float)numbers[i];
        out[i] = fabsf(rounded) <= FLT_MAX ? rounded : NAN;
        outside |= (unsigned)((out[i] < min) | (out[i] > max));
    }
    return outside;
}

#endif
