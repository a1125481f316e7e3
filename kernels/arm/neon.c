/*
 * The words of words.h in NEON (aarch64, little-endian).
 */
#include <arm_neon.h>

#define CN_TABLE cn_kernels_neon
#define CN_ISA   "neon"

enum { VL = 4, BL = 16 };

typedef float32x4_t vf;
typedef float64x2_t vd;
typedef uint32x4_t vu;
typedef uint32x4_t vm;

#define vf_load(from)    vld1q_f32(from)
#define vf_store(to, x)  vst1q_f32(to, x)
#define vf_stream(to, x) vst1q_f32(to, x)
#define stream_end()
#define vf_set(value)        vdupq_n_f32(value)
#define vf_add(a, b)         vaddq_f32(a, b)
#define vf_sub(a, b)         vsubq_f32(a, b)
#define vf_min(a, b)         vminnmq_f32(a, b)
#define vf_max(a, b)         vmaxnmq_f32(a, b)
#define vf_le(a, b)          vcleq_f32(a, b)
#define vf_ne(a, b)          vmvnq_u32(vceqq_f32(a, b))
#define vf_if(m, a, b)       vbslq_f32(m, a, b)
#define vf_narrow(low, high) vcvt_high_f32_f64(vcvt_f32_f64(low), high)
#define vm_and(a, b)         vandq_u32(a, b)

#define vd_set(value)           vdupq_n_f64(value)
#define vd_load(from)           vld1q_f64(from)
#define vd_store(to, x)         vst1q_f64(to, x)
#define vd_low(x)               vcvt_f64_f32(vget_low_f32(x))
#define vd_high(x)              vcvt_high_f64_f32(x)
#define vd_add(a, b)            vaddq_f64(a, b)
#define vd_sub(a, b)            vsubq_f64(a, b)
#define vd_div(a, b)            vdivq_f64(a, b)
#define vd_mul(a, b)            vmulq_f64(a, b)
#define vd_sqrt(x)              vsqrtq_f64(x)
#define vd_if_equal(a, b, x, y) vbslq_f64(vceqq_f64(a, b), x, y)
#define vd_if_less(a, b, x, y)  vbslq_f64(vcltq_f64(a, b), x, y)

#define vu_bits(x)      vreinterpretq_u32_f32(x)
#define vu_set(value)   vdupq_n_u32(value)
#define vu_store(to, x) vst1q_u32(to, x)
#define vu_add(a, b)    vaddq_u32(a, b)
#define vu_min(a, b)    vminq_u32(a, b)
#define vu_max(a, b)    vmaxq_u32(a, b)

static inline void bytes_join(float *out, const unsigned char *const planes[4])
{
    const uint8x16x4_t bytes = {
        {vld1q_u8(planes[0]), vld1q_u8(planes[1]), vld1q_u8(planes[2]), vld1q_u8(planes[3])}};
    vst4q_u8((unsigned char *)out, bytes);
}

static inline void bytes_split(unsigned char *const planes[4], const float *in)
{
    const uint8x16x4_t bytes = vld4q_u8((const unsigned char *)in);
    for (int k = 0; k < 4; k++)
        vst1q_u8(planes[k], bytes.val[k]);
}

#include "template.h"
