/*
 * Canonical codes after RFC 1951, sections 3.2.2 and 3.2.5 to 3.2.7. Which incomplete codes are
 * allowed is libdeflate's choice: that of no codeword, and that of one codeword of one bit.
 */
#include "codec/inflate/codes.h"

#include <endian.h>
#include <string.h>

enum { MOST_BITS = 15, LITLEN_SYMBOLS = 288, DISTANCE_SYMBOLS = 32, PRECODE_SYMBOLS = 19 };
enum { PRECODE_BITS = 7 }; /* also the most that a codeword has */

/* Base and extra bits of the length symbols from 257 on, and of the distance symbols. */
#define SYMBOL(base, extra) ((uint32_t)(base) << 16 | (extra))
static const uint32_t lengths[LITLEN_SYMBOLS - 257] = {
    SYMBOL(3, 0),   SYMBOL(4, 0),   SYMBOL(5, 0),   SYMBOL(6, 0),   SYMBOL(7, 0),   SYMBOL(8, 0),
    SYMBOL(9, 0),   SYMBOL(10, 0),  SYMBOL(11, 1),  SYMBOL(13, 1),  SYMBOL(15, 1),  SYMBOL(17, 1),
    SYMBOL(19, 2),  SYMBOL(23, 2),  SYMBOL(27, 2),  SYMBOL(31, 2),  SYMBOL(35, 3),  SYMBOL(43, 3),
    SYMBOL(51, 3),  SYMBOL(59, 3),  SYMBOL(67, 4),  SYMBOL(83, 4),  SYMBOL(99, 4),  SYMBOL(115, 4),
    SYMBOL(131, 5), SYMBOL(163, 5), SYMBOL(195, 5), SYMBOL(227, 5), SYMBOL(258, 0), SYMBOL(258, 0),
    SYMBOL(258, 0),
};
static const uint32_t distances[DISTANCE_SYMBOLS] = {
    SYMBOL(1, 0),      SYMBOL(2, 0),      SYMBOL(3, 0),      SYMBOL(4, 0),      SYMBOL(5, 1),
    SYMBOL(7, 1),      SYMBOL(9, 2),      SYMBOL(13, 2),     SYMBOL(17, 3),     SYMBOL(25, 3),
    SYMBOL(33, 4),     SYMBOL(49, 4),     SYMBOL(65, 5),     SYMBOL(97, 5),     SYMBOL(129, 6),
    SYMBOL(193, 6),    SYMBOL(257, 7),    SYMBOL(385, 7),    SYMBOL(513, 8),    SYMBOL(769, 8),
    SYMBOL(1025, 9),   SYMBOL(1537, 9),   SYMBOL(2049, 10),  SYMBOL(3073, 10),  SYMBOL(4097, 11),
    SYMBOL(6145, 11),  SYMBOL(8193, 12),  SYMBOL(12289, 12), SYMBOL(16385, 13), SYMBOL(24577, 13),
    SYMBOL(24577, 13), SYMBOL(24577, 13),
};

/* An entry without the bits of its codeword: flags, base and extra bits. */
static uint32_t litlen_symbol(unsigned symbol)
{
    if (symbol < 256)
        return symbol << 16 | CN_LITERAL;
    if (symbol == 256)
        return (uint32_t)CN_END_OF_BLOCK << 16 | CN_RARE;
    return lengths[symbol - 257];
}

static uint32_t distance_symbol(unsigned symbol)
{
    return distances[symbol];
}

static uint32_t precode_symbol(unsigned symbol)
{
    return symbol << 16;
}

static uint32_t entry_of(uint32_t symbol, unsigned bits)
{
    return symbol + (bits << 8 | bits);
}

/* A code while its table is made. */
struct making {
    uint32_t *table;
    unsigned table_bits;
    uint32_t (*symbol_of)(unsigned symbol);
    unsigned counts[MOST_BITS + 1];  /* of codewords, by their bits */
    uint16_t sorted[LITLEN_SYMBOLS]; /* symbols in the order of their codewords */
    unsigned symbols;                /* of them */
};

/* Adds one to a codeword whose first bit is the lowest. */
static unsigned next_codeword(unsigned codeword, unsigned bits)
{
    const unsigned top = codeword ^ ((1u << bits) - 1);
    if (!top) /* the last of all */
        return 0;
    const unsigned bit = 1u << (31 - __builtin_clz(top));
    return (codeword & (bit - 1)) | bit;
}

/* Sorts the symbols. Returns: the share of the code that they use, of 32768. */
static unsigned sort_symbols(struct making *making, const unsigned char *bits, unsigned count)
{
    unsigned offsets[MOST_BITS + 2] = {0}, used = 0;
    memset(making->counts, 0, sizeof making->counts);
    for (unsigned symbol = 0; symbol < count; symbol++)
        making->counts[bits[symbol]]++;
    for (unsigned length = 1; length <= MOST_BITS; length++) {
        used += making->counts[length] << (MOST_BITS - length);
        offsets[length + 1] = offsets[length] + making->counts[length];
    }
    making->symbols = offsets[MOST_BITS + 1];
    for (unsigned symbol = 0; symbol < count; symbol++)
        if (bits[symbol])
            making->sorted[offsets[bits[symbol]]++] = (uint16_t)symbol;
    return used;
}

/* Makes the subtables, of codewords longer than an index of the table. `codeword` is the first,
 * whose symbol is sorted[next]. */
static void fill_subtables(struct making *making, unsigned length, unsigned codeword, unsigned next)
{
    const unsigned root = making->table_bits, mask = (1u << root) - 1;
    unsigned end = 1u << root, first = 0, prefix = ~0u;
    unsigned left = making->counts[length];
    for (; next < making->symbols; next++) {
        while (!left)
            left = making->counts[++length];
        if ((codeword & mask) != prefix) {
            prefix = codeword & mask;
            first = end;
            unsigned width = length - root;
            /* as wide as the codewords need that begin so */
            for (unsigned used = left; used < 1u << width && width + root < MOST_BITS;)
                used = (used << 1) + making->counts[root + ++width];
            end = first + (1u << width);
            making->table[prefix] = first << 16 | CN_RARE | width << 8 | root;
        }
        const uint32_t entry = entry_of(making->symbol_of(making->sorted[next]), length - root);
        for (unsigned k = first + (codeword >> root); k < end; k += 1u << (length - root))
            making->table[k] = entry;
        codeword = next_codeword(codeword, length);
        left--;
    }
}

/* Makes the table of `count` codewords of so many bits, 0: no codeword.
 * Returns: false where they are no code. */
static bool make_table(struct making *making, const unsigned char *bits, unsigned count)
{
    const unsigned used = sort_symbols(making, bits, count), entries = 1u << making->table_bits;
    if (used > 1u << MOST_BITS)
        return false;
    if (used < 1u << MOST_BITS) {
        if (used && (used != 1u << (MOST_BITS - 1) || making->counts[1] != 1))
            return false;
        const uint32_t entry = entry_of(making->symbol_of(used ? making->sorted[0] : 0), 1);
        for (unsigned k = 0; k < entries; k++)
            making->table[k] = entry;
        return true;
    }
    unsigned codeword = 0, next = 0, length = 1, filled;
    while (!making->counts[length])
        length++;
    filled = 1u << length; /* entries; the table is doubled as codewords grow */
    for (; length <= making->table_bits; length++) {
        for (unsigned k = 0; k < making->counts[length]; k++) {
            making->table[codeword] = entry_of(making->symbol_of(making->sorted[next++]), length);
            codeword = next_codeword(codeword, length);
            if (next == making->symbols) {
                for (; filled < entries; filled *= 2)
                    memcpy(making->table + filled, making->table, filled * sizeof(uint32_t));
                return true;
            }
        }
        if (length < making->table_bits) {
            memcpy(making->table + filled, making->table, filled * sizeof(uint32_t));
            filled *= 2;
        }
    }
    while (length < MOST_BITS && !making->counts[length])
        length++;
    fill_subtables(making, length, codeword, next);
    return true;
}

/* Notes what chooses the loop that decodes the block. */
static void measure_literals(struct cn_codes *codes, const struct making *making,
                             const unsigned char *bits, unsigned count)
{
    unsigned first = 0, next = 0;
    for (unsigned length = 1; length < 8; length++) {
        first = (first + making->counts[length]) << 1;
        next += making->counts[length];
    }
    codes->first_byte = first;
    codes->byte_count = 0;
    for (unsigned k = next; k < next + making->counts[8] && making->sorted[k] < 256; k++)
        codes->bytes[codes->byte_count++] = (unsigned char)making->sorted[k];
    codes->literal_share = 1u << MOST_BITS;
    for (unsigned symbol = 256; symbol < count; symbol++)
        if (bits[symbol])
            codes->literal_share -= 1u << (MOST_BITS - bits[symbol]);
}

static bool make_codes(struct cn_codes *codes, const unsigned char *bits, unsigned litlens,
                       unsigned distance_count)
{
    struct making making = {
        .table = codes->distance, .table_bits = CN_DISTANCE_BITS, .symbol_of = distance_symbol};
    if (!make_table(&making, bits + litlens, distance_count))
        return false;
    making.table = codes->litlen;
    making.table_bits = CN_LITLEN_BITS;
    making.symbol_of = litlen_symbol;
    if (!make_table(&making, bits, litlens))
        return false;
    measure_literals(codes, &making, bits, litlens);
    return true;
}

void cn_codes_set_fixed(struct cn_codes *codes)
{
    unsigned char bits[LITLEN_SYMBOLS + DISTANCE_SYMBOLS];
    if (codes->are_fixed)
        return;
    memset(bits, 8, LITLEN_SYMBOLS);
    memset(bits + 144, 9, 256 - 144);
    memset(bits + 256, 7, 280 - 256);
    memset(bits + LITLEN_SYMBOLS, 5, DISTANCE_SYMBOLS);
    make_codes(codes, bits, LITLEN_SYMBOLS, DISTANCE_SYMBOLS);
    codes->are_fixed = true;
}

uint64_t cn_bits_peek(const struct cn_bits *bits)
{
    const uint64_t at = bits->position >> 3;
    uint64_t word = 0;
    if (at < bits->in_bytes && bits->in_bytes - at >= sizeof word)
        memcpy(&word, bits->in + at, sizeof word);
    else if (at < bits->in_bytes)
        memcpy(&word, bits->in + at, bits->in_bytes - at);
    return le64toh(word) >> (bits->position & 7);
}

static unsigned take_bits(struct cn_bits *bits, unsigned count)
{
    const unsigned taken = (unsigned)cn_bits_peek(bits) & ((1u << count) - 1);
    bits->position += count;
    return taken;
}

/* Reads the bits of `count` codewords, which the precode encodes. */
static bool read_lengths(struct cn_bits *bits, const uint32_t *precode, unsigned char *lengths_read,
                         unsigned count)
{
    enum { ROUND = 4 }; /* symbols of at most 14 bits, in a word */
    static const unsigned char extra[] = {2, 3, 7}, base[] = {3, 3, 11};
    for (unsigned k = 0; k < count;) {
        uint64_t word = cn_bits_peek(bits);
        for (int n = 0; n < ROUND && k < count; n++) {
            const uint32_t entry = precode[word & ((1u << PRECODE_BITS) - 1)];
            const unsigned symbol = entry >> 16;
            word >>= entry & 63;
            bits->position += entry & 63;
            if (symbol < 16) {
                lengths_read[k++] = (unsigned char)symbol;
                continue;
            }
            const unsigned more = extra[symbol - 16];
            const unsigned times = base[symbol - 16] + ((unsigned)word & ((1u << more) - 1));
            word >>= more;
            bits->position += more;
            if ((symbol == 16 && !k) || times > count - k)
                return false;
            memset(lengths_read + k, symbol == 16 ? lengths_read[k - 1] : 0, times);
            k += times;
        }
    }
    return bits->position <= (uint64_t)bits->in_bytes * 8;
}

bool cn_codes_read(struct cn_codes *codes, struct cn_bits *bits)
{
    static const unsigned char order[PRECODE_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                         11, 4,  12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths_read[LITLEN_SYMBOLS + DISTANCE_SYMBOLS];
    unsigned char precode_bits[PRECODE_SYMBOLS] = {0};
    uint32_t precode[1 << PRECODE_BITS];
    struct making making = {
        .table = precode, .table_bits = PRECODE_BITS, .symbol_of = precode_symbol};
    const unsigned litlens = 257 + take_bits(bits, 5), distance_count = 1 + take_bits(bits, 5);
    const unsigned codewords = 4 + take_bits(bits, 4);
    for (unsigned k = 0; k < codewords; k++)
        precode_bits[order[k]] = (unsigned char)take_bits(bits, 3);
    codes->are_fixed = false;
    return make_table(&making, precode_bits, PRECODE_SYMBOLS) &&
           read_lengths(bits, precode, lengths_read, litlens + distance_count) &&
           make_codes(codes, lengths_read, litlens, distance_count);
}
