/*
 * Streams of zlib that are drawn: sound ones and hostile ones of any blocks and codes.
 */
#ifndef CLIMNORM_TESTS_DEFLATE_DRAFTS_H
#define CLIMNORM_TESTS_DEFLATE_DRAFTS_H

#include "deflate_writer.h"

/* Some of `from` … `to` - 1, each with one chance in `chance`. */
static inline int draw_symbols(uint16_t *symbols, int from, int to, int chance)
{
    int count = 0;
    for (int symbol = from; symbol < to; symbol++)
        if (chance == 1 || one_in(chance))
            symbols[count++] = (uint16_t)symbol;
    return count;
}

/* Draws the codes of a block, now and then some that are none. */
static inline void draw_codes(struct draft_codes *codes)
{
    uint16_t symbols[LITLENS];
    memset(codes->bits, 0, sizeof codes->bits);
    int count = draw_symbols(symbols, 0, 256, PICK(1, 1, 3, 20, 100));
    if (!one_in(40))
        symbols[count++] = 256;
    count += draw_symbols(symbols + count, 257, one_in(6) ? LITLENS : 286, PICK(1, 2, 6, 15, 40));
    if (one_in(50))
        count = 0;
    if (one_in(4) && count > 256) { /* literals of 8 bits, as in noise */
        for (int k = 0; k < count; k++)
            codes->bits[symbols[k]] = k < 512 - count ? 8 : 9;
    } else
        draw_code(codes->bits, symbols, count, 15, !one_in(3));
    count = draw_symbols(symbols, 0, one_in(6) ? DISTANCES : 30, PICK(1, 2, 3, 10, 30));
    draw_code(codes->bits + LITLENS, symbols, count, 15, true);
    if (one_in(30)) /* a codeword more, less, shorter or longer */
        codes->bits[roll(0, LITLENS + DISTANCES - 1)] = (unsigned char)roll(0, 15);
    if (one_in(30))
        codes->bits[LITLENS + roll(0, DISTANCES - 1)] = (unsigned char)roll(0, 15);
    complete_codes(codes);
    if (one_in(4))
        codes->litlens = (unsigned)roll((int)codes->litlens, LITLENS);
    if (one_in(4))
        codes->distance_codes = (unsigned)roll((int)codes->distance_codes, DISTANCES);
}

/* A match of any symbols; seldom from before the beginning. */
static inline void draw_match(struct draft *draft, const struct draft_codes *codes)
{
    const unsigned symbol = codes->lengths[roll(0, codes->length_count - 1)];
    const unsigned distance = codes->distances[roll(0, codes->distance_count - 1)];
    const unsigned extra = 1u << length_extra(symbol), base = distance_base(distance);
    unsigned more = (1u << distance_extra(distance)) - 1;
    const bool is_faulty = one_in(300);
    if (base > draft->out_bytes && !is_faulty)
        return;
    if (base + more > draft->out_bytes && !is_faulty)
        more = (unsigned)draft->out_bytes - base;
    more = one_in(3) ? more : (unsigned)roll(0, (int)more);
    put_match(draft, codes, symbol, (unsigned)roll(0, (int)extra - 1), distance, more);
}

/* Symbols until the stream or its result is so long. */
static inline void draw_symbols_of_block(struct draft *draft, const struct draft_codes *codes,
                                         size_t in_bytes, size_t out_bytes)
{
    const int matches = PICK(0, 1, 30, 60, 100); /* of 100 */
    for (int tries = 4096; tries && draft->in_bytes < in_bytes && draft->out_bytes < out_bytes;
         tries--) {
        const bool is_match = roll(0, 99) < matches || !codes->literal_count;
        if (is_match && codes->length_count && codes->distance_count)
            draw_match(draft, codes);
        else if (codes->literal_count)
            put_literal(draft, codes, codes->literals[roll(0, codes->literal_count - 1)]);
    }
    if (!one_in(100))
        put_symbol(draft, codes, 256);
}

static inline void draw_block(struct draft *draft, const struct draft_codes *pool, int pool_count,
                              size_t more, bool is_last)
{
    static const unsigned char zeros[65536];
    const int kind = one_in(300) ? 3 : PICK(0, 1, 2, 2, 2, 2);
    const struct draft_codes *codes = &pool[kind == 1 ? 0 : roll(1, pool_count - 1)];
    put_bits(draft, is_last, 1);
    put_bits(draft, (unsigned)kind, 2);
    if (kind == 0) {
        const unsigned count = (unsigned)roll(0, more > 65535 ? 65535 : (int)more);
        put_stored(draft, draft->out_bytes > count && one_in(2) ? draft->out : zeros, count,
                   count ^ (one_in(100) ? 0xfffe : 0xffff));
        return;
    }
    if (kind == 2)
        put_codes(draft, codes, false);
    draw_symbols_of_block(draft, codes, draft->in_bytes + more, draft->out_bytes + 16 * more);
}

/* Draws a stream, sound in most cases. pool[0]: the fixed codes. */
static inline void draw_draft(struct draft *draft, const struct draft_codes *pool, int pool_count)
{
    const int blocks = PICK(1, 1, 1, 2, 3, 6);
    begin_draft(draft);
    if (one_in(1000)) { /* so that distances can be long */
        static unsigned char noise[40000];
        for (size_t k = 0; k < sizeof noise; k += 7)
            noise[k] = (unsigned char)roll(0, 255);
        put_bits(draft, 0, 3);
        put_stored(draft, noise, sizeof noise, sizeof noise ^ 0xffff);
    }
    for (int k = 1; k <= blocks; k++)
        draw_block(draft, pool, pool_count, (size_t)PICK(0, 2, 20, 60, 200), k == blocks);
    end_draft(draft);
    if (one_in(2)) /* bytes behind the stream, where loops may read */
        for (int k = roll(0, 200); k; k--)
            draft->in[draft->in_bytes++] = (unsigned char)k;
}

static inline void copy_draft(struct draft *copy, const struct draft *draft)
{
    copy->in_bytes = draft->in_bytes;
    copy->out_bytes = draft->out_bytes;
    copy->may_overrun = draft->may_overrun;
    memcpy(copy->in, draft->in, draft->in_bytes);
}

/* Changes some bits and the length. Most times the checksum is made right again, if a stream is
 * left. */
static inline void mutate_draft(struct draft *draft, struct libdeflate_decompressor *judge)
{
    static unsigned char out[DRAFT_ROOM];
    size_t in_bytes, out_bytes;
    draft->may_overrun = true;
    for (int times = PICK(0, 1, 1, 1, 2, 5); times; times--) {
        const size_t at = (size_t)roll(one_in(10) ? 0 : 2, (int)draft->in_bytes - 1);
        draft->in[at] ^= (unsigned char)(1u << roll(0, 7));
    }
    if (one_in(5))
        draft->in_bytes = (size_t)roll(6, (int)draft->in_bytes);
    if (one_in(4))
        return;
    if (libdeflate_deflate_decompress_ex(judge, draft->in + 2, draft->in_bytes - 2, out, sizeof out,
                                         &in_bytes, &out_bytes) == LIBDEFLATE_SUCCESS) {
        put_adler(draft->in + 2 + in_bytes, libdeflate_adler32(1, out, out_bytes));
        if (draft->in_bytes < in_bytes + 6)
            draft->in_bytes = in_bytes + 6 - (size_t)PICK(0, 0, 0, 1);
        draft->out_bytes = out_bytes;
    }
}

/* A capacity for what inflates to `bytes`. */
static inline size_t draw_capacity(size_t bytes)
{
    switch (roll(0, 15)) {
    case 0:
        return bytes - (bytes ? 1 : 0);
    case 1:
        return (size_t)roll(0, (int)bytes);
    case 2:
    case 3:
        return bytes + (size_t)roll(0, 1000);
    case 4:
    case 5:
        return bytes + 2000;
    default:
        return bytes;
    }
}

#endif
