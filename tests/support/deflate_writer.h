/*
 * A writer of zlib streams, bit by bit, that knows what they inflate to (RFC 1950, RFC 1951). It
 * writes whatever it is told, also what is no stream.
 */
#ifndef CLIMNORM_TESTS_DEFLATE_WRITER_H
#define CLIMNORM_TESTS_DEFLATE_WRITER_H

#include "dice.h"

#include <libdeflate.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    LITLENS = 288,
    DISTANCES = 32,
    PRECODES = 19,
    DRAFT_ROOM = 1 << 17 /* of a stream, and of what it inflates to */
};

/* A stream while it is written. */
struct draft {
    uint64_t word; /* bits that are no byte yet */
    unsigned held; /* of them */
    size_t in_bytes, out_bytes;
    bool may_overrun; /* codes: see struct trial */
    unsigned char in[DRAFT_ROOM], out[DRAFT_ROOM];
};

/* The two codes of a block. */
struct draft_codes {
    unsigned char bits[LITLENS + DISTANCES];                   /* of the codewords; 0: none */
    uint16_t codewords[LITLENS + DISTANCES];                   /* the first bit is the lowest */
    uint16_t literals[256], lengths[31], distances[DISTANCES]; /* symbols that have codewords */
    int literal_count, length_count, distance_count;
    unsigned litlens, distance_codes; /* what the header says */
};

static inline void put_bits(struct draft *draft, unsigned value, unsigned count)
{
    draft->word |= (uint64_t)value << draft->held;
    for (draft->held += count; draft->held >= 8; draft->held -= 8) {
        if (draft->in_bytes < DRAFT_ROOM - 64)
            draft->in[draft->in_bytes++] = (unsigned char)draft->word;
        draft->word >>= 8;
    }
}

static inline void put_symbol(struct draft *draft, const struct draft_codes *codes, unsigned symbol)
{
    put_bits(draft, codes->codewords[symbol], codes->bits[symbol]);
}

static inline void align_bits(struct draft *draft)
{
    put_bits(draft, 0, (8 - draft->held) % 8);
}

/* --- symbols: RFC 1951, section 3.2.5 --- */

static inline unsigned length_extra(unsigned symbol)
{
    return symbol < 265 || symbol > 284 ? 0 : (symbol - 261) / 4;
}

static inline unsigned length_base(unsigned symbol)
{
    return symbol < 265   ? symbol - 254
           : symbol > 284 ? 258
                          : ((4 + (symbol - 265) % 4) << length_extra(symbol)) + 3;
}

static inline unsigned distance_extra(unsigned symbol)
{
    return symbol < 4 ? 0 : (symbol > 29 ? 29 : symbol) / 2 - 1;
}

static inline unsigned distance_base(unsigned symbol)
{
    const unsigned last = symbol > 29 ? 29 : symbol;
    return symbol < 4 ? symbol + 1 : ((2 + (last & 1)) << distance_extra(symbol)) + 1;
}

/* The last symbol whose base is no more. */
static inline unsigned length_symbol(unsigned length)
{
    unsigned symbol = 285;
    while (length_base(symbol) > length)
        symbol--;
    return symbol;
}

static inline unsigned distance_symbol_of(unsigned distance)
{
    unsigned symbol = 29;
    while (distance_base(symbol) > distance)
        symbol--;
    return symbol;
}

static inline void put_literal(struct draft *draft, const struct draft_codes *codes,
                               unsigned literal)
{
    put_symbol(draft, codes, literal);
    if (draft->out_bytes < DRAFT_ROOM)
        draft->out[draft->out_bytes++] = (unsigned char)literal;
}

/* A match by these symbols; more: the extra bits. */
static inline void put_match(struct draft *draft, const struct draft_codes *codes, unsigned symbol,
                             unsigned more, unsigned distance, unsigned more_distance)
{
    put_symbol(draft, codes, symbol);
    put_bits(draft, more, length_extra(symbol));
    put_symbol(draft, codes, LITLENS + distance);
    put_bits(draft, more_distance, distance_extra(distance));
    const size_t back = distance_base(distance) + more_distance;
    for (unsigned left = length_base(symbol) + more;
         left && back <= draft->out_bytes && draft->out_bytes < DRAFT_ROOM; left--) {
        draft->out[draft->out_bytes] = draft->out[draft->out_bytes - back];
        draft->out_bytes++;
    }
}

/* --- codes --- */

/* Gives codewords to symbols of a code in the order of RFC 1951, section 3.2.2. */
static inline void number_codewords(const unsigned char *bits, unsigned count, uint16_t *codewords)
{
    unsigned counts[16] = {0}, next[16] = {0};
    for (unsigned symbol = 0; symbol < count; symbol++)
        counts[bits[symbol]] += bits[symbol] > 0;
    for (unsigned length = 1; length < 16; length++)
        next[length] = (next[length - 1] + counts[length - 1]) << 1;
    for (unsigned symbol = 0; symbol < count; symbol++) {
        unsigned codeword = next[bits[symbol]]++, reversed = 0;
        for (unsigned k = 0; k < bits[symbol]; k++, codeword >>= 1)
            reversed = reversed << 1 | (codeword & 1);
        codewords[symbol] = (uint16_t)reversed;
    }
}

/* Completes codes whose `bits` are set. */
static inline void complete_codes(struct draft_codes *codes)
{
    codes->literal_count = codes->length_count = codes->distance_count = 0;
    codes->litlens = 257;
    codes->distance_codes = 1;
    number_codewords(codes->bits, LITLENS, codes->codewords);
    number_codewords(codes->bits + LITLENS, DISTANCES, codes->codewords + LITLENS);
    for (unsigned symbol = 0; symbol < LITLENS; symbol++) {
        if (!codes->bits[symbol])
            continue;
        if (symbol < 256)
            codes->literals[codes->literal_count++] = (uint16_t)symbol;
        if (symbol > 256) {
            codes->lengths[codes->length_count++] = (uint16_t)symbol;
            codes->litlens = symbol + 1;
        }
    }
    for (unsigned symbol = 0; symbol < DISTANCES; symbol++)
        if (codes->bits[LITLENS + symbol]) {
            codes->distances[codes->distance_count++] = (uint16_t)symbol;
            codes->distance_codes = symbol + 1;
        }
}

static inline void set_fixed_codes(struct draft_codes *codes)
{
    for (unsigned symbol = 0; symbol < LITLENS; symbol++)
        codes->bits[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    memset(codes->bits + LITLENS, 5, DISTANCES);
    complete_codes(codes);
}

/* Splits codewords until there are `count` of at most `most` bits: the shortest, the longest or
 * any. They are a complete code, unless there is one. */
enum split { SPLIT_SHORTEST, SPLIT_LONGEST, SPLIT_ANY };

static inline void split_codewords(unsigned char *bits, int count, int most, enum split split)
{
    int oldest = 0;
    bits[0] = 0;
    for (int have = 1; have < count; have++) {
        int which = split == SPLIT_SHORTEST ? oldest
                    : split == SPLIT_ANY    ? roll(0, have - 1)
                                            : have - 1;
        while (bits[which] == most)
            which = which ? which - 1 : have - 1;
        bits[have] = ++bits[which];
        if (which == oldest) /* the halves become the youngest */
            oldest = oldest + 1 < have && bits[oldest + 1] < bits[oldest] ? oldest + 1 : 0;
    }
    if (count == 1)
        bits[0] = 1;
}

/* Draws a code for these symbols. */
static inline void draw_code(unsigned char *bits, const uint16_t *symbols, int count, int most,
                             bool is_shuffled)
{
    unsigned char drawn[LITLENS];
    if (count > 0)
        split_codewords(drawn, count, most, (enum split)roll(0, 2));
    for (int k = count - 1; k > 0 && is_shuffled; k--) {
        const int other = roll(0, k);
        const unsigned char one = drawn[k];
        drawn[k] = drawn[other];
        drawn[other] = one;
    }
    for (int k = 0; k < count; k++)
        bits[symbols[k]] = drawn[k];
}

/* --- blocks --- */

/* The bits of codewords as the header has them: symbols, and what follows each. */
struct draft_header {
    unsigned char symbols[LITLENS + DISTANCES], more[LITLENS + DISTANCES];
    int count;
    bool overruns; /* a repetition goes on beyond the last codeword */
};

/* How often bits[0] comes in a row. */
static inline unsigned run_length(const unsigned char *bits, unsigned count)
{
    unsigned run = 1;
    while (run < count && bits[run] == bits[0])
        run++;
    return run;
}

static inline void draw_header(struct draft_header *header, const unsigned char *bits,
                               unsigned count, bool is_sound)
{
    const bool is_plain = one_in(8), is_faulty = !is_sound && one_in(40);
    header->count = 0;
    header->overruns = false;
    for (unsigned k = 0; k < count;) {
        unsigned run = run_length(bits + k, count - k), symbol = bits[k], more = 0, times = 1;
        const bool is_repeat = k && bits[k - 1] == bits[k];
        if (is_faulty && run == count - k) /* beyond the last */
            run += (unsigned)roll(0, 3);
        if (is_plain || one_in(16))
            run = 1;
        if (!bits[k] && run >= 11) {
            times = run < 138 ? run : 138;
            symbol = 18;
            more = times - 11;
        } else if (!bits[k] && run >= 3 && !(is_repeat && one_in(2))) {
            times = run < 10 ? run : 10;
            symbol = 17;
            more = times - 3;
        } else if (run >= 3 && (is_repeat || (is_faulty && one_in(4)))) {
            times = run < 6 ? run : 6;
            symbol = 16;
            more = times - 3;
        }
        header->symbols[header->count] = (unsigned char)symbol;
        header->more[header->count++] = (unsigned char)more;
        k += times;
        header->overruns |= k > count;
    }
}

/* Writes what a dynamic block begins with, behind its three bits; in one of many ways, and some
 * that are wrong unless is_sound. */
static inline void put_codes(struct draft *draft, const struct draft_codes *codes, bool is_sound)
{
    static const unsigned char order[PRECODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                  11, 4,  12, 3, 13, 2, 14, 1, 15};
    unsigned char bits[LITLENS + DISTANCES], precode[PRECODES] = {0};
    uint16_t used[PRECODES], codewords[PRECODES];
    bool is_used[PRECODES] = {false};
    struct draft_header header;
    memcpy(bits, codes->bits, codes->litlens);
    memcpy(bits + codes->litlens, codes->bits + LITLENS, codes->distance_codes);
    draw_header(&header, bits, codes->litlens + codes->distance_codes, is_sound);
    draft->may_overrun |= header.overruns;
    int count = 0, last = PRECODES;
    for (int k = 0; k < header.count; k++)
        is_used[header.symbols[k]] = true;
    for (unsigned symbol = 0; symbol < PRECODES; symbol++)
        if (is_used[symbol] || one_in(30))
            used[count++] = (uint16_t)symbol;
    draw_code(precode, used, count, 7, true);
    if (!is_sound && one_in(100))
        precode[roll(0, PRECODES - 1)] = (unsigned char)roll(0, 7);
    number_codewords(precode, PRECODES, codewords);
    while (last > 4 && !precode[order[last - 1]] && !one_in(20))
        last--;
    put_bits(draft, codes->litlens - 257, 5);
    put_bits(draft, codes->distance_codes - 1, 5);
    put_bits(draft, (unsigned)last - 4, 4);
    for (int k = 0; k < last; k++)
        put_bits(draft, precode[order[k]], 3);
    for (int k = 0; k < header.count; k++) {
        const unsigned symbol = header.symbols[k];
        put_bits(draft, codewords[symbol], precode[symbol]);
        put_bits(draft, header.more[k], symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
    }
}

static inline void put_stored(struct draft *draft, const unsigned char *bytes, unsigned count,
                              unsigned inverse)
{
    align_bits(draft);
    put_bits(draft, count, 16);
    put_bits(draft, inverse, 16);
    for (unsigned k = 0; k < count && draft->out_bytes < DRAFT_ROOM; k++) {
        put_bits(draft, bytes[k], 8);
        draft->out[draft->out_bytes++] = bytes[k];
    }
}

/* --- streams --- */

static inline void begin_draft(struct draft *draft)
{
    draft->word = draft->held = 0;
    draft->out_bytes = 0;
    draft->may_overrun = false;
    draft->in[0] = 0x78;
    draft->in[1] = 0x9c;
    draft->in_bytes = 2;
}

static inline void put_adler(unsigned char *at, uint32_t sum)
{
    for (int k = 0; k < 4; k++)
        at[k] = (unsigned char)(sum >> (24 - 8 * k));
}

static inline void end_draft(struct draft *draft)
{
    align_bits(draft);
    put_adler(draft->in + draft->in_bytes, libdeflate_adler32(1, draft->out, draft->out_bytes));
    draft->in_bytes += 4;
}

#endif
