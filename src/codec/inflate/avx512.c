/*
 * Loops for AVX-512 with VBMI, VBMI2 and GFNI, which decode up to 64 literals at once.
 */
#include "codec/inflate/forms.h"

#include <immintrin.h>

#define VECTOR 64
enum { FROM_LITERALS = 64 };

/* The literals of 8 bits. */
struct byte_run {
    __m512i bytes[4];     /* in the order of their codewords */
    __m512i first, count; /* the codeword of the first; how many there are */
};

INLINE struct byte_run byte_run_of(const struct cn_codes *codes)
{
    return (struct byte_run){.bytes = {_mm512_loadu_si512(codes->bytes),
                                       _mm512_loadu_si512(codes->bytes + VECTOR),
                                       _mm512_loadu_si512(codes->bytes + 2 * VECTOR),
                                       _mm512_loadu_si512(codes->bytes + 3 * VECTOR)},
                             .first = _mm512_set1_epi8((char)codes->first_byte),
                             .count = _mm512_set1_epi8((char)codes->byte_count)};
}

INLINE uint64_t low_bits(uint64_t word, uint32_t count)
{
    return _bzhi_u64(word, count);
}

#include "codec/inflate/periods.h"

INLINE void copy_match(unsigned char *to, const unsigned char *from, uint64_t distance,
                       uint64_t length)
{
    const __m512i order = _mm512_load_si512(places[places_row(distance)]);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi8(order, _mm512_loadu_si512(from)));
    if (__builtin_expect(length > VECTOR, 0)) {
        /* a whole number of periods before; all of the longest, since a count would vary */
        const ptrdiff_t repeat = (ptrdiff_t)repeat_of(distance);
        for (ptrdiff_t k = VECTOR; k < 258; k += VECTOR)
            _mm512_storeu_si512(to + k, _mm512_loadu_si512(to + (k - repeat)));
    }
}

#include "codec/inflate/loops.h"

/* Decodes the literals of 8 bits that come next, 64 at most, and the symbol after them. The bits of
 * a byte are reversed, since a codeword comes with its first bit, the highest, in the lowest bit.
 * So the bytes that are such codewords follow each other from `first` on. Returns: false at an
 * edge. */
INLINE bool take_run(struct lane *lane)
{
    const unsigned char *at = lane->in + (lane->position >> 3);
    const __m512i low = _mm512_loadu_si512(at), high = _mm512_loadu_si512(at + 8);
    const __m512i shift = _mm512_set1_epi64((long long)(lane->position & 7));
    const __m512i reversal = _mm512_set1_epi64((long long)0x8040201008040201);
    const __m512i bytes =
        _mm512_gf2p8affine_epi64_epi8(_mm512_shrdv_epi64(low, high, shift), reversal, 0);
    const __m512i index = _mm512_sub_epi8(bytes, lane->run.first);
    const __mmask64 others = _mm512_cmpge_epu8_mask(index, lane->run.count);
    const __m512i lower = _mm512_permutex2var_epi8(lane->run.bytes[0], index, lane->run.bytes[1]);
    const __m512i upper = _mm512_permutex2var_epi8(lane->run.bytes[2], index, lane->run.bytes[3]);
    _mm512_storeu_si512(lane->next,
                        _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), lower, upper));
    const uint64_t run = _tzcnt_u64(others);
    lane->next += run;
    lane->position += 8 * run;
    return take_symbol(lane);
}

/* Whether runs are long enough, about 4 literals. */
static bool have_runs(const struct cn_stream *first, const struct cn_stream *second)
{
    enum { COUNT = 210 }; /* of 256 codewords of 8 bits; measured */
    return first->codes.byte_count + second->codes.byte_count >= 2 * COUNT;
}

static void loop_one_runs(struct cn_stream *stream)
{
    loop_one(stream, take_run);
}

static void loop_two_runs(struct cn_stream *first, struct cn_stream *second)
{
    loop_two(first, second, take_run);
}

static void loop_one_with_runs(struct cn_stream *stream)
{
    (have_runs(stream, stream) ? loop_one_runs : loop_one_without_runs)(stream);
}

static void loop_two_with_runs(struct cn_stream *first, struct cn_stream *second)
{
    (have_runs(first, second) ? loop_two_runs : loop_two_without_runs)(first, second);
}

const struct cn_loops cn_loops_avx512 = {loop_one_with_runs, loop_two_with_runs};
