/*
 * What the tests of inflating share: streams in one draft, tried by every form, alone and in pairs.
 */
#ifndef CLIMNORM_TESTS_INFLATE_PAIRS_H
#define CLIMNORM_TESTS_INFLATE_PAIRS_H

#include "codec/inflate/stream.h"

#include "deflate_drafts.h"
#include "inflate_trials.h"

#include "cn_test.h"

static struct libdeflate_decompressor *judge;
static struct cn_inflater *inflater;
static struct fences fences;
static struct draft draft;
static struct trial trials[2], partners[3];
static struct draft_codes fixed, all, deep, single, none, noise;

static inline void fail_form(const char *name, const struct cn_inflate_form *form, const char *what,
                             const char *how)
{
    fail_msg("%s: %s %s; %s; %zu bytes, capacity %zu", name, form->name, what, how,
             trials[0].in_bytes, trials[0].capacity);
}

/* Tries trials[0] alone, and as the first and second of pairs with some partners. */
static inline void try_with(const char *name, int partner_count)
{
    judge_trial(&trials[0], judge);
    for (size_t f = 0; cn_inflate_forms()[f]; f++) {
        const struct cn_inflate_form *form = cn_inflate_forms()[f];
        for (int at_end = 0; at_end < 2 && form->loops; at_end++) {
            struct trial *alone[1] = {&trials[0]};
            const char *what = difference(&fences, inflater, form, alone, 1, at_end);
            if (what)
                fail_form(name, form, what, "alone");
            for (int k = 0; k < 2 * partner_count; k++) {
                struct trial *const partner = &partners[k / 2];
                struct trial *pair[2] = {k % 2 ? partner : &trials[0],
                                         k % 2 ? &trials[0] : partner};
                what = difference(&fences, inflater, form, pair, 2, at_end);
                if (what)
                    fail_form(name, form, what, k % 2 ? "as the second" : "as the first");
            }
        }
    }
}

static inline void try_all(const char *name)
{
    try_with(name, 3);
}

/* What must be right, and is, with room for loops and without. */
static inline void try_right(const char *name)
{
    static const size_t more[] = {0, 1, 63, CN_BEYOND_OUT, CN_BEYOND_OUT + CN_STEP_OUT, 3000};
    for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
        set_trial(&trials[0], &draft, draft.out_bytes + more[k]);
        try_all(name);
        assert_row(trials[0].is_right, name);
        assert_row(trials[0].out_bytes == draft.out_bytes, name);
        assert_row(!memcmp(trials[0].out, draft.out, draft.out_bytes), name);
    }
    if (draft.out_bytes) {
        set_trial(&trials[0], &draft, draft.out_bytes - 1);
        try_all(name);
        assert_row(!trials[0].is_right, name);
    }
}

/* What libdeflate decides, with room for loops and without. */
static inline void try_any(const char *name)
{
    set_trial(&trials[0], &draft, draft.out_bytes);
    try_all(name);
    set_trial(&trials[0], &draft, draft.out_bytes + 3000);
    try_all(name);
}

/* Ends the stream with bytes behind it, so that loops may decode to its end. */
static inline void end_with_bytes_behind(int count)
{
    end_draft(&draft);
    for (int k = 0; k < count; k++)
        draft.in[draft.in_bytes++] = (unsigned char)(k * 37);
}

static inline void begin_dynamic(const struct draft_codes *codes, bool is_last)
{
    put_bits(&draft, is_last, 1);
    put_bits(&draft, 2, 2);
    put_codes(&draft, codes, true);
}

static inline void begin_fixed(bool is_last)
{
    put_bits(&draft, is_last, 1);
    put_bits(&draft, 1, 2);
}

static inline void put_length_and_distance(const struct draft_codes *codes, unsigned length,
                                           unsigned distance)
{
    const unsigned symbol = length_symbol(length), far = distance_symbol_of(distance);
    put_match(&draft, codes, symbol, length - length_base(symbol), far,
              distance - distance_base(far));
}

static inline void put_some_literals(const struct draft_codes *codes, int count)
{
    for (int k = 0; k < count; k++)
        put_literal(&draft, codes, codes->literals[roll(0, codes->literal_count - 1)]);
}

static inline void make_all_codes(void)
{
    unsigned char split[LITLENS];
    set_fixed_codes(&fixed);
    /* all symbols, of any bits */
    memset(all.bits, 0, sizeof all.bits);
    split_codewords(all.bits, 286, 15, SPLIT_ANY);
    split_codewords(all.bits + LITLENS, 30, 15, SPLIT_ANY);
    complete_codes(&all);
    /* codewords of 1 to 15 bits: the end of the block has 15, in a subtable, and so have lengths */
    memset(deep.bits, 0, sizeof deep.bits);
    split_codewords(split, 40, 15, SPLIT_LONGEST);
    for (int k = 0; k < 40; k++)
        deep.bits[k < 10 ? 60 + k : k < 39 ? 257 + k - 10 : 256] = split[k];
    split_codewords(deep.bits + LITLENS, 30, 15, SPLIT_LONGEST);
    complete_codes(&deep);
    /* one codeword for distances: 1 */
    memset(single.bits, 0, sizeof single.bits);
    split_codewords(single.bits, 286, 15, SPLIT_SHORTEST);
    single.bits[LITLENS] = 1;
    complete_codes(&single);
    /* no codeword for distances */
    memset(none.bits, 0, sizeof none.bits);
    split_codewords(none.bits, 257, 15, SPLIT_SHORTEST);
    complete_codes(&none);
    /* 226 literals of 8 bits, all others of 9 */
    memset(noise.bits, 0, sizeof noise.bits);
    for (int k = 0; k < 286; k++)
        noise.bits[k] = k < 226 ? 8 : 9;
    split_codewords(noise.bits + LITLENS, 30, 15, SPLIT_SHORTEST);
    complete_codes(&noise);
}

/* Partners of pairs: a long stream of literals, one of matches and many blocks, a bad one. */
static inline int set_up(void **state)
{
    static struct draft drafts[3];
    (void)state;
    judge = libdeflate_alloc_decompressor();
    inflater = cn_inflater_new(CN_LEAST_WINDOW);
    fences = fences_new();
    if (!judge || !inflater)
        return 1;
    seed_dice(1, 0);
    make_all_codes();
    for (int k = 0; k < 3; k++) {
        begin_draft(&draft);
        begin_dynamic(k ? &all : &noise, false);
        put_some_literals(k ? &all : &noise, k ? 40 : 700);
        for (unsigned m = 0; k && m < 60; m++)
            put_length_and_distance(&all, 3 + m % 7, 1 + m % 40);
        put_symbol(&draft, k ? &all : &noise, 256);
        begin_fixed(true);
        put_some_literals(&fixed, 9);
        if (k < 2)
            put_symbol(&draft, &fixed, 256);
        end_with_bytes_behind(k);
        memcpy(&drafts[k], &draft, sizeof draft);
        set_trial(&partners[k], &drafts[k], drafts[k].out_bytes + 700);
        judge_trial(&partners[k], judge);
        if (partners[k].is_right != (k < 2))
            return 1;
    }
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    libdeflate_free_decompressor(judge);
    free(inflater);
    return 0;
}

#endif
