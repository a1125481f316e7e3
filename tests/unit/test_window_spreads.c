/*
 * Standard deviations, minima and maxima of windows, of every ISA that this CPU has. Deviations are
 * compared with those of pairs of doubles, which hold 106 bits: distances from the mean are exact
 * to 2^-72 of the smallest deviation that floats can have.
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
    const double exact = (double)sqrtl((long double)variance.high + variance.low);
    if (exact > 0x1.ffffffp127) /* halfway to the next float that there would be */
        return bits_of(result) == bits_of(NAN);
    bool are_equal = true;
    for (size_t i = 1; i < count; i++)
        are_equal &= values[i] == values[0];
    if (are_equal)
        return bits_of(result) == 0;
    /* Within one ulp: half of one for the last rounding, the rest for what came before. */
    const float nearest = (float)exact;
    const double ulp = (double)nextafterf(nearest, INFINITY) - (double)nearest;
    return fabs((double)result - exact) <= 0.51 * ulp;
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
