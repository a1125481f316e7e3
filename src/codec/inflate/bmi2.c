/*
 * Loops for BMI2 and AVX2: shifts without flags, and matches of any distance copied by shuffles.
 */
#include "codec/inflate/forms.h"

#include <immintrin.h>

#define VECTOR 16
enum { FROM_LITERALS = 16 };

struct byte_run {
    char none;
};

INLINE struct byte_run byte_run_of(const struct cn_codes *codes)
{
    (void)codes;
    return (struct byte_run){0};
}

INLINE uint64_t low_bits(uint64_t word, uint32_t count)
{
    return _bzhi_u64(word, count);
}

#include "codec/inflate/periods.h"

INLINE void copy_match(unsigned char *to, const unsigned char *from, uint64_t distance,
                       uint64_t length)
{
    const __m128i order =
        _mm_load_si128((const __m128i *)(const void *)places[places_row(distance)]);
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
    _mm_storeu_si128((__m128i *)(void *)to, _mm_shuffle_epi8(bytes, order));
    /* the bytes that repeat, a whole number of periods before */
    const ptrdiff_t repeat = (ptrdiff_t)repeat_of(distance);
    ptrdiff_t k = VECTOR;
    do {
        const __m128i more = _mm_loadu_si128((const __m128i *)(const void *)(to + (k - repeat)));
        _mm_storeu_si128((__m128i *)(void *)(to + k), more);
        k += VECTOR;
    } while (__builtin_expect(k < (ptrdiff_t)length, 0));
}

#include "codec/inflate/loops.h"

const struct cn_loops cn_loops_bmi2 = {loop_one_without_runs, loop_two_without_runs};
