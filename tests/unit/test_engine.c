/*
 * What ends a job: of several errors, which one is reported, and how the run ends.
 */
#include "base/error.h"
#include "engine/report.h"

#include "cn_test.h"

/* The job's stop after errors of these kinds, and how many were reported. */
static int abort_with(const enum cn_status *kinds, size_t count, size_t *reported)
{
    const struct cn_watch watch = {0};
    struct cn_counters counters = {0};
    struct cn_variable_result result = {0};
    struct cn_engine job = {.watch = &watch,
                            .counters = &counters,
                            .result = &result,
                            .report_lock = PTHREAD_MUTEX_INITIALIZER};
    for (size_t i = 0; i < count; i++) {
        struct cn_error error;
        cn_fail(&error, kinds[i], "error %zu", i);
        cn_engine_abort(&job, &error);
    }
    *reported = result.problems.count;
    cn_problems_free(&result.problems);
    return atomic_load(&job.stop);
}

static void test_the_machine_outweighs_the_input(void **state)
{
    (void)state;
    static const struct {
        enum cn_status kinds[3];
        int stop;
        size_t reported;
    } cases[] = {
        {{CN_BAD_MACHINE, CN_BAD_INPUT, CN_BAD_MACHINE}, CN_BAD_MACHINE, 1},
        {{CN_BAD_INPUT, CN_BAD_MACHINE, CN_BAD_INPUT}, CN_BAD_MACHINE, 2},
        {{CN_BAD_INPUT, CN_BAD_INPUT, CN_BAD_INPUT}, CN_BAD_INPUT, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t reported;
        assert_int_equal(abort_with(cases[i].kinds, 3, &reported), cases[i].stop);
        assert_int_equal(reported, cases[i].reported);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_machine_outweighs_the_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
