/*
 * Bytes as files hold them: HDF5's shuffle of float32, values of any width and byte order in a
 * block, missing float32, and Fletcher-32.
 */
#ifndef CLIMNORM_KERNELS_BYTES_H
#define CLIMNORM_KERNELS_BYTES_H

#include "words.h"

/* The next kernels copy values that do not fill a vector through buffers of one vector. */

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

static inline vf mask_vector(vf x, vf min, vf max, const struct cn_float_missing *missing)
{
    vm good = vm_and(vf_le(min, x), vf_le(x, max));
    for (size_t k = 0; k < missing->count; k++)
        good = vm_and(good, vf_ne(x, vf_set(missing->values[k])));
    return vf_if(good, x, vf_set(NAN));
}

/* The least and the greatest of the values so far, in each lane. A NaN changes nothing: it is the
 * first operand. */
struct extent {
    vf least, most;
};

static inline void widen_extent(struct extent *extent, vf x)
{
    extent->least = vf_min(x, extent->least);
    extent->most = vf_max(x, extent->most);
}

static inline bool is_within(const struct extent *extent, const struct cn_float_range *plausible)
{
    const vm good = vm_and(vf_le(vf_set(plausible->min), extent->least),
                           vf_le(extent->most, vf_set(plausible->max)));
    float outside[VL], sum = 0;
    vf_store(outside, vf_if(good, vf_set(0), vf_set(1)));
    for (size_t i = 0; i < VL; i++)
        sum += outside[i];
    return sum == 0;
}

/* vf_stream stores whole cache lines past the cache: nobody reads a day soon, so there is no line
 * to be read from memory before it is written, and the cache keeps what it has. */
static bool mask_f32(float *out, const float *values, size_t count,
                     const struct cn_float_missing *missing, const struct cn_float_range *plausible)
{
    /* Infinities are outside all bounds. A bound that is NaN does not count. */
    const vf min = vf_set(missing->min > -FLT_MAX ? missing->min : -FLT_MAX);
    const vf max = vf_set(missing->max < FLT_MAX ? missing->max : FLT_MAX);
    enum { VECTOR_BYTES = VL * sizeof(float) };
    const size_t beyond = (uintptr_t)out % VECTOR_BYTES / sizeof *out;
    struct extent extent = {vf_set(FLT_MAX), vf_set(-FLT_MAX)};
    size_t i = 0;
    float few[VL];
    while (i < count) {
        const size_t some = least(count - i, i == 0 ? VL - beyond : VL);
        vf x;
        if (some == VL) {
            x = mask_vector(vf_load(values + i), min, max, missing);
            vf_stream(out + i, x);
        } else {
            vf_store(few, vf_set(NAN));
            memcpy(few, values + i, some * sizeof *few);
            x = mask_vector(vf_load(few), min, max, missing);
            vf_store(few, x);
            memcpy(out + i, few, some * sizeof *few);
        }
        widen_extent(&extent, x);
        i += some;
    }
    stream_end();
    return !is_within(&extent, plausible);
}

/* take_values has one plain loop without branches for each width, for values side by side and for
 * values with a stride. The compiler turns it into vectors of the ISA: an inlined function becomes
 * a loop of its own for each set of constant arguments. */

#define TAKE(bits, swap)                                                                         \
    static ALWAYS_INLINE void take_##bits(uint8_t *restrict out, const struct cn_raw *raw,       \
                                          size_t first, size_t stride, size_t count)             \
    {                                                                                            \
        enum { WIDTH = (bits) / 8 };                                                             \
        const uint8_t *in = raw->bytes + (raw->shuffled ? first : first * WIDTH);                \
        const size_t planes = raw->shuffled ? raw->elements : 0; /* bytes apart */               \
        const uint8_t *bytes[WIDTH];                             /* lowest first */              \
        for (size_t k = 0; k < WIDTH; k++)                                                       \
            bytes[k] = in + planes * (raw->swapped ? WIDTH - 1 - k : k);                         \
        for (size_t i = 0; raw->shuffled && i < count; i++) {                                    \
            uint##bits##_t value = 0;                                                            \
            for (size_t k = 0; k < WIDTH; k++)                                                   \
                value = (uint##bits##_t)(value | (uint##bits##_t)bytes[k][i * stride] << 8 * k); \
            memcpy(out + i * WIDTH, &value, WIDTH);                                              \
        }                                                                                        \
        for (size_t i = 0; !raw->shuffled && i < count; i++) {                                   \
            uint##bits##_t value;                                                                \
            memcpy(&value, in + i * stride * WIDTH, WIDTH);                                      \
            value = raw->swapped ? swap(value) : value;                                          \
            memcpy(out + i * WIDTH, &value, WIDTH);                                              \
        }                                                                                        \
    }
TAKE(8, )
TAKE(16, __builtin_bswap16)
TAKE(32, __builtin_bswap32)
TAKE(64, __builtin_bswap64)
#undef TAKE

static ALWAYS_INLINE void take_any(uint8_t *out, const struct cn_raw *raw, size_t first,
                                   size_t stride, size_t count)
{
    switch (raw->width) {
    case 1:
        take_8(out, raw, first, stride, count);
        break;
    case 2:
        take_16(out, raw, first, stride, count);
        break;
    case 4:
        take_32(out, raw, first, stride, count);
        break;
    default:
        take_64(out, raw, first, stride, count);
    }
}

static void take_values(uint8_t *out, const struct cn_raw *raw, size_t first, size_t stride,
                        size_t count)
{
    if (stride == 1)
        take_any(out, raw, first, 1, count);
    else
        take_any(out, raw, first, stride, count);
}

/* The remainder of a division by 65535; 65535 for multiples of it except 0. */
static uint64_t reduced(uint64_t sum)
{
    return sum ? (sum - 1) % 65535 + 1 : 0;
}

static uint32_t fletcher32(const uint8_t *bytes, size_t size)
{
    enum { MOST = 360 }; /* words: their sum of sums, 65535 * 360 * 361 / 2, fits 32 bits */
    uint64_t low = 0, high = 0;
    for (size_t left = size / 2; left;) {
        const uint32_t words = (uint32_t)least(left, MOST);
        uint32_t sum = 0, sums = 0; /* no step needs the one before: the compiler can use vectors */
        for (uint32_t i = 0; i < words; i++) {
            const uint32_t word = (uint32_t)bytes[2 * i] << 8 | bytes[2 * i + 1];
            sum += word;
            sums += word * (words - i);
        }
        high = reduced(high + words * low + sums);
        low = reduced(low + sum);
        bytes += (size_t)2 * words;
        left -= words;
    }
    if (size % 2) {
        low = reduced(low + ((uint64_t)*bytes << 8));
        high = reduced(high + low);
    }
    return (uint32_t)(high << 16 | low);
}

#endif
