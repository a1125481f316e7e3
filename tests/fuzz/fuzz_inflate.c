/*
 * Inflates drawn streams, and drawn chunks, by all forms in pairs, and compares with libdeflate:
 *
 *   fuzz_inflate streams COUNT SEED
 *   fuzz_inflate chunks COUNT SEED
 *
 * The first difference ends it. It says the number of the pair, and writes both streams to files.
 */
#include "deflate_drafts.h"
#include "inflate_trials.h"

#include <math.h>
#include <stdio.h>

enum { POOL = 64, DRAFTS = 32, FORMS = 8 };

struct counts {
    uint64_t streams, right, bytes, pairs_of[FORMS], singles_of[FORMS];
};

static struct libdeflate_decompressor *judge;
static struct cn_inflater *inflater;
static struct fences fences;
static struct counts counts;

static void end_with(struct trial *const *trials, int count, uint64_t item, const char *form,
                     const char *what, bool at_end)
{
    printf("item %llu: %s %s (%d streams, %s)\n", (unsigned long long)item, form, what, count,
           at_end ? "at the end" : "at the beginning");
    for (int k = 0; k < count; k++) {
        char name[64];
        snprintf(name, sizeof name, "fuzz_inflate.%d.zlib", k);
        FILE *file = fopen(name, "wb");
        if (file) {
            fwrite(trials[k]->in, 1, trials[k]->in_bytes, file);
            fclose(file);
        }
        printf("%s: %zu bytes, capacity %zu, libdeflate: %s\n", name, trials[k]->in_bytes,
               trials[k]->capacity, trials[k]->is_right ? "right" : "bad");
    }
    exit(1);
}

/* By all forms, as a pair, and now and then alone. */
static void compare(struct trial *const *trials, uint64_t item)
{
    const bool at_end = item % 8 != 0;
    for (int k = 0; k < 2; k++) {
        judge_trial(trials[k], judge);
        counts.streams++;
        counts.right += trials[k]->is_right;
        counts.bytes += trials[k]->is_right ? trials[k]->out_bytes : 0;
    }
    for (size_t f = 0; cn_inflate_forms()[f]; f++) {
        const struct cn_inflate_form *form = cn_inflate_forms()[f];
        if (!form->loops)
            continue;
        const char *what = difference(&fences, inflater, form, trials, 2, at_end);
        counts.pairs_of[f]++;
        if (what)
            end_with(trials, 2, item, form->name, what, at_end);
        if (item % 4 != 1)
            continue;
        what = difference(&fences, inflater, form, trials, 1, at_end);
        counts.singles_of[f]++;
        if (what)
            end_with(trials, 1, item, form->name, what, at_end);
    }
}

static void report(void)
{
    printf("%llu streams, %llu of them right with %llu bytes;", (unsigned long long)counts.streams,
           (unsigned long long)counts.right, (unsigned long long)counts.bytes);
    for (size_t f = 0; cn_inflate_forms()[f]; f++)
        if (cn_inflate_forms()[f]->loops)
            printf(" %s: %llu pairs, %llu alone;", cn_inflate_forms()[f]->name,
                   (unsigned long long)counts.pairs_of[f],
                   (unsigned long long)counts.singles_of[f]);
    printf(" %llu left to libdeflate; no difference\n", (unsigned long long)left_to_libdeflate);
    fflush(stdout);
}

/* What is drawn is used some times, changed or not, each time with another capacity: drawing takes
 * longer than inflating. */
static void fuzz_streams(uint64_t count, uint64_t seed)
{
    static struct draft drafts[DRAFTS], changed[2];
    static struct trial first, second;
    static struct draft_codes pool[POOL];
    struct trial *const trials[2] = {&first, &second};
    set_fixed_codes(&pool[0]);
    for (uint64_t item = 0; counts.streams < count; item++) {
        if (item % 65536 == 0) { /* an item can be repeated from the last such on */
            seed_dice(seed, item);
            for (int k = 1; k < POOL; k++)
                draw_codes(&pool[k]);
            for (int k = 0; k < DRAFTS; k++)
                draw_draft(&drafts[k], pool, POOL);
        }
        if (one_in(8))
            draw_codes(&pool[roll(1, POOL - 1)]);
        if (one_in(3))
            draw_draft(&drafts[roll(0, DRAFTS - 1)], pool, POOL);
        for (int k = 0; k < 2; k++) {
            const struct draft *draft = &drafts[roll(0, DRAFTS - 1)];
            if (one_in(2)) {
                copy_draft(&changed[k], draft);
                mutate_draft(&changed[k], judge);
                draft = &changed[k];
            }
            set_trial(trials[k], draft, draw_capacity(draft->out_bytes));
        }
        compare(trials, item);
        if (item % (1 << 18) == (1 << 18) - 1)
            report();
    }
}

/* A shuffled field, smooth, with digits that say nothing, some of them cut off. */
static size_t draw_chunk(unsigned char *bytes, size_t values)
{
    const int digits = roll(0, 23), waves = roll(1, 60), planes = PICK(2, 4, 4, 8);
    const size_t bytes_used = values * (size_t)planes;
    const bool is_shuffled = !one_in(3), has_zeros = one_in(3);
    for (size_t k = 0; k < values; k++) {
        const double smooth = sin((double)k / waves) * cos((double)k / 1440 / waves);
        uint64_t bits;
        const double value = has_zeros && smooth < 0 ? 0 : 280 + 15 * smooth;
        const float single = (float)value;
        uint32_t word;
        memcpy(&word, &single, sizeof word);
        bits = word ^ (uint32_t)roll(0, (1 << digits) - 1);
        if (planes == 8)
            memcpy(&bits, &value, sizeof bits);
        for (size_t p = 0; p < (size_t)planes; p++)
            bytes[is_shuffled ? p * values + k : k * (size_t)planes + p] =
                (unsigned char)(bits >> 8 * p);
    }
    return bytes_used;
}

static void fuzz_chunks(uint64_t count, uint64_t seed)
{
    static struct draft drafts[2];
    static struct trial first, second;
    struct trial *const trials[2] = {&first, &second};
    for (uint64_t item = 0; counts.streams < count; item++) {
        seed_dice(seed, item);
        for (int k = 0; k < 2; k++) {
            struct draft *draft = &drafts[k];
            const int level = roll(0, 12);
            struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
            draft->out_bytes = draw_chunk(draft->out, (size_t)roll(1, DRAFT_ROOM / 8));
            draft->in_bytes = libdeflate_zlib_compress(compressor, draft->out, draft->out_bytes,
                                                       draft->in, DRAFT_ROOM);
            libdeflate_free_compressor(compressor);
            draft->may_overrun = false;
            if (one_in(3))
                mutate_draft(draft, judge);
            set_trial(trials[k], draft, draw_capacity(draft->out_bytes));
        }
        compare(trials, item);
        if (item % 256 == 255)
            report();
    }
}

int main(int count, char **words)
{
    if (count != 4 || (strcmp(words[1], "streams") != 0 && strcmp(words[1], "chunks") != 0)) {
        fprintf(stderr, "usage: fuzz_inflate streams|chunks COUNT SEED\n");
        return 2;
    }
    const uint64_t times = strtoull(words[2], NULL, 10), seed = strtoull(words[3], NULL, 10);
    judge = libdeflate_alloc_decompressor();
    inflater = cn_inflater_new(CN_LEAST_WINDOW);
    fences = fences_new();
    if (!judge || !inflater)
        return 2;
    (strcmp(words[1], "chunks") == 0 ? fuzz_chunks : fuzz_streams)(times, seed);
    report();
    libdeflate_free_decompressor(judge);
    free(inflater);
    return 0;
}
