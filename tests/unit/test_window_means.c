/*
 * Means of windows, of every ISA that this CPU has, against its definition in kernels.h, bit for
 * bit. The oracle adds up every window anew in 384-bit integers; it shares neither code nor method
 * with the kernels.
 */
#include "window_trials.h"

/* The oracle: integers of 384 bits, two's complement, in units of 2^-149. */

enum { WORDS = 6 };

static void big_add(uint64_t big[WORDS], float value)
{
    int exponent;
    const int64_t digits = (int64_t)ldexpf(frexpf(value, &exponent), 24); /* value = digits 2^… */
    int place = exponent - 24 + 149;
    /* A subnormal's digits end in zeros, so that its place may lie below 2^-149. */
    const uint64_t size = (uint64_t)llabs(digits) >> (place < 0 ? -place : 0);
    place = place < 0 ? 0 : place;
    uint64_t term[WORDS + 1] = {0};
    const size_t word = (size_t)place / 64, shift = (size_t)place % 64;
    term[word] = size << shift;
    term[word + 1] = shift ? size >> (64 - shift) : 0;
    unsigned carry = digits < 0;
    for (size_t i = 0; i < WORDS; i++) {
        const uint64_t other = digits < 0 ? ~term[i] : term[i];
        const uint64_t sum = big[i] + other, total = sum + carry;
        carry = (sum < other) | (total < sum);
        big[i] = total;
    }
}

static int bit(const uint64_t big[WORDS], int i)
{
    return (int)(big[i / 64] >> (i % 64) & 1);
}

static double big_round(const uint64_t big[WORDS])
{
    uint64_t size[WORDS];
    const bool negative = bit(big, 64 * WORDS - 1);
    uint64_t carry = negative;
    for (size_t i = 0; i < WORDS; i++) {
        size[i] = (negative ? ~big[i] : big[i]) + carry;
        carry = carry && !size[i];
    }
    int top = 64 * WORDS - 1;
    while (top >= 0 && !bit(size, top))
        top--;
    double kept = 0;
    int i = top;
    for (; i >= 0 && i > top - 53; i--)
        kept = 2 * kept + bit(size, i);
    if (i >= 0 && bit(size, i)) { /* half of the last digit, or more */
        bool more = false;
        for (int below = 0; below < i; below++)
            more |= bit(size, below);
        kept += more || bit(size, i + 1);
    }
    kept = ldexp(kept, i + 1 - 149);
    return negative ? -kept : kept;
}

static float exact_mean(const float *values, size_t count)
{
    uint64_t sum[WORDS] = {0};
    for (size_t i = 0; i < count; i++)
        big_add(sum, values[i]);
    return (float)(big_round(sum) / (double)count);
}

static bool is_mean(float result, const float *values, size_t count, size_t which)
{
    (void)which;
    return bits_of(result) == bits_of(exact_mean(values, count));
}

/* Checks the means of a job, and of jobs of so many of its targets. */
static void check_means(struct trial *trial, size_t targets)
{
    static const struct statistic means = {CN_MEAN, is_mean};
    trial_check(trial, &means, SIZE_MAX, targets);
}

static void test_the_oracle_knows_simple_sums(void **state)
{
    (void)state;
    uint64_t sum[WORDS] = {0};
    big_add(sum, 1.5F);
    big_add(sum, -FLT_TRUE_MIN);
    assert_true(big_round(sum) == 1.5);
    big_add(sum, -1.5F);
    assert_true(big_round(sum) == -0x1p-149);
    big_add(sum, FLT_MAX);
    big_add(sum, FLT_MAX);
    big_add(sum, FLT_MIN);
    assert_true(big_round(sum) == 2.0 * FLT_MAX);
    uint64_t tie[WORDS] = {0}; /* 2^53 + 1 goes down to even, a little more goes up */
    big_add(tie, 0x1p53F);
    big_add(tie, 1);
    assert_true(big_round(tie) == 0x1p53);
    big_add(tie, FLT_TRUE_MIN);
    assert_true(big_round(tie) == 0x1p53 + 2);
}

static void test_means_are_exact_for_all_looks(void **state)
{
    (void)state;
    static const size_t windows[] = {1, 2, 30, 100}, targets[] = {1, 2, 25, 121};
    for (size_t w = 0; w < 4; w++) {
        for (size_t t = 0; t < 4; t++) {
            struct trial trial = trial_new(windows[w], targets[t], 19, 1);
            for (enum pattern pattern = 0; pattern < PATTERNS; pattern++) {
                trial_fill(&trial, pattern);
                check_means(&trial, SIZE_MAX);
            }
            trial_free(&trial, 1);
        }
    }
}

static void test_means_are_exact_for_all_cells_and_offsets(void **state)
{
    (void)state;
    for (size_t cells = 0; cells <= 70; cells++) {
        const size_t offset = cells % 4;
        struct trial trial = trial_new(5, 4, cells, offset);
        for (enum pattern pattern = TEMPERATURE; pattern <= STRAY_1E30; pattern++) {
            trial_fill(&trial, pattern);
            check_means(&trial, SIZE_MAX);
        }
        trial_free(&trial, offset);
    }
    struct trial wide = trial_new(3, 3, 3001, 3); /* several blocks of different kinds */
    trial_fill(&wide, TEMPERATURE);
    for (size_t cell = 0; cell < 3001; cell++)
        for (size_t row = 0; row < 5; row++)
            if (cell / 500 % 2)
                wide.rows[row][cell] = value_like((enum pattern)(cell / 250), row);
    check_means(&wide, SIZE_MAX);
    trial_free(&wide, 3);
}

static void test_means_are_exact_for_all_spreads(void **state)
{
    (void)state;
    static const size_t windows[] = {1, 2, 8, 30, 64, 1000};
    enum { TARGETS = 25 };
    for (size_t w = 0; w < 6; w++) {
        struct trial trial = trial_new(windows[w], TARGETS, 16, 0);
        for (unsigned spread = 0; spread < 254; spread += windows[w] < 1000 ? 1 : 9) {
            for (size_t cell = 0; cell < 16; cell++)
                for (size_t row = 0; row < windows[w] + TARGETS - 1; row++)
                    trial.rows[row][cell] = random_bits() % 64 ? value_over(spread) : NAN;
            check_means(&trial, SIZE_MAX);
        }
        trial_free(&trial, 0);
    }
}

/* 2^24 + 1 lies between two floats, and 2^-29 is half of its last digit as a double: whether there
 * is a bit more or less, however little, decides the mean. */
static void test_the_least_value_breaks_ties(void **state)
{
    (void)state;
    struct trial trial = trial_new(4, 1, 16, 0);
    for (int exponent = -149; exponent < -30; exponent++) {
        for (size_t cell = 0; cell < 16; cell++) {
            trial.rows[0][cell] = 0x1p24F;
            trial.rows[1][cell] = 1;
            trial.rows[2][cell] = 0x1p-29F;
            trial.rows[3][cell] = cell % 2 ? ldexpf(1, exponent) : -ldexpf(1, exponent);
        }
        check_means(&trial, SIZE_MAX);
        assert_true(trial.made[0][0] == 0x1p22F);
        assert_true(trial.made[0][1] == 0x1p22F + 0.5F);
    }
    trial_free(&trial, 0);
}

/* The same, where the digits that count are left over when much larger values cancel, and where
 * what decides is itself left over from small ones: 8 values, in any order, of which windows hold
 * all, or all but some. */
static void test_ties_are_broken_whatever_cancels(void **state)
{
    (void)state;
    enum { CELLS = 64, WINDOW = 8, TARGETS = 3 };
    struct trial trial = trial_new(WINDOW, TARGETS, CELLS, 0);
    bool up = false, down = false;
    for (size_t turn = 0; turn < 500; turn++) {
        for (size_t cell = 0; cell < CELLS; cell++) {
            const int at = (int)(random_bits() % 190) - 90;
            const float large = ldexpf(1, at + 24 + (int)(random_bits() % (104 - (unsigned)at)));
            const float small = ldexpf(1, at - 30 - (int)(random_bits() % (120 + (unsigned)at)));
            const float less = ldexpf(small, -(int)(random_bits() % 60));
            const float sign = random_bits() & 1 ? 1.0F : -1.0F;
            const float values[WINDOW] = {
                large, -large,       ldexpf(1, at + 24), ldexpf(1, at), ldexpf(1, at - 29),
                small, less - small, sign * less};
            const size_t first = random_bits() % WINDOW, step = 1 + 2 * (random_bits() % 4);
            for (size_t row = 0; row < WINDOW + TARGETS - 1; row++)
                trial.rows[row][cell] = values[(first + row * step) % WINDOW];
        }
        check_means(&trial, SIZE_MAX);
    }
    /* The scene is what it is meant to be: less than nothing decides, either way. */
    for (int sign = -1; sign <= 1; sign += 2) {
        const float values[WINDOW] = {0x1p100F, -0x1p100F, 0x1p24F,   1,
                                      0x1p-29F, 0x1p-80F,  -0x1p-80F, (float)sign * 0x1p-140F};
        for (size_t row = 0; row < WINDOW; row++)
            trial.rows[row][0] = values[row];
        check_means(&trial, SIZE_MAX);
        up |= trial.made[0][0] == 0x1p21F + 0.25F;
        down |= trial.made[0][0] == 0x1p21F;
    }
    assert_true(up && down);
    trial_free(&trial, 0);
}

/* Cells of any spread are among others, with and without gaps, and fill whole blocks or a few
 * cells: each result must reach its cell. */
static void test_wide_cells_lie_anywhere(void **state)
{
    (void)state;
    for (size_t cells = 1; cells < 700; cells += 1 + cells / 3) {
        for (uint32_t percent = 1; percent <= 100; percent += 33) {
            struct trial trial = trial_new(30, 7, cells, 0);
            for (size_t cell = 0; cell < cells; cell++) {
                const bool wide = random_bits() % 100 < percent, gaps = random_bits() % 4 == 0;
                const unsigned spread = 60 + random_bits() % 194;
                for (size_t row = 0; row < 36; row++) {
                    const float value = wide ? value_over(spread) : uniform(230, 320);
                    trial.rows[row][cell] = gaps && random_bits() % 5 == 0 ? NAN : value;
                }
            }
            check_means(&trial, SIZE_MAX);
            check_means(&trial, 3);
            trial_free(&trial, 0);
        }
    }
}

static void test_means_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    struct trial trial = trial_new(30, 40, 33, 0);
    for (enum pattern pattern = 0; pattern < PATTERNS; pattern++) {
        trial_fill(&trial, pattern);
        for (size_t batch = 1; batch <= 40; batch += 6)
            check_means(&trial, batch);
    }
    trial_free(&trial, 0);
}

static void test_the_longest_window_goes_with_many_targets(void **state)
{
    (void)state;
    struct trial trial = trial_new(1000, 60, 17, 0);
    static const enum pattern patterns[] = {TEMPERATURE, GAPS, DRIZZLE, STRAY_1E30, EXTREMES};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        trial_fill(&trial, patterns[i]);
        check_means(&trial, SIZE_MAX);
    }
    trial_free(&trial, 0);
}

static void test_rows_and_results_may_be_absent(void **state)
{
    (void)state;
    for (size_t absent = 1; absent <= 7; absent++) { /* every absent-th row is not there */
        struct trial trial = trial_new(4, 12, 37, 0);
        for (size_t row = 0; row < 15; row += absent) {
            free(trial.rows[row]);
            trial.rows[row] = NULL;
        }
        for (enum pattern pattern = TEMPERATURE; pattern <= STRAY_1E30; pattern++) {
            trial_fill(&trial, pattern);
            check_means(&trial, SIZE_MAX);
        }

        trial_fill(&trial, GAPS);
        float values[4];
        const size_t count = sample_of(&trial, 0, 5, 36, values);
        const float expected = count ? exact_mean(values, count) : NAN;
        for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
            trial_clear(&trial);
            float *only_means[12] = {[5] = trial.made[5]};
            struct cn_window_job job = trial.job;
            job.results = only_means;
            job.counts = NULL;
            (*each)->window_statistics(&job, 1);
            assert_int_equal(bits_of(trial.made[5][36]), bits_of(expected));
            assert_true(trial.made[4][0] == SENTINEL && trial.made[6][0] == SENTINEL);
            assert_int_equal(trial.counts[5][36], 54321);
            uint16_t *only_counts[12] = {[5] = trial.counts[5]};
            job.counts = only_counts;
            (*each)->window_statistics(&job, 1);
            assert_int_equal(trial.counts[5][36], count);
            assert_int_equal(trial.counts[6][36], 54321);
        }
        trial_free(&trial, 0);
    }
}

static void test_pools_are_exact(void **state)
{
    (void)state;
    static const struct {
        size_t window, targets, slots, pool, min_values;
    } shapes[] = {{1, 3, 5, 3, 1},   {30, 6, 4, 5, 140},  {7, 40, 35, 5, 20}, {3, 2, 70, 61, 1},
                  {200, 9, 3, 7, 1}, {30, 2, 1, 61, 900}, {2, 1, 9, 1, 2},    {1000, 2, 2, 61, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct trial trial = trial_of((struct cn_window_job){.window = shapes[i].window,
                                                             .targets = shapes[i].targets,
                                                             .slots = shapes[i].slots,
                                                             .pool = shapes[i].pool,
                                                             .min_values = shapes[i].min_values,
                                                             .cells = i == 7 ? 3 : 18},
                                      1, 0);
        static const struct statistic means = {CN_MEAN, is_mean};
        for (enum pattern pattern = 0; pattern < PATTERNS; pattern++) {
            trial_fill(&trial, pattern);
            trial_check(&trial, &means, 3, 2);
        }
        for (unsigned spread = (unsigned)i; spread < 254; spread += i == 7 ? 60 : 23) {
            for (size_t row = 0; row < trial.days * trial.years; row++)
                for (size_t cell = 0; cell < trial.job.cells; cell++)
                    trial.rows[row][cell] = random_bits() % 64 ? value_over(spread) : NAN;
            trial_check(&trial, &means, 4, 1);
        }
        trial_free(&trial, 0);
    }
}

static void test_the_mean_of_zeros_is_positive(void **state)
{
    (void)state;
    struct trial trial = trial_new(2, 2, 16, 0);
    static const float values[] = {-0.0F, 3e38F, 0x1p-149F};
    for (size_t i = 0; i < 3; i++) { /* all methods of summing */
        for (size_t cell = 0; cell < 16; cell++) {
            trial.rows[0][cell] = values[i];
            trial.rows[1][cell] = trial.rows[2][cell] = -0.0F;
        }
        trial.rows[0][15] = 0x1p-149F;
        for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
            (*each)->window_statistics(&trial.job, 1);
            assert_int_equal(bits_of(trial.made[1][0]), 0);
            assert_int_equal(bits_of(trial.made[1][15]), 0);
        }
    }
    trial_free(&trial, 0);
}

static void test_windows_stay_inside_their_rows(void **state)
{
    (void)state;
    enum { CELLS = 70, LISTS = 6 };
    struct guarded lists[LISTS];
    for (size_t i = 0; i < LISTS; i++) {
        lists[i] = guarded_new(CELLS * sizeof(float));
        for (size_t cell = 0; cell < CELLS; cell++) {
            const float value = uniform(0, 1);
            memcpy(lists[i].at + cell * sizeof value, &value, sizeof value);
        }
    }
    void *scratch = NULL;
    for (size_t cells = 1; cells <= CELLS; cells++) {
        float *at[LISTS];
        for (size_t i = 0; i < LISTS; i++)
            at[i] = (float *)(void *)(lists[i].at + (CELLS - cells) * sizeof(float));
        const float *rows[] = {at[0], at[1], at[2]};
        float *means[] = {at[3], at[4]};
        uint16_t *counts[] = {(uint16_t *)(void *)at[5] + cells, NULL};
        struct cn_window_job job = {.rows = rows,
                                    .window = 2,
                                    .targets = 2,
                                    .slots = 1,
                                    .pool = 1,
                                    .min_values = 1,
                                    .cells = cells,
                                    .results = means,
                                    .counts = counts};
        job.scratch = scratch = realloc(scratch, cn_window_scratch_bytes(&job));
        assert_non_null(scratch);
        const float values[] = {at[1][cells - 1], at[2][cells - 1]};
        const float expected = exact_mean(values, 2);
        for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
            (*each)->window_statistics(&job, 1);
            assert_true(means[1][cells - 1] == expected);
            assert_int_equal(counts[0][cells - 1], 2);
        }
    }
    free(scratch);
    for (size_t i = 0; i < LISTS; i++)
        guarded_free(lists + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_oracle_knows_simple_sums),
        cmocka_unit_test(test_means_are_exact_for_all_looks),
        cmocka_unit_test(test_means_are_exact_for_all_cells_and_offsets),
        cmocka_unit_test(test_means_are_exact_for_all_spreads),
        cmocka_unit_test(test_the_least_value_breaks_ties),
        cmocka_unit_test(test_ties_are_broken_whatever_cancels),
        cmocka_unit_test(test_wide_cells_lie_anywhere),
        cmocka_unit_test(test_means_do_not_depend_on_the_batch),
        cmocka_unit_test(test_the_longest_window_goes_with_many_targets),
        cmocka_unit_test(test_rows_and_results_may_be_absent),
        cmocka_unit_test(test_pools_are_exact),
        cmocka_unit_test(test_the_mean_of_zeros_is_positive),
        cmocka_unit_test(test_windows_stay_inside_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
