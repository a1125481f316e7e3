/*
 * Standard deviations, minima and maxima of windows, of every ISA that this CPU has. Deviations are
 * compared with those of pairs of doubles, which hold 106 bits: distances from the mean are exact
 * to 2^-72 of the smallest deviation that floats can have. Where they cannot tell on which side of
 * the middle between two floats a deviation lies, samples with known deviations take over.
 */
#include "window_trials.h"

/* high + low */
struct wide {
    double high, low;
};

static struct wide wide_sum(double a, double b)
{
    const double sum = a + b, part = sum - a;
    return (struct wide){sum, (a - (sum - part)) + (b - part)};
}

static struct wide wide_add(struct wide x, struct wide y)
{
    const struct wide sum = wide_sum(x.high, y.high), rest = wide_sum(x.low, y.low);
    const struct wide first = wide_sum(sum.high, sum.low + rest.high);
    return wide_sum(first.high, first.low + rest.low);
}

static struct wide wide_square(struct wide x)
{
    const double square = x.high * x.high;
    return wide_sum(square, fma(x.high, x.high, -square) + 2 * x.high * x.low);
}

static struct wide wide_divide(struct wide x, double n)
{
    const double quotient = x.high / n;
    return wide_sum(quotient, (fma(-quotient, n, x.high) + x.low) / n);
}

/* Whether a root is less or more than x, -1 or 1; 0 if that cannot be told. */
static int side_of(struct wide square, double x)
{
    const struct wide rest = wide_add(square, (struct wide){-x * x, 0}); /* x has 25 bits */
    return fabs(rest.high) <= 0x1p-64 * x * x ? 0 : rest.high < 0 ? -1 : 1;
}

static bool is_deviation(float result, const float *values, size_t count, size_t which)
{
    (void)which;
    if (count < 2)
        return bits_of(result) == bits_of(NAN);
    struct wide sum = {0, 0}, squares = {0, 0};
    for (size_t i = 0; i < count; i++)
        sum = wide_add(sum, (struct wide){values[i], 0});
    const struct wide mean = wide_divide(sum, (double)count);
    for (size_t i = 0; i < count; i++) {
        const struct wide distance =
            wide_add((struct wide){values[i], 0}, (struct wide){-mean.high, -mean.low});
        squares = wide_add(squares, wide_square(distance));
    }
    const struct wide variance = wide_divide(squares, (double)count - 1);
    bool are_equal = true;
    for (size_t i = 1; i < count; i++)
        are_equal &= values[i] == values[0];
    if (are_equal)
        return bits_of(result) == 0;
    if (isinf(result))
        return result > 0 && side_of(variance, 0x1.ffffffp127) >= 0;
    const float next = nextafterf(result, INFINITY);
    const double above = next <= FLT_MAX ? ((double)result + (double)next) / 2 : 0x1.ffffffp127;
    const double below = ((double)result + (double)nextafterf(result, 0)) / 2;
    return result >= 0 && side_of(variance, above) <= 0 &&
           (result == 0 || side_of(variance, below) >= 0);
}

static bool is_minimum(float result, const float *values, size_t count, size_t which)
{
    (void)which;
    float least = values[0];
    for (size_t i = 1; i < count; i++)
        least = values[i] < least ? values[i] : least;
    return least == 0 ? bits_of(result) == 0 : bits_of(result) == bits_of(least);
}

static bool is_maximum(float result, const float *values, size_t count, size_t which)
{
    (void)which;
    float most = values[0];
    for (size_t i = 1; i < count; i++)
        most = values[i] > most ? values[i] : most;
    return most == 0 ? bits_of(result) == 0 : bits_of(result) == bits_of(most);
}

static const struct statistic statistics[] = {
    {CN_STANDARD_DEVIATION, is_deviation}, {CN_MINIMUM, is_minimum}, {CN_MAXIMUM, is_maximum}};

static void check_statistics(struct trial *trial, size_t slots, size_t targets)
{
    for (size_t i = 0; i < sizeof statistics / sizeof *statistics; i++)
        trial_check(trial, statistics + i, slots, targets);
}

static void test_statistics_of_all_windows_and_pools(void **state)
{
    (void)state;
    static const struct cn_window_job shapes[] = {
        {.window = 1, .targets = 3, .slots = 1, .pool = 1, .min_values = 1, .cells = 20},
        {.window = 2, .targets = 9, .slots = 3, .pool = 1, .min_values = 2, .cells = 33},
        {.window = 30, .targets = 25, .slots = 2, .pool = 1, .min_values = 24, .cells = 17},
        {.window = 30, .targets = 3, .slots = 7, .pool = 5, .min_values = 1, .cells = 19},
        {.window = 30, .targets = 2, .slots = 2, .pool = 61, .min_values = 1, .cells = 3},
        {.window = 1000, .targets = 30, .slots = 1, .pool = 1, .min_values = 1, .cells = 2},
        {.window = 1000, .targets = 1, .slots = 1, .pool = 61, .min_values = 9000, .cells = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct trial trial = trial_of(shapes[i], 1, i % 3);
        for (enum pattern pattern = 0; pattern < PATTERNS; pattern++) {
            trial_fill(&trial, pattern);
            check_statistics(&trial, 1, 2);
        }
        trial_free(&trial, i % 3);
    }
}

static void test_statistics_of_all_cells(void **state)
{
    (void)state;
    for (size_t cells = 0; cells <= 50; cells++) {
        struct trial trial = trial_new(5, 3, cells, cells % 4);
        trial_fill(&trial, GAPS);
        check_statistics(&trial, 1, 1);
        trial_free(&trial, cells % 4);
    }
}

/* One value among many equal ones is off by its last digit, or there are two sizes. */
static void test_the_smallest_deviations_are_right(void **state)
{
    (void)state;
    static const float large[] = {1, 1.5F, 273.15F, 16777215, 1e30F, 3e38F, 1e-38F, 1e-44F};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        struct trial trial = trial_of(
            (struct cn_window_job){
                .window = 1000, .targets = 1, .slots = 1, .pool = 61, .min_values = 1, .cells = 4},
            1, 0);
        for (size_t row = 0; row < trial.days * trial.years; row++) {
            trial.rows[row][0] = row == 77 ? nextafterf(large[i], 0) : large[i];
            trial.rows[row][1] = row % 2 ? nextafterf(large[i], INFINITY) : large[i];
            trial.rows[row][2] = row % 3 ? -large[i] : large[i];
            trial.rows[row][3] = row == 3 ? large[i] : large[i] / 3e7F;
        }
        check_statistics(&trial, 1, 1);
        trial_free(&trial, 0);
    }
}

/* All statistics in one call are those of a call for each. */
static void test_statistics_at_once_are_the_same(void **state)
{
    (void)state;
    enum { SLOTS = 9, TARGETS = 6, SAMPLES = SLOTS * TARGETS, CELLS = 37 };
    static const enum cn_statistic all[] = {CN_QUANTILE, CN_MEAN, CN_MINIMUM, CN_STANDARD_DEVIATION,
                                            CN_MAXIMUM};
    enum { STATISTICS = sizeof all / sizeof *all };
    static const uint32_t shares[] = {500000};
    const struct cn_quantiles quantiles = {.count = 1, .shares = shares};
    for (size_t pool = 1; pool <= 5; pool += 4) {
        struct trial trials[STATISTICS];
        struct cn_window_job jobs[STATISTICS];
        for (size_t k = 0; k < STATISTICS; k++) {
            trials[k] = trial_of((struct cn_window_job){.statistic = all[k],
                                                        .window = 30,
                                                        .targets = TARGETS,
                                                        .slots = SLOTS,
                                                        .pool = pool,
                                                        .min_values = 1 + k,
                                                        .cells = CELLS,
                                                        .quantiles = &quantiles},
                                 1, 0);
            jobs[k] = trials[k].job;
            jobs[k].rows = jobs[0].rows;
            jobs[k].scratch = jobs[0].scratch;
        }
        static float alone[STATISTICS][SAMPLES][CELLS];
        for (enum pattern pattern = 0; pattern < PATTERNS; pattern++) {
            trial_fill(&trials[0], pattern);
            for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
                for (size_t k = 0; k < STATISTICS; k++) {
                    (*each)->window_statistics(&jobs[k], 1);
                    for (size_t i = 0; i < SAMPLES; i++)
                        memcpy(alone[k][i], trials[k].made[i], sizeof alone[k][i]);
                    trial_clear(&trials[k]);
                }
                (*each)->window_statistics(jobs, STATISTICS);
                for (size_t k = 0; k < STATISTICS; k++) {
                    trial_check_margins(&trials[k]);
                    for (size_t i = 0; i < SAMPLES; i++)
                        assert_memory_equal(alone[k][i], trials[k].made[i], sizeof alone[k][i]);
                }
            }
        }
        for (size_t k = 0; k < STATISTICS; k++)
            trial_free(&trials[k], 0);
    }
}

/* Four values, NaN for none, and their deviation. */
struct known_sample {
    float values[4], deviation;
};

static const struct known_sample *known;

static bool is_known(float result, const float *values, size_t count, size_t which)
{
    (void)values, (void)count, (void)which;
    return bits_of(result) == bits_of(known->deviation);
}

/* 1 - m, 1 and 1 + m have the deviation m. With 1 + d in the middle, it is the root of
 * m^2 + d^2 / 3. One 2 k and three zeros have k. With other signs, all have the same. */
static void test_middles_between_floats(void **state)
{
    (void)state;
    static const struct known_sample samples[] = {
        {{-0x1p24F, 1, 0x1p24F + 2, NAN}, 0x1p24F}, /* m = 2^24 + 1, to even */
        {{-0x1p24F, 1 + 0x1p-23F, 0x1p24F + 2, NAN}, 0x1p24F + 2},
        {{-0x1p24F, 1 - 0x1p-24F, 0x1p24F + 2, NAN}, 0x1p24F + 2},
        {{-0x1p24F, 1.5F, 0x1p24F + 2, NAN}, 0x1p24F + 2},
        {{-0x1p24F - 2, 1, 0x1p24F + 4, NAN}, 0x1p24F + 4}, /* m = 2^24 + 3 */
        {{-0x1p24F - 2, 1 + 0x1p-23F, 0x1p24F + 4, NAN}, 0x1p24F + 4},
        {{-0x1p-6F, 0x1p-30F, 0x1.000002p-6F, NAN}, 0x1p-6F}, /* all smaller */
        {{-0x1p-125F, 0x1p-149F, 0x1.000002p-125F, NAN}, 0x1p-125F},
        {{-0x1p120F, 0x1p96F, 0x1.000002p120F, NAN}, 0x1p120F},
        {{-0x1p120F, 0x1.000002p96F, 0x1.000002p120F, NAN}, 0x1.000002p120F},
        {{0x1p-149F, 0, 0, 0}, 0}, /* k is half of the smallest float */
        {{0x3p-149F, 0, 0, -0.0F}, 0x2p-149F},
        {{0x5p-149F, 0, 0, 0}, 0x2p-149F},
        {{0x7p-149F, 0, 0, 0}, 0x4p-149F},
        {{FLT_MAX, 0, -FLT_MAX, NAN}, FLT_MAX},
        {{FLT_MAX, -FLT_MAX, NAN, NAN}, INFINITY},
    };
    static const struct statistic statistic = {CN_STANDARD_DEVIATION, is_known};
    for (size_t i = 0; i < 2 * (sizeof samples / sizeof *samples); i++) {
        struct trial trial = trial_new(4, 3, 17, i % 3);
        known = samples + i / 2;
        for (size_t row = 0; row < trial.years; row++) /* each window has all, in other places */
            for (size_t cell = 0; cell < trial.job.cells; cell++)
                trial.rows[row][cell] = known->values[(row + cell) % 4] * (i % 2 ? -1.0F : 1.0F);
        trial_check(&trial, &statistic, 1, 1);
        trial_free(&trial, i % 3);
    }
}

/* Of few values with few digits, many deviations lie near the middle between two floats. */
static void test_few_values_of_few_digits(void **state)
{
    (void)state;
    static const struct statistic statistic = {CN_STANDARD_DEVIATION, is_deviation};
    for (size_t window = 2; window <= 7; window++) {
        struct trial trial = trial_new(window, 20, 2000, 0);
        for (size_t row = 0; row < trial.years; row++)
            for (size_t cell = 0; cell < trial.job.cells; cell++)
                trial.rows[row][cell] = (float)(random_bits() % (cell < 1000 ? 16 : 1 << 16));
        trial_check(&trial, &statistic, 1, 3);
        trial_free(&trial, 0);
    }
}

/* An outlier, in turn in each year, must not disturb the windows that are without it. */
static void test_outliers_leave_nothing_behind(void **state)
{
    (void)state;
    static const struct statistic statistic = {CN_STANDARD_DEVIATION, is_deviation};
    for (size_t gaps = 0; gaps < 2; gaps++) {
        struct trial trial = trial_of(
            (struct cn_window_job){
                .window = 10, .targets = 31, .slots = 3, .pool = 3, .min_values = 1, .cells = 40},
            1, 0);
        trial_fill(&trial, gaps ? GAPS : TEMPERATURE);
        for (size_t cell = 0; cell < trial.job.cells; cell++)
            trial.rows[trial.years + cell][cell] = cell % 3 ? 3e38F : cell % 2 ? -1e30F : 1e9F;
        trial_check(&trial, &statistic, 1, 4);
        trial_free(&trial, 0);
    }
}

/* docs/performance.md counts it in the memory of a thread. */
static void test_scratch_is_bounded(void **state)
{
    (void)state;
    static const size_t slots[] = {1, 2, 3, 16, 46, 183, 366}, targets[] = {1, 2, 7, 25, 300, 2000};
    size_t most = 0;
    for (size_t window = 1; window <= CN_MAX_WINDOW; window += window < 70 ? 1 : 3)
        for (size_t pool = 1; pool <= CN_MAX_POOL; pool += 2)
            for (size_t s = 0; s < sizeof slots / sizeof *slots; s++)
                for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
                    const struct cn_window_job job = {
                        .window = window, .pool = pool, .slots = slots[s], .targets = targets[t]};
                    const size_t bytes = cn_window_scratch_bytes(&job);
                    const bool is_usual = pool == 1 || window * pool <= CN_USUAL_VALUES;
                    assert_true(bytes <= (is_usual ? CN_USUAL_SCRATCH : CN_MOST_SCRATCH));
                    most = bytes > most ? bytes : most;
                }
    assert_true(most > CN_MOST_SCRATCH / 5 * 4); /* the bound is not idle */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scratch_is_bounded),
        cmocka_unit_test(test_statistics_of_all_windows_and_pools),
        cmocka_unit_test(test_statistics_of_all_cells),
        cmocka_unit_test(test_the_smallest_deviations_are_right),
        cmocka_unit_test(test_statistics_at_once_are_the_same),
        cmocka_unit_test(test_middles_between_floats),
        cmocka_unit_test(test_few_values_of_few_digits),
        cmocka_unit_test(test_outliers_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
