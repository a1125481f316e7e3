/*
 * The words of words.h in plain C, two floats at a time. With the headers it includes, this file
 * defines every kernel, on any machine.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CN_TABLE cn_kernels_portable
#define CN_ISA   "portable"

enum { VL = 2, BL = 2 };

typedef struct {
    float a, b;
} vf;
typedef double vd;
typedef struct {
    uint32_t a, b;
} vu;
typedef struct {
    bool a, b;
} vm;

static inline vf vf_load(const float *from)
{
    return (vf){from[0], from[1]};
}

static inline void vf_store(float *to, vf x)
{
    to[0] = x.a;
    to[1] = x.b;
}

static inline vf vf_min(vf x, vf y)
{
    return (vf){x.a < y.a ? x.a : y.a, x.b < y.b ? x.b : y.b};
}

static inline vf vf_max(vf x, vf y)
{
    return (vf){x.a > y.a ? x.a : y.a, x.b > y.b ? x.b : y.b};
}

static inline vu vu_bits(vf x)
{
    vu bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline void vu_store(uint32_t *to, vu x)
{
    to[0] = x.a;
    to[1] = x.b;
}

static inline vu vu_min(vu x, vu y)
{
    return (vu){x.a < y.a ? x.a : y.a, x.b < y.b ? x.b : y.b};
}

static inline vu vu_max(vu x, vu y)
{
    return (vu){x.a > y.a ? x.a : y.a, x.b > y.b ? x.b : y.b};
}

#define vf_stream(to, x) vf_store(to, x)
#define stream_end()

#define vf_set(value)        ((vf){value, value})
#define vf_add(x, y)         ((vf){(x).a + (y).a, (x).b + (y).b})
#define vf_sub(x, y)         ((vf){(x).a - (y).a, (x).b - (y).b})
#define vf_le(x, y)          ((vm){(x).a <= (y).a, (x).b <= (y).b})
#define vf_ne(x, y)          ((vm){(x).a != (y).a, (x).b != (y).b})
#define vf_if(m, x, y)       ((vf){(m).a ? (x).a : (y).a, (m).b ? (x).b : (y).b})
#define vf_narrow(low, high) ((vf){(float)(low), (float)(high)})
#define vm_and(x, y)         ((vm){(x).a && (y).a, (x).b && (y).b})

#define vd_set(value)           ((vd)(value))
#define vd_load(from)           (*(from))
#define vd_store(to, x)         ((void)(*(to) = (x)))
#define vd_low(x)               ((vd)(x).a)
#define vd_high(x)              ((vd)(x).b)
#define vd_add(x, y)            ((x) + (y))
#define vd_sub(x, y)            ((x) - (y))
#define vd_div(x, y)            ((x) / (y))
#define vd_mul(x, y)            ((x) * (y))
#define vd_sqrt(x)              sqrt(x)
#define vd_if_equal(a, b, x, y) ((a) == (b) ? (x) : (y))
#define vd_if_less(a, b, x, y)  ((a) < (b) ? (x) : (y))

#define vu_set(value) ((vu){value, value})
#define vu_add(x, y)  ((vu){(x).a + (y).a, (x).b + (y).b})

static inline void bytes_join(float *out, const uint8_t *const planes[4])
{
    for (size_t i = 0; i < BL; i++) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++)
            bits |= (uint32_t)planes[k][i] << 8 * k;
        memcpy(out + i, &bits, sizeof bits);
    }
}

static inline void bytes_split(uint8_t *const planes[4], const float *in)
{
    for (size_t i = 0; i < BL; i++) {
        uint32_t bits;
        memcpy(&bits, in + i, sizeof bits);
        for (size_t k = 0; k < 4; k++)
            planes[k][i] = (uint8_t)(bits >> 8 * k);
    }
}

#include "template.h"
