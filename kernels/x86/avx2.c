/*
 * The words of words.h in AVX2.
 */
#include <immintrin.h>

#define CN_TABLE cn_kernels_avx2
#define CN_ISA   "avx2"

enum { VL = 8, BL = 32 };

typedef __m256 vf;
typedef __m256d vd;
typedef __m256i vu;
typedef __m256 vm;

#define vf_load(from)        _mm256_loadu_ps(from)
#define vf_store(to, x)      _mm256_storeu_ps(to, x)
#define vf_stream(to, x)     _mm256_stream_ps(to, x)
#define stream_end()         _mm_sfence()
#define vf_set(value)        _mm256_set1_ps(value)
#define vf_add(a, b)         _mm256_add_ps(a, b)
#define vf_sub(a, b)         _mm256_sub_ps(a, b)
#define vf_min(a, b)         _mm256_min_ps(a, b)
#define vf_max(a, b)         _mm256_max_ps(a, b)
#define vf_le(a, b)          _mm256_cmp_ps(a, b, _CMP_LE_OQ)
#define vf_ne(a, b)          _mm256_cmp_ps(a, b, _CMP_NEQ_UQ)
#define vf_if(m, a, b)       _mm256_blendv_ps(b, a, m)
#define vf_narrow(low, high) _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low))
#define vm_and(a, b)         _mm256_and_ps(a, b)

#define vd_set(value)           _mm256_set1_pd(value)
#define vd_load(from)           _mm256_loadu_pd(from)
#define vd_store(to, x)         _mm256_storeu_pd(to, x)
#define vd_low(x)               _mm256_cvtps_pd(_mm256_castps256_ps128(x))
#define vd_high(x)              _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))
#define vd_add(a, b)            _mm256_add_pd(a, b)
#define vd_sub(a, b)            _mm256_sub_pd(a, b)
#define vd_div(a, b)            _mm256_div_pd(a, b)
#define vd_mul(a, b)            _mm256_mul_pd(a, b)
#define vd_sqrt(x)              _mm256_sqrt_pd(x)
#define vd_if_equal(a, b, x, y) _mm256_blendv_pd(y, x, _mm256_cmp_pd(a, b, _CMP_EQ_OQ))
#define vd_if_less(a, b, x, y)  _mm256_blendv_pd(y, x, _mm256_cmp_pd(a, b, _CMP_LT_OQ))

#define vu_bits(x)      _mm256_castps_si256(x)
#define vu_set(value)   _mm256_set1_epi32((int)(value))
#define vu_store(to, x) _mm256_storeu_si256((__m256i *)(void *)(to), x)
#define vu_add(a, b)    _mm256_add_epi32(a, b)
#define vu_min(a, b)    _mm256_min_epu32(a, b)
#define vu_max(a, b)    _mm256_max_epu32(a, b)

/* Unpacking works within halves of 16 bytes, so that elements 0-15 and 16-31 stay apart. */
static inline void bytes_join(float *out, const unsigned char *const planes[4])
{
    __m256i p[4];
    for (int k = 0; k < 4; k++)
        p[k] = _mm256_loadu_si256((const __m256i *)(const void *)planes[k]);
    const __m256i low01 = _mm256_unpacklo_epi8(p[0], p[1]),
                  high01 = _mm256_unpackhi_epi8(p[0], p[1]);
    const __m256i low23 = _mm256_unpacklo_epi8(p[2], p[3]),
                  high23 = _mm256_unpackhi_epi8(p[2], p[3]);
    const __m256i quads[4] = {
        _mm256_unpacklo_epi16(low01, low23), _mm256_unpackhi_epi16(low01, low23),
        _mm256_unpacklo_epi16(high01, high23), _mm256_unpackhi_epi16(high01, high23)};
    for (int k = 0; k < 4; k++)
        _mm256_storeu2_m128i((__m128i *)(void *)(out + 4 * k + 16),
                             (__m128i *)(void *)(out + 4 * k), quads[k]);
}

static inline void bytes_split(unsigned char *const planes[4], const float *in)
{
    const __m256i sort = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m256i quads[4];
    for (int k = 0; k < 4; k++)
        quads[k] = _mm256_shuffle_epi8(
            _mm256_loadu2_m128i((const __m128i *)(const void *)(in + 4 * k + 16),
                                (const __m128i *)(const void *)(in + 4 * k)),
            sort);
    const __m256i low0 = _mm256_unpacklo_epi32(quads[0], quads[1]),
                  high0 = _mm256_unpackhi_epi32(quads[0], quads[1]);
    const __m256i low1 = _mm256_unpacklo_epi32(quads[2], quads[3]),
                  high1 = _mm256_unpackhi_epi32(quads[2], quads[3]);
    const __m256i p[4] = {_mm256_unpacklo_epi64(low0, low1), _mm256_unpackhi_epi64(low0, low1),
                          _mm256_unpacklo_epi64(high0, high1), _mm256_unpackhi_epi64(high0, high1)};
    for (int k = 0; k < 4; k++)
        _mm256_storeu_si256((__m256i *)(void *)planes[k], p[k]);
}

#include "template.h"
