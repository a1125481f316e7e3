/*
 * The loops that decode symbols fast: what portable.c, bmi2.c and avx512.c have in common. Such a
 * file first defines, for its instructions,
 *
 *   struct byte_run                          what a run of literals needs
 *   struct byte_run byte_run_of(codes)
 *   uint64_t low_bits(word, count)      the lowest bits; count: bits 0-7, at most 63
 *   void copy_match(to, from, distance, length)
 *                                       copies length bytes, 1 … 258, to `to`, and anything to at
 *                                       most CN_BEYOND_OUT bytes behind them. from: to - distance,
 *                                       or elsewhere if distance is 0 and length is 1; then at
 *                                       least FROM_LITERALS bytes can be read
 *
 * A loop of two streams interleaves them: each waits for its own tables, and the CPU does the
 * other's work meanwhile.
 */
#ifndef CLIMNORM_CODEC_INFLATE_LOOPS_H
#define CLIMNORM_CODEC_INFLATE_LOOPS_H

#include "codec/inflate/forms.h"

#include <endian.h>
#include <string.h>

/* A stream within a loop: what changes, and what does not. */
struct lane {
    uint64_t position;
    unsigned char *next;
    const unsigned char *in, *first;
    const struct cn_codes *codes;
    struct byte_run run;
};

/* All bytes, for literals to be copied from. */
#define FOUR_BYTES(n) (n), (n) + 1, (n) + 2, (n) + 3
#define SIXTEEN_BYTES(n) \
    FOUR_BYTES(n), FOUR_BYTES((n) + 4), FOUR_BYTES((n) + 8), FOUR_BYTES((n) + 12)
static const unsigned char every_byte[256 + FROM_LITERALS] = {
    SIXTEEN_BYTES(0x00), SIXTEEN_BYTES(0x10), SIXTEEN_BYTES(0x20), SIXTEEN_BYTES(0x30),
    SIXTEEN_BYTES(0x40), SIXTEEN_BYTES(0x50), SIXTEEN_BYTES(0x60), SIXTEEN_BYTES(0x70),
    SIXTEEN_BYTES(0x80), SIXTEEN_BYTES(0x90), SIXTEEN_BYTES(0xa0), SIXTEEN_BYTES(0xb0),
    SIXTEEN_BYTES(0xc0), SIXTEEN_BYTES(0xd0), SIXTEEN_BYTES(0xe0), SIXTEEN_BYTES(0xf0)};

/* At least 57 bits. */
INLINE uint64_t bits_at(const struct lane *lane)
{
    uint64_t word;
    memcpy(&word, lane->in + (lane->position >> 3), sizeof word);
    return le64toh(word) >> (lane->position & 7);
}

/* The length or distance of an entry whose codeword is at the lowest bit. */
INLINE uint64_t value_of(uint32_t entry, uint64_t word)
{
    return (entry >> 16) + (low_bits(word, entry) >> (entry >> 8 & 63));
}

struct place {
    uint64_t position;
    unsigned char *next; /* NULL: no loop decodes the symbol there */
};

/* Decodes a symbol that may be in a subtable. */
static __attribute__((noinline)) struct place take_rare(const struct cn_codes *codes, uint64_t word,
                                                        uint64_t position, unsigned char *next,
                                                        const unsigned char *first)
{
    const struct place edge = {position, NULL};
    uint32_t entry = codes->litlen[low_bits(word, CN_LITLEN_BITS)];
    if (entry & CN_RARE) {
        if (entry >> 16 == CN_END_OF_BLOCK)
            return edge;
        word >>= CN_LITLEN_BITS;
        position += CN_LITLEN_BITS;
        entry = codes->litlen[(entry >> 16) + low_bits(word, entry >> 8 & 31)];
        if (entry & CN_RARE)
            return edge;
    }
    position += entry & 63;
    if (entry & CN_LITERAL) {
        *next++ = (unsigned char)(entry >> 16);
        return (struct place){position, next};
    }
    const uint64_t length = value_of(entry, word);
    word >>= entry & 63;
    entry = codes->distance[low_bits(word, CN_DISTANCE_BITS)];
    if (entry & CN_RARE) {
        word >>= CN_DISTANCE_BITS;
        position += CN_DISTANCE_BITS;
        entry = codes->distance[(entry >> 16) + low_bits(word, entry >> 8 & 31)];
    }
    position += entry & 63;
    const uint64_t distance = value_of(entry, word);
    if (distance > (uint64_t)(next - first))
        return edge;
    copy_match(next, next - distance, distance, length);
    return (struct place){position, next + length};
}

/* Decodes a symbol without a branch on what it is, which no CPU could predict: a literal is a
 * match of length 1 and distance 0, which is copied from every_byte.
 * Returns: false at an edge. */
INLINE bool take_symbol(struct lane *lane)
{
    const uint64_t word = bits_at(lane);
    const uint32_t litlen = lane->codes->litlen[low_bits(word, CN_LITLEN_BITS)];
    const uint64_t rest = word >> (litlen & 63);
    uint64_t is_literal = -(uint64_t)(litlen / CN_LITERAL & 1); /* all bits, or none */
    __asm__("" : "+r"(is_literal)); /* or the compiler would branch on it */
    const uint32_t entry =
        lane->codes->distance[low_bits(rest, CN_DISTANCE_BITS)] & ~(uint32_t)is_literal;
    const uint64_t distance = value_of(entry, rest), value = value_of(litlen, word);
    const uint64_t length = (value & ~is_literal) - is_literal;
    if (__builtin_expect(((litlen | entry) & CN_RARE) != 0 ||
                             distance > (uint64_t)(lane->next - lane->first),
                         0)) {
        const struct place after =
            take_rare(lane->codes, word, lane->position, lane->next, lane->first);
        lane->position = after.position;
        lane->next = after.next ? after.next : lane->next;
        return after.next;
    }
    const uintptr_t from = (uintptr_t)lane->next - distance;
    const uintptr_t from_table = (uintptr_t)(every_byte + (value & 255));
    copy_match(lane->next,
               (const unsigned char *)(from ^ ((from ^ from_table) & is_literal)), /* NOLINT */
               distance, length);
    lane->position += (litlen + entry) & 0xff; /* the sum of bits 0-5 */
    lane->next += length;
    return true;
}

/* Decodes five literals, or as many as there are and the symbol after them.
 * Returns: false at an edge. */
INLINE bool take_literals(struct lane *lane)
{
    enum { LITERALS = 5 }; /* of 11 bits, in a word */
    uint64_t word = bits_at(lane);
    for (int k = 0; k < LITERALS; k++) {
        const uint32_t entry = lane->codes->litlen[low_bits(word, CN_LITLEN_BITS)];
        if (__builtin_expect(!(entry & CN_LITERAL), 0))
            return take_symbol(lane);
        *lane->next++ = (unsigned char)(entry >> 16);
        word >>= entry & 63;
        lane->position += entry & 63;
    }
    return true;
}

INLINE struct lane lane_of(const struct cn_stream *stream)
{
    return (struct lane){.position = stream->bits.position,
                         .next = stream->next,
                         .in = stream->bits.in,
                         .first = stream->first,
                         .codes = &stream->codes,
                         .run = byte_run_of(&stream->codes)};
}

INLINE void leave(struct cn_stream *stream, const struct lane *lane)
{
    stream->bits.position = lane->position;
    stream->next = lane->next;
}

/* Takes steps of one stream. take: a function above, or of the file that includes this. */
INLINE void loop_one(struct cn_stream *stream, bool (*take)(struct lane *))
{
    struct lane lane = lane_of(stream);
    bool goes_on = true;
    for (size_t steps; goes_on && (steps = cn_steps_left(stream, lane.position, lane.next));)
        for (; steps && goes_on; steps--)
            goes_on = take(&lane);
    stream->state = CN_AT_EDGE;
    leave(stream, &lane);
}

/* Takes steps of two streams in turn. */
INLINE void loop_two(struct cn_stream *first, struct cn_stream *second, bool (*take)(struct lane *))
{
    struct lane one = lane_of(first), two = lane_of(second);
    bool first_goes_on = true, second_goes_on = true;
    while (first_goes_on && second_goes_on) {
        const size_t steps = cn_steps_left(first, one.position, one.next);
        const size_t others = cn_steps_left(second, two.position, two.next);
        first_goes_on = steps > 0;
        second_goes_on = others > 0;
        for (size_t k = steps < others ? steps : others; k; k--) {
            if (__builtin_expect(!take(&one), 0)) {
                first_goes_on = false;
                break;
            }
            if (__builtin_expect(!take(&two), 0)) {
                second_goes_on = false;
                break;
            }
        }
    }
    first->state = first_goes_on ? CN_IN_BLOCK : CN_AT_EDGE;
    second->state = second_goes_on ? CN_IN_BLOCK : CN_AT_EDGE;
    leave(first, &one);
    leave(second, &two);
}

/* Whether most symbols of the streams are literals, so that branches on them are predicted well. */
INLINE bool are_mostly_literals(const struct cn_stream *first, const struct cn_stream *second)
{
    enum { SHARE = 24000 }; /* of 32768; measured */
    return first->codes.literal_share + second->codes.literal_share >= 2 * SHARE;
}

/* Functions of their own, since compilers keep more of a loop in registers there. */
static void loop_one_literals(struct cn_stream *stream)
{
    loop_one(stream, take_literals);
}

static void loop_one_symbols(struct cn_stream *stream)
{
    loop_one(stream, take_symbol);
}

static void loop_two_literals(struct cn_stream *first, struct cn_stream *second)
{
    loop_two(first, second, take_literals);
}

static void loop_two_symbols(struct cn_stream *first, struct cn_stream *second)
{
    loop_two(first, second, take_symbol);
}

/* The loops of a form without runs of literals. */
static void loop_one_without_runs(struct cn_stream *stream)
{
    (are_mostly_literals(stream, stream) ? loop_one_literals : loop_one_symbols)(stream);
}

static void loop_two_without_runs(struct cn_stream *first, struct cn_stream *second)
{
    (are_mostly_literals(first, second) ? loop_two_literals : loop_two_symbols)(first, second);
}

#endif
