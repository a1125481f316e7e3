/*
 * As test_inflate, of streams that are wrong or look so: no form accepts what libdeflate rejects.
 * fuzz/fuzz_inflate.c draws them for long.
 */
#include "inflate_pairs.h"

/* The farthest byte, and one that is before the first. */
static void test_far_distances_and_those_beyond_the_beginning(void **state)
{
    static unsigned char bytes[32768];
    (void)state;
    for (size_t k = 0; k < sizeof bytes; k++)
        bytes[k] = (unsigned char)roll(0, 255);
    for (int behind = 0; behind < 200; behind += 199)
        for (unsigned size = 32766; size <= 32768; size++)
            for (unsigned distance = 32766; distance <= 32768; distance++) {
                begin_draft(&draft);
                put_bits(&draft, 0, 3);
                put_stored(&draft, bytes, size, size ^ 0xffff);
                begin_fixed(true);
                put_length_and_distance(&fixed, 100, distance);
                put_some_literals(&fixed, 3);
                put_symbol(&draft, &fixed, 256);
                end_with_bytes_behind(behind);
                try_any("far");
                assert_int_equal(trials[0].is_right, distance <= size);
            }
    for (unsigned symbol = 0; symbol < 32;
         symbol++) { /* from nothing; 30 and 31 are no distances */
        begin_draft(&draft);
        begin_fixed(true);
        put_match(&draft, &fixed, 257, 0, symbol, 0);
        put_symbol(&draft, &fixed, 256);
        end_with_bytes_behind(200);
        try_any("from nothing");
        assert_false(trials[0].is_right);
    }
}

/* Lengths and distances of symbols that no compressor writes. */
static void test_symbols_that_do_not_exist(void **state)
{
    static unsigned char bytes[40000];
    (void)state;
    for (int behind = 0; behind < 200; behind += 199)
        for (unsigned symbol = 285; symbol < LITLENS; symbol++)
            for (unsigned distance = 29; distance < DISTANCES; distance++) {
                begin_draft(&draft);
                put_bits(&draft, 0, 3);
                put_stored(&draft, bytes, sizeof bytes, sizeof bytes ^ 0xffff);
                begin_fixed(true);
                put_match(&draft, &fixed, symbol, 0, distance, 17);
                put_symbol(&draft, &fixed, 256);
                end_with_bytes_behind(behind);
                try_any("no symbols");
            }
}

/* Codes that are none, incomplete, over-subscribed, or of a single codeword. */
static void test_codes_that_are_none(void **state)
{
    static const unsigned char sets[][6] = {
        {0, 0, 0, 0},  {1, 0, 0, 0},  {2, 0, 0, 0}, {15, 0, 0, 0}, {1, 1, 0, 0}, {1, 2, 0, 0},
        {2, 2, 2, 0},  {2, 2, 2, 2},  {1, 2, 3, 3}, {1, 1, 1, 0},  {1, 2, 2, 2}, {15, 15, 0, 0},
        {1, 15, 0, 0}, {1, 2, 3, 15}, {9, 9, 9, 9}, {12, 1, 12, 0}};
    enum { SETS = sizeof sets / sizeof *sets };
    (void)state;
    for (int litlen = 0; litlen < SETS; litlen++)
        for (int distance = 0; distance < SETS; distance++)
            for (int symbols = 0; symbols < 2; symbols++) {
                static const unsigned places[2][4] = {{256, 65, 257, 66}, {0, 256, 257, 285}};
                struct draft_codes codes;
                memset(codes.bits, 0, sizeof codes.bits);
                for (int k = 0; k < 4; k++) {
                    codes.bits[places[symbols][k]] = sets[litlen][k];
                    codes.bits[LITLENS + k * 3] = sets[distance][k];
                }
                complete_codes(&codes);
                begin_draft(&draft);
                begin_dynamic(&codes, true);
                if (codes.literal_count)
                    put_some_literals(&codes, 20);
                if (codes.length_count && codes.distance_count)
                    put_match(&draft, &codes, codes.lengths[0], 0, codes.distances[0], 0);
                if (codes.bits[256])
                    put_symbol(&draft, &codes, 256);
                end_with_bytes_behind(150);
                try_any("no code");
            }
}

/* --- headers, written by hand --- */

/* A dynamic block whose header has these symbols, and these extra bits; then a literal and the end.
 */
struct by_hand {
    const char *name;
    unsigned litlens, distance_codes;
    int count;
    unsigned symbols[16], more[16];
    bool must_be_right;
};

/* 64 zeros, a codeword of one bit, 191 zeros, another one: the literal 64 and the end. */
#define TWO_CODEWORDS 18, 1, 18, 18, 1
#define THEIR_ZEROS   53, 0, 127, 42, 0

static const struct by_hand headers[] = {
    {"HLIT 257", 257, 1, 6, {TWO_CODEWORDS, 0}, {THEIR_ZEROS}, true},
    {"HLIT 286", 286, 1, 7, {TWO_CODEWORDS, 18, 0}, {THEIR_ZEROS, 18}, true},
    {"HLIT 287", 287, 1, 7, {TWO_CODEWORDS, 18, 0}, {THEIR_ZEROS, 19}, true},
    {"HLIT 288", 288, 1, 7, {TWO_CODEWORDS, 18, 0}, {THEIR_ZEROS, 20}, true},
    {"HDIST 32", 257, 32, 6, {TWO_CODEWORDS, 18}, {THEIR_ZEROS, 21}, true},
    {"32 distances",
     257,
     32,
     12,
     {TWO_CODEWORDS, 5, 16, 16, 16, 16, 16, 5},
     {THEIR_ZEROS, 0, 3, 3, 3, 3, 3},
     true},
    {"18 across", 286, 10, 6, {TWO_CODEWORDS, 18}, {THEIR_ZEROS, 28}, true},
    {"16 across", 257, 4, 6, {TWO_CODEWORDS, 16}, {THEIR_ZEROS, 1}, false},
    {"16 first", 257, 1, 5, {16, 18, 18, 1, 0}, {0, 127, 108}, false},
    {"16 beyond", 257, 2, 7, {TWO_CODEWORDS, 0, 16}, {THEIR_ZEROS}, false},
    {"17 beyond", 257, 2, 6, {TWO_CODEWORDS, 17}, {THEIR_ZEROS}, false},
    {"18 beyond", 257, 1, 6, {TWO_CODEWORDS, 18}, {THEIR_ZEROS, 127}, false},
    {"18 beyond all by one", 288, 32, 6, {TWO_CODEWORDS, 18}, {THEIR_ZEROS, 53}, false},
    {"18 beyond, the most", 288, 32, 7, {TWO_CODEWORDS, 18, 18}, {THEIR_ZEROS, 51, 127}, false},
    {"too few", 288, 32, 5, {TWO_CODEWORDS}, {THEIR_ZEROS}, false},
};

static void put_by_hand(const struct by_hand *header)
{
    static const unsigned char order[PRECODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                  11, 4,  12, 3, 13, 2, 14, 1, 15};
    unsigned char precode[PRECODES] = {0};
    uint16_t codewords[PRECODES];
    precode[0] = precode[1] = precode[5] = precode[16] = 3;
    precode[17] = precode[18] = 2;
    number_codewords(precode, PRECODES, codewords);
    put_bits(&draft, 5, 3);
    put_bits(&draft, header->litlens - 257, 5);
    put_bits(&draft, header->distance_codes - 1, 5);
    put_bits(&draft, 18 - 4, 4);
    for (int k = 0; k < 18; k++)
        put_bits(&draft, precode[order[k]], 3);
    for (int k = 0; k < header->count; k++) {
        const unsigned symbol = header->symbols[k];
        put_bits(&draft, codewords[symbol], precode[symbol]);
        put_bits(&draft, header->more[k],
                 symbol < 16    ? 0
                 : symbol == 16 ? 2
                 : symbol == 17 ? 3
                                : 7);
    }
}

/* Whatever this libdeflate says of it. */
static void assert_left_to_libdeflate(const char *name)
{
    for (size_t f = 0; cn_inflate_forms()[f]; f++) {
        struct cn_zlib stream = {.in = draft.in,
                                 .in_bytes = draft.in_bytes,
                                 .out = trials[0].out,
                                 .capacity = MOST_CAPACITY};
        if (!cn_inflate_forms()[f]->loops)
            continue;
        cn_inflate(inflater, cn_inflate_forms()[f], &stream, 1);
        assert_row(!stream.is_right, name);
    }
}

static void test_headers_at_the_edges(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof headers / sizeof *headers; k++) {
        begin_draft(&draft);
        put_by_hand(&headers[k]);
        put_bits(&draft, 0, 1); /* the literal 64 */
        draft.out[draft.out_bytes++] = 64;
        put_bits(&draft, 1, 1);
        end_with_bytes_behind(100);
        draft.may_overrun = strstr(headers[k].name, "beyond") != NULL;
        try_any(headers[k].name);
        if (draft.may_overrun)
            assert_left_to_libdeflate(headers[k].name);
        if (headers[k].must_be_right)
            assert_row(trials[0].is_right, headers[k].name);
    }
}

static void test_bad_kinds_of_blocks_and_bad_headers(void **state)
{
    (void)state;
    for (unsigned word = 0; word < 65536; word += word < 0x7700 || word > 0x79ff ? 257 : 1) {
        begin_draft(&draft);
        draft.in[0] = (unsigned char)(word >> 8); /* window, method, dictionary, check */
        draft.in[1] = (unsigned char)word;
        begin_fixed(true);
        put_some_literals(&fixed, 3);
        put_symbol(&draft, &fixed, 256);
        end_draft(&draft);
        set_trial(&trials[0], &draft, draft.out_bytes);
        judge_trial(&trials[0], judge);
        for (size_t f = 0; cn_inflate_forms()[f]; f++)
            if (cn_inflate_forms()[f]->loops) {
                struct trial *alone[1] = {&trials[0]};
                const char *what =
                    difference(&fences, inflater, cn_inflate_forms()[f], alone, 1, true);
                if (what)
                    fail_form("header", cn_inflate_forms()[f], what, "alone");
            }
    }
    for (int bit = 0; bit < 32; bit++) { /* a wrong checksum */
        begin_draft(&draft);
        begin_fixed(true);
        put_some_literals(&fixed, 30);
        put_symbol(&draft, &fixed, 256);
        end_draft(&draft);
        draft.in[draft.in_bytes - 1 - (size_t)bit / 8] ^= (unsigned char)(1u << bit % 8);
        try_any("a wrong checksum");
        assert_false(trials[0].is_right);
    }
    begin_draft(&draft);
    put_bits(&draft, 7, 3);
    end_with_bytes_behind(100);
    try_any("a block of kind 3");
    assert_false(trials[0].is_right);
}

/* A stream of some KB cut off at every byte, with every capacity. */
static void test_cut_off_streams_and_small_capacities(void **state)
{
    (void)state;
    begin_draft(&draft);
    begin_dynamic(&noise, false);
    put_some_literals(&noise, 700);
    put_symbol(&draft, &noise, 256);
    begin_dynamic(&all, false);
    put_some_literals(&all, 100);
    for (int k = 0; k < 200; k++) {
        put_length_and_distance(&all, (unsigned)roll(3, 30), (unsigned)roll(1, 300));
        put_some_literals(&all, roll(0, 3));
    }
    put_symbol(&draft, &all, 256);
    put_bits(&draft, 0, 3);
    put_stored(&draft, draft.in, 200, 200 ^ 0xffff);
    begin_fixed(true);
    put_some_literals(&fixed, 200);
    put_symbol(&draft, &fixed, 256);
    end_draft(&draft);
    const size_t whole = draft.in_bytes;
    assert_true(whole > 1500);
    for (draft.in_bytes = 0; draft.in_bytes < whole; draft.in_bytes++) {
        set_trial(&trials[0], &draft, draft.out_bytes + 1000);
        try_with("cut off", draft.in_bytes % 8 ? 0 : 3);
        assert_false(trials[0].is_right);
    }
    for (size_t capacity = 0; capacity < draft.out_bytes + 400; capacity++) {
        set_trial(&trials[0], &draft, capacity);
        try_with("capacity", capacity % 8 ? 0 : 3);
    }
    /* a checksum where the stream is cut off, so that it looks complete */
    for (size_t in_bytes = 6; in_bytes < whole; in_bytes += 3) {
        unsigned char kept[4];
        memcpy(kept, draft.in + in_bytes - 4, 4);
        put_adler(draft.in + in_bytes - 4, 1);
        draft.in_bytes = in_bytes;
        set_trial(&trials[0], &draft, draft.out_bytes + 1000);
        try_with("cut off before a checksum", in_bytes % 8 ? 0 : 3);
        memcpy(draft.in + in_bytes - 4, kept, 4);
    }
}

static void test_drawn_streams(void **state)
{
    enum { POOL = 32, STREAMS = 100000 };
    static struct draft_codes pool[POOL];
    static struct draft drafts[2], changed[2];
    struct trial *const pair[2] = {&trials[0], &trials[1]};
    int right = 0;
    (void)state;
    pool[0] = fixed;
    const uint64_t seed = seed_of_test();
    for (uint64_t item = 0; item < STREAMS / 2; item++) {
        if (item % 512 == 0) {
            seed_dice(seed, item);
            for (int k = 1; k < POOL; k++)
                draw_codes(&pool[k]);
        }
        for (int k = 0; k < 2; k++) {
            if (item % 512 == 0 || one_in(3))
                draw_draft(&drafts[k], pool, POOL);
            copy_draft(&changed[k], &drafts[k]);
            if (one_in(2))
                mutate_draft(&changed[k], judge);
            set_trial(&trials[k], &changed[k], draw_capacity(changed[k].out_bytes));
            judge_trial(&trials[k], judge);
            right += trials[k].is_right;
        }
        for (size_t f = 0; cn_inflate_forms()[f]; f++) {
            const struct cn_inflate_form *form = cn_inflate_forms()[f];
            const char *what =
                form->loops ? difference(&fences, inflater, form, pair, 2, item % 8 != 0) : NULL;
            if (what)
                fail_msg("pair %llu: %s %s", (unsigned long long)item, form->name, what);
        }
    }
    assert_true(right > STREAMS / 4);
    assert_true(left_to_libdeflate < STREAMS / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_far_distances_and_those_beyond_the_beginning),
        cmocka_unit_test(test_symbols_that_do_not_exist),
        cmocka_unit_test(test_codes_that_are_none),
        cmocka_unit_test(test_headers_at_the_edges),
        cmocka_unit_test(test_bad_kinds_of_blocks_and_bad_headers),
        cmocka_unit_test(test_cut_off_streams_and_small_capacities),
        cmocka_unit_test(test_drawn_streams),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
