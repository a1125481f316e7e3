/*
 * Kernels for values of every type and byte order: plain loops without branches, which compilers
 * turn into vectors of the ISA that template.h is included for. Few files need them, and what they
 * cost is little beside inflating. A function that is always inlined becomes a loop of its own for
 * each set of constant arguments.
 */

#define TAKE(bits, swap)                                                                         \
    static ALWAYS_INLINE void take_##bits(uint8_t *restrict out, const struct cn_raw *raw,       \
                                          size_t first, size_t stride, size_t count)             \
    {                                                                                            \
        enum { WIDTH = (bits) / 8 };                                                             \
        const uint8_t *in = raw->bytes + (raw->shuffled ? first : first * WIDTH);                \
        const size_t planes = raw->shuffled ? raw->elements : 0; /* apart */                     \
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

static void narrow_f32(float *restrict out, const double *restrict numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float rounded = (float)numbers[i];
        out[i] = fabsf(rounded) <= FLT_MAX ? rounded : NAN;
    }
}

/* The remainder of a division by 65535, but 65535 for multiples other than zero. */
static uint64_t reduced(uint64_t sum)
{
    return sum ? (sum - 1) % 65535 + 1 : 0;
}

static uint32_t fletcher32(const uint8_t *bytes, size_t size)
{
    enum { MOST = 360 }; /* words whose sums of sums, 65535 * 360 * 361 / 2, fit 32 bits */
    uint64_t low = 0, high = 0;
    for (size_t left = size / 2; left;) {
        const uint32_t words = (uint32_t)least(left, MOST);
        uint32_t sum = 0, sums = 0; /* without a chain from word to word */
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
