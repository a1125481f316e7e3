/*
 * Quantiles of windows, of every ISA that this CPU has, against a sorted sample, bit for bit.
 */
#include "window_trials.h"

static const uint32_t SHARES[] = {100000, 500000, 900000, 25000, 1, 999999, 333333};
enum { SHARE_COUNT = sizeof SHARES / sizeof *SHARES };
static struct cn_quantiles quantiles = {.shares = SHARES};

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The place of a share: its whole part and the rest, in fractions of `unit`. */
static uint64_t place_in(uint64_t count, uint64_t share, uint64_t *rest, uint64_t *unit)
{
    int64_t place = (int64_t)((count - 1) * share);
    *unit = 1000000;
    if (quantiles.method == CN_QUANTILE_MEDIAN_UNBIASED) { /* three times as fine */
        *unit = 3000000;
        place = (int64_t)(3 * count * share + share) - 2000000;
    }
    const int64_t most = (int64_t)((count - 1) * *unit);
    place = place < 0 ? 0 : place > most ? most : place;
    *rest = (uint64_t)place % *unit;
    return (uint64_t)place / *unit;
}

static bool is_quantile(float result, const float *sample, size_t count, size_t which)
{
    static float values[CN_MAX_WINDOW * CN_MAX_POOL]; /* sorted once for all results */
    uint64_t rest, unit;
    const uint64_t k = place_in(count, quantiles.shares[which], &rest, &unit);
    if (which == 0) {
        memcpy(values, sample, count * sizeof *values);
        qsort(values, count, sizeof *values, by_value);
    }
    const float low = values[k] == 0 ? 0 : values[k];
    const float high = k + 1 == count ? low : values[k + 1] == 0 ? 0 : values[k + 1];
    const double between = ((double)high - (double)low) * ((double)rest / (double)unit);
    return bits_of(result) == bits_of((float)((double)low + between));
}

static const struct statistic statistic = {CN_QUANTILE, is_quantile};

static void check_shape(struct cn_window_job shape, size_t shares, size_t slots, size_t targets)
{
    quantiles.count = shares;
    shape.quantiles = &quantiles;
    struct trial trial = trial_of(shape, shares, 1);
    for (enum pattern pattern = 0; pattern < PATTERNS; pattern++) {
        quantiles.method = pattern % 2;
        trial_fill(&trial, pattern);
        trial_check(&trial, &statistic, slots, targets);
    }
    trial_free(&trial, 1);
}

static void test_quantiles_of_all_windows_and_pools(void **state)
{
    (void)state;
    static const size_t windows[] = {1, 2, 3, 29, 30, 32, 33, 64, 65, 100};
    static const size_t pools[] = {1, 3, 5, 7, 15};
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
        for (size_t p = 0; p < sizeof pools / sizeof *pools; p++)
            check_shape((struct cn_window_job){.window = windows[w],
                                               .targets = 4,
                                               .slots = 1 + (w + p) % 9,
                                               .pool = pools[p],
                                               .min_values = 1 + w % 2 * windows[w] / 2,
                                               .cells = 17},
                        SHARE_COUNT, 3, 2);
}

static void test_large_samples_are_cut(void **state)
{
    (void)state;
    static const struct cn_window_job shapes[] = {
        {.window = 30, .targets = 3, .slots = 65, .pool = 61, .min_values = 900, .cells = 2},
        {.window = 100, .targets = 2, .slots = 4, .pool = 61, .min_values = 1, .cells = 3},
        {.window = 1000, .targets = 30, .slots = 2, .pool = 1, .min_values = 1000, .cells = 2},
        {.window = 600, .targets = 2, .slots = 2, .pool = 11, .min_values = 1, .cells = 2},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_shape(shapes[i], 3, 1, 1);
}

/* The lists of every pool, in groups that are full and that are not. */
static void test_lists_stay_in_their_scratch(void **state)
{
    (void)state;
    quantiles.count = 1;
    quantiles.method = CN_QUANTILE_LINEAR;
    for (size_t pool = 1; pool <= CN_MAX_POOL; pool += 2)
        for (size_t slots = 1; slots <= 2 * pool; slots += pool > 9 ? pool : 1) {
            struct trial trial = trial_of((struct cn_window_job){.window = 3,
                                                                 .targets = 2,
                                                                 .slots = slots,
                                                                 .pool = pool,
                                                                 .min_values = 1,
                                                                 .cells = 3,
                                                                 .quantiles = &quantiles},
                                          1, 0);
            struct guarded scratch = guarded_new(cn_window_scratch_bytes(&trial.job));
            struct cn_window_job job = trial.job;
            job.statistic = CN_QUANTILE;
            job.scratch = scratch.at;
            trial_fill(&trial, GAPS);
            for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
                trial_clear(&trial);
                (*each)->window_statistics(&job, 1);
                trial_judge(&trial, (*each)->isa, &statistic);
            }
            guarded_free(&scratch);
            trial_free(&trial, 0);
        }
}

static void test_quantiles_of_all_cells(void **state)
{
    (void)state;
    for (size_t cells = 0; cells <= 50; cells++)
        check_shape(
            (struct cn_window_job){
                .window = 6, .targets = 3, .slots = 7, .pool = 3, .min_values = 9, .cells = cells},
            2, 2, 3);
}

static void test_many_targets_and_absent_rows(void **state)
{
    (void)state;
    quantiles.count = 2;
    struct trial trial = trial_of((struct cn_window_job){.window = 30,
                                                         .targets = 60,
                                                         .slots = 20,
                                                         .pool = 5,
                                                         .min_values = 1,
                                                         .cells = 16,
                                                         .quantiles = &quantiles},
                                  2, 0);
    for (size_t row = 0; row < trial.days * trial.years; row += 1 + row % 7) {
        free(trial.rows[row]);
        trial.rows[row] = NULL;
    }
    trial_fill(&trial, RAIN);
    trial_check(&trial, &statistic, 7, 25);
    trial_free(&trial, 0);
}

static void test_results_may_be_unwanted(void **state)
{
    (void)state;
    quantiles.count = 3;
    struct trial trial = trial_of((struct cn_window_job){.window = 5,
                                                         .targets = 2,
                                                         .slots = 2,
                                                         .pool = 3,
                                                         .min_values = 1,
                                                         .cells = 9,
                                                         .quantiles = &quantiles},
                                  3, 0);
    trial_fill(&trial, TEMPERATURE);
    for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
        trial_clear(&trial);
        float *results[12] = {[6] = trial.made[6]}; /* the second share, slot 1, target 0 */
        struct cn_window_job job = trial.job;
        job.statistic = CN_QUANTILE;
        job.results = results;
        job.counts = NULL;
        (*each)->window_statistics(&job, 1);
        float values[15];
        const size_t count = sample_of(&trial, 1, 0, 8, values);
        is_quantile(0, values, count, 0);
        assert_true(is_quantile(trial.made[6][8], values, count, 1));
        assert_true(trial.made[5][0] == SENTINEL && trial.made[7][0] == SENTINEL);
        assert_int_equal(trial.counts[2][8], 54321);
    }
    trial_free(&trial, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_of_all_windows_and_pools),
        cmocka_unit_test(test_large_samples_are_cut),
        cmocka_unit_test(test_lists_stay_in_their_scratch),
        cmocka_unit_test(test_quantiles_of_all_cells),
        cmocka_unit_test(test_many_targets_and_absent_rows),
        cmocka_unit_test(test_results_may_be_unwanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
