/*
 * The prefix codes of a block of DEFLATE (RFC 1951), as tables to look symbols up in.
 *
 * A table has an entry for each value of the next bits, and subtables for longer codewords. Entries
 * of both tables:
 *   bits 0-5    bits of the codeword and of the extra bits after it
 *   bits 8-12   bits of the codeword
 *   bit  14     CN_LITERAL
 *   bit  15     CN_RARE: the end of the block, or a subtable
 *   bits 16-31  the literal; the base of a length or a distance; the first entry of a subtable,
 *               whose index has as many bits as bits 8-12 say; CN_END_OF_BLOCK
 */
#ifndef CLIMNORM_CODEC_INFLATE_CODES_H
#define CLIMNORM_CODEC_INFLATE_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CN_LITLEN_BITS = 11, /* of an index */
    CN_DISTANCE_BITS = 8,
    CN_LITLEN_ENTRIES = 2342, /* the most for 288 codewords of at most 15 bits */
    CN_DISTANCE_ENTRIES = 402,
    CN_LITERAL = 1 << 14,
    CN_RARE = 1 << 15,
    CN_END_OF_BLOCK = 0xffff
};

struct cn_codes {
    uint32_t litlen[CN_LITLEN_ENTRIES];
    uint32_t distance[CN_DISTANCE_ENTRIES];
    unsigned char bytes[256]; /* the literals of 8 bits, in the order of their codewords */
    unsigned first_byte;      /* the codeword of the first, its first bit the highest */
    unsigned byte_count;
    unsigned literal_share; /* of the code, of 32768: how often a symbol is a literal */
    bool are_fixed;         /* those that every fixed block has */
};

/* Where a block stands: bits of in[in_bytes], of which *position were read. */
struct cn_bits {
    const unsigned char *in;
    size_t in_bytes;
    uint64_t position; /* beyond the last bit: a symbol was cut off */
};

/* Returns: the next bits, 57 at least, zeros beyond the last. */
uint64_t cn_bits_peek(const struct cn_bits *bits);

/* Makes the codes that every fixed block has, unless they are there. */
void cn_codes_set_fixed(struct cn_codes *codes);

/* Reads the codes that a dynamic block begins with.
 * Returns: false where they are none. */
bool cn_codes_read(struct cn_codes *codes, struct cn_bits *bits);

#endif
