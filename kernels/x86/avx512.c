/*
 * The words of words.h in AVX-512 (F alone).
 */
#include <immintrin.h>

#define CN_TABLE cn_kernels_avx512
#define CN_ISA   "avx512"

enum { VL = 16, BL = 16 };

typedef __m512 vf;
typedef __m512d vd;
typedef __m512i vu;
typedef __mmask16 vm;

#define vf_load(from)    _mm512_loadu_ps(from)
#define vf_store(to, x)  _mm512_storeu_ps(to, x)
#define vf_stream(to, x) _mm512_stream_ps(to, x)
#define stream_end()     _mm_sfence()
#define vf_set(value)    _mm512_set1_ps(value)
#define vf_add(a, b)     _mm512_add_ps(a, b)
#define vf_sub(a, b)     _mm512_sub_ps(a, b)
#define vf_min(a, b)     _mm512_min_ps(a, b)
#define vf_max(a, b)     _mm512_max_ps(a, b)
#define vf_le(a, b)      _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ)
#define vf_ne(a, b)      _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ)
#define vf_if(m, a, b)   _mm512_mask_blend_ps(m, b, a)
#define vf_narrow(low, high)                                                               \
    _mm512_castpd_ps(                                                                      \
        _mm512_insertf64x4(_mm512_castps_pd(_mm512_castps256_ps512(_mm512_cvtpd_ps(low))), \
                           _mm256_castps_pd(_mm512_cvtpd_ps(high)), 1))
#define vm_and(a, b) _kand_mask16(a, b)

#define vd_set(value)           _mm512_set1_pd(value)
#define vd_load(from)           _mm512_loadu_pd(from)
#define vd_store(to, x)         _mm512_storeu_pd(to, x)
#define vd_low(x)               _mm512_cvtps_pd(_mm512_castps512_ps256(x))
#define vd_high(x)              _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1)))
#define vd_add(a, b)            _mm512_add_pd(a, b)
#define vd_sub(a, b)            _mm512_sub_pd(a, b)
#define vd_div(a, b)            _mm512_div_pd(a, b)
#define vd_mul(a, b)            _mm512_mul_pd(a, b)
#define vd_sqrt(x)              _mm512_sqrt_pd(x)
#define vd_if_equal(a, b, x, y) _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ), y, x)
#define vd_if_less(a, b, x, y)  _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), y, x)

#define vu_bits(x)      _mm512_castps_si512(x)
#define vu_set(value)   _mm512_set1_epi32((int)(value))
#define vu_store(to, x) _mm512_storeu_si512(to, x)
#define vu_add(a, b)    _mm512_add_epi32(a, b)
#define vu_min(a, b)    _mm512_min_epu32(a, b)
#define vu_max(a, b)    _mm512_max_epu32(a, b)

static inline void bytes_join(float *out, const unsigned char *const planes[4])
{
    __m512i joined = _mm512_setzero_si512();
    for (unsigned k = 0; k < 4; k++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)planes[k]);
        joined = _mm512_or_si512(joined, _mm512_slli_epi32(_mm512_cvtepu8_epi32(bytes), 8 * k));
    }
    _mm512_storeu_si512(out, joined);
}

static inline void bytes_split(unsigned char *const planes[4], const float *in)
{
    const __m512i joined = _mm512_loadu_si512(in);
    for (unsigned k = 0; k < 4; k++)
        _mm_storeu_si128((__m128i *)(void *)planes[k],
                         _mm512_cvtepi32_epi8(_mm512_srli_epi32(joined, 8 * k)));
}

#include "template.h"
