/*
 * Every form of inflating gives what libdeflate gives of sound streams, and touches no byte beyond
 * its input and output: alone and in pairs, with memory that ends behind and before them.
 */
#include "inflate_pairs.h"

static void test_matches_of_every_length_and_short_distance(void **state)
{
    static const unsigned distances[] = {64, 65, 66, 127, 128, 129, 257, 258, 259};
    const struct draft_codes *codes[] = {&fixed, &all, &noise, &deep};
    (void)state;
    for (int behind = 0; behind < 2; behind++)
        for (unsigned distance = 1; distance < 64 + 9; distance++) {
            const unsigned back = distance < 64 ? distance : distances[distance - 64];
            const struct draft_codes *block = codes[distance % 4];
            begin_draft(&draft);
            begin_dynamic(block, false);
            put_some_literals(block, 259);
            for (unsigned length = 3; length < 259; length++) {
                put_length_and_distance(block, length, back);
                put_literal(&draft, block, block->literals[length % 8]);
            }
            put_symbol(&draft, block, 256);
            begin_fixed(true);
            put_length_and_distance(&fixed, 258 - distance, back);
            put_symbol(&draft, &fixed, 256);
            end_with_bytes_behind(behind ? 200 : 0);
            set_trial(&trials[0], &draft, draft.out_bytes + (behind ? 1000 : 0));
            try_all("lengths");
            assert_true(trials[0].is_right);
            assert_memory_equal(trials[0].out, draft.out, draft.out_bytes);
        }
}

/* Both symbols of length 258, with and without extra bits. */
static void test_both_ways_to_write_length_258(void **state)
{
    (void)state;
    begin_draft(&draft);
    begin_fixed(true);
    put_some_literals(&fixed, 40);
    put_match(&draft, &fixed, 284, 31, 3, 0);
    put_match(&draft, &fixed, 285, 0, 8, 5);
    put_symbol(&draft, &fixed, 256);
    end_with_bytes_behind(100);
    try_right("258");
}

static void test_stored_blocks(void **state)
{
    static const unsigned sizes[] = {0, 1, 2, 321, 322, 5000, 65535};
    static unsigned char bytes[65535];
    (void)state;
    for (size_t k = 0; k < sizeof bytes; k++)
        bytes[k] = (unsigned char)roll(0, 255);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (unsigned shift = 0; shift < 9; shift++) {
            begin_draft(&draft);
            for (unsigned b = 0; b < shift; b++) { /* empty blocks, so that it begins at any bit */
                begin_fixed(false);
                put_symbol(&draft, &fixed, 256);
            }
            put_bits(&draft, 1, 3);
            put_stored(&draft, bytes, sizes[k], sizes[k] ^ 0xffff);
            end_draft(&draft);
            try_right("stored");
            draft.in_bytes -= 5; /* a byte of the block is missing */
            try_any("stored, cut off");
            begin_draft(&draft);
            put_bits(&draft, 1, 3);
            put_stored(&draft, bytes, sizes[k], sizes[k] ^ (0xffff - (1u << shift)));
            end_draft(&draft);
            try_any("stored, of two lengths");
            assert_false(trials[0].is_right);
        }
}

static void test_many_blocks_and_empty_ones(void **state)
{
    (void)state;
    for (int seed = 0; seed < 30; seed++) {
        begin_draft(&draft);
        for (int block = roll(1, 60); block; block--) {
            const struct draft_codes *const codes[] = {&fixed, &all, &deep, &single, &none, &noise};
            const int which = roll(-1, 5);
            const bool is_last = block == 1;
            if (which < 0) {
                put_bits(&draft, is_last, 3);
                put_stored(&draft, draft.in, 2, 2 ^ 0xffff);
                continue;
            }
            if (which)
                begin_dynamic(codes[which], is_last);
            else
                begin_fixed(is_last);
            put_some_literals(codes[which], PICK(0, 0, 1, 2, 300));
            put_symbol(&draft, codes[which], 256);
        }
        end_with_bytes_behind(seed % 2 ? 150 : 0);
        try_right("many blocks");
    }
}

static void test_long_codewords_and_the_end_in_a_subtable(void **state)
{
    (void)state;
    for (int literals = 0; literals < 20; literals++) {
        begin_draft(&draft);
        begin_dynamic(&deep, false);
        for (int k = 0; k < literals; k++)
            put_literal(&draft, &deep, deep.literals[k % deep.literal_count]);
        for (int k = 0; k < deep.length_count && literals > 8; k++)
            put_match(&draft, &deep, deep.lengths[k], (1u << length_extra(deep.lengths[k])) - 1,
                      (unsigned)k % 4, 0);
        put_symbol(&draft, &deep, 256);
        begin_dynamic(&all, true);
        for (int k = 0; k < all.literal_count; k++)
            put_literal(&draft, &all, all.literals[k]);
        for (int k = 0; k < all.length_count; k++)
            put_match(&draft, &all, all.lengths[k], 0, (unsigned)k % 16, 0);
        put_symbol(&draft, &all, 256);
        end_with_bytes_behind(literals * 10);
        try_right("long codewords");
    }
}

/* Windows go on at their beginning while matches refer to bytes far before, and blocks are stored.
 */
static void test_windows_that_go_on_at_their_beginning(void **state)
{
    static unsigned char bytes[65535];
    (void)state;
    for (size_t k = 0; k < sizeof bytes; k++)
        bytes[k] = (unsigned char)roll(0, 255);
    for (int seed = 0; seed < 60; seed++) {
        begin_draft(&draft);
        begin_dynamic(&noise, false);
        put_some_literals(&noise, 32768 + seed);
        put_symbol(&draft, &noise, 256);
        if (seed % 3 == 0) {
            put_bits(&draft, 0, 3);
            put_stored(&draft, bytes, seed % 2 ? 65535 : 50000, seed % 2 ? 0 : 50000 ^ 0xffff);
        }
        begin_dynamic(&all, true);
        while (draft.out_bytes < DRAFT_ROOM - 1000 && draft.in_bytes < DRAFT_ROOM - 1000) {
            put_length_and_distance(&all, (unsigned)roll(3, 258),
                                    (unsigned)PICK(1, 2, 63, 64, 1000, 32000, 32767, 32768));
            put_some_literals(&all, roll(0, 3));
        }
        put_symbol(&draft, &all, 256);
        end_with_bytes_behind(seed % 2 ? 200 : 0);
        do
            set_trial(&trials[0], &draft, draft.out_bytes + (seed % 4 ? 0 : 700));
        while (!trials[0].has_needed);
        try_all("windows");
        assert_true(trials[0].is_right);
        trials[0].needed = (struct cn_runs){0, draft.out_bytes, {1, 1, 1}, {0, 0, 0}};
        try_all("windows, all bytes");
    }
}

/* Both halves of a code of one codeword of one bit mean it. */
static void test_a_single_codeword_has_both_bits(void **state)
{
    (void)state;
    for (int behind = 0; behind < 300; behind += 299)
        for (unsigned bit = 0; bit < 2; bit++) {
            begin_draft(&draft);
            begin_dynamic(&single, true);
            put_literal(&draft, &single, 77);
            for (int k = 0; k < 50; k++) {
                put_symbol(&draft, &single, 260);
                put_bits(&draft, bit, 1);
                memset(draft.out + draft.out_bytes, 77, 6);
                draft.out_bytes += 6;
            }
            put_symbol(&draft, &single, 256);
            end_with_bytes_behind(behind);
            try_right("a single codeword");
            begin_draft(&draft);
            begin_dynamic(&none, true);
            put_some_literals(&none, 300);
            put_symbol(&draft, &none, 256);
            end_with_bytes_behind(behind);
            try_right("no codeword");
        }
}

/* Steps that decode and read the most: 64 literals, then a match. Memory ends where loops must not
 * go on, which the lengths of what is before and behind move. */
static void test_the_largest_steps(void **state)
{
    (void)state;
    for (int before = 0; before < 72; before++) {
        begin_draft(&draft);
        begin_dynamic(&noise, true);
        put_some_literals(&noise, 1 + before);
        for (int k = 0; k < 40; k++) {
            for (int n = 0; n < 64; n++)
                put_literal(&draft, &noise, (unsigned)roll(0, 225));
            if (before % 2) /* long in the input */
                put_length_and_distance(&noise, 257, (unsigned)draft.out_bytes);
            else
                put_length_and_distance(&noise, 258, 1 + (unsigned)before);
        }
        put_symbol(&draft, &noise, 256);
        end_draft(&draft);
        set_trial(&trials[0], &draft, draft.out_bytes);
        try_all("large steps");
        assert_true(trials[0].is_right);
        set_trial(&trials[0], &draft, draft.out_bytes + 700); /* only the input ends */
        try_all("large steps");
        for (int k = 0; k < 200; k++)
            draft.in[draft.in_bytes++] = 0;
        set_trial(&trials[0], &draft, draft.out_bytes); /* only the output ends */
        try_all("large steps");
    }
}

/* Nothing, and results around what loops leave. */
static void test_sizes_around_the_limits_of_loops(void **state)
{
    static const int edges[] = {0,
                                CN_BEYOND_OUT,
                                CN_BEYOND_OUT + CN_STEP_OUT,
                                CN_BEYOND_OUT + 2 * CN_STEP_OUT,
                                CN_BEYOND_IN + CN_STEP_IN,
                                CN_BEYOND_IN,
                                CN_BEYOND_IN + 2 * CN_STEP_IN};
    const struct draft_codes *const codes[] = {&fixed, &noise, &all};
    (void)state;
    for (int c = 0; c < 3; c++)
        for (size_t e = 0; e < sizeof edges / sizeof *edges; e++)
            for (int more = -9; more < 10; more++) {
                if (edges[e] + more < 0)
                    continue;
                begin_draft(&draft);
                if (c)
                    begin_dynamic(codes[c], true);
                else
                    begin_fixed(true);
                put_some_literals(codes[c], edges[e] + more);
                put_symbol(&draft, codes[c], 256);
                end_with_bytes_behind(c ? 0 : 10);
                try_any("sizes");
                assert_true(trials[0].is_right);
            }
    for (size_t bytes = 0; bytes < 8; bytes++) {
        begin_draft(&draft);
        draft.in[2] = 3;
        memset(draft.in + 3, 0, 5);
        draft.in[7] = 1;
        draft.in_bytes = bytes;
        try_any("hardly a stream");
    }
}

static void test_what_compressors_write(void **state)
{
    (void)state;
    for (int level = 0; level < 13; level++) {
        struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
        for (int kind = 0; kind < 4; kind++) {
            draft.out_bytes = (size_t)PICK(1, 2, 500, 30000, 100000);
            for (size_t k = 0; k < draft.out_bytes; k++)
                draft.out[k] = (unsigned char)(kind == 0   ? 0
                                               : kind == 1 ? roll(0, 255)
                                               : kind == 2 ? (int)(k / 17 + k % 3)
                                                           : roll(0, 255) & roll(0, 255));
            draft.in_bytes = libdeflate_zlib_compress(compressor, draft.out, draft.out_bytes,
                                                      draft.in, DRAFT_ROOM);
            draft.may_overrun = false;
            try_right("compressed");
        }
        libdeflate_free_compressor(compressor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches_of_every_length_and_short_distance),
        cmocka_unit_test(test_both_ways_to_write_length_258),
        cmocka_unit_test(test_stored_blocks),
        cmocka_unit_test(test_many_blocks_and_empty_ones),
        cmocka_unit_test(test_long_codewords_and_the_end_in_a_subtable),
        cmocka_unit_test(test_windows_that_go_on_at_their_beginning),
        cmocka_unit_test(test_a_single_codeword_has_both_bits),
        cmocka_unit_test(test_the_largest_steps),
        cmocka_unit_test(test_sizes_around_the_limits_of_loops),
        cmocka_unit_test(test_what_compressors_write),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
