/*
 * Schedules: their steps are followed one by one without any data. Every batch must find its years
 * in their slots, every year is loaded once, and the arena stays within its limit.
 */
#include "plan_checks.h"
#include "plan_dataset.h"

/* The smallest memory that the error names. */
static uint64_t minimum_of(struct cn_plan *plan)
{
    struct cn_error error = {.text = ""};
    assert_int_equal(schedule(plan, 1, &error), CN_BAD_USAGE);
    const char *needs = strstr(error.text, "needs at least");
    assert_non_null(needs);
    const char *bytes = strchr(needs, '(');
    assert_non_null(bytes);
    return strtoull(bytes + 1, NULL, 10);
}

static void check_world(int first, int split, int last, size_t scenarios, int window,
                        size_t years_per_file, int batch_years)
{
    struct dataset *dataset = make_dataset(first, split, last, scenarios, window, years_per_file);
    dataset->config.engine.batch_years = batch_years;
    struct cn_plan *plan = plan_of(dataset);
    uint64_t least = minimum_of(plan);
    const uint64_t limits[] = {least, 3 * least, 1 << 30};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct cn_error error = {.text = ""};
        if (schedule(plan, limits[i], &error))
            fail_msg("%s", error.text);
        assert_int_equal(check_variable(plan, &plan->variables[0], limits[i]).years,
                         dataset->variable.year_count);
    }
    struct cn_error error;
    assert_int_equal(schedule(plan, least - 1, &error), CN_BAD_USAGE);
    cn_plan_free(plan);
    free(dataset);
}

static void test_programs_are_right_line_by_line(void **state)
{
    (void)state;
    for (int batch = 0; batch <= 5; batch += 5) {
        check_world(1950, 2014, 2100, 1, 30, 1, batch);
        check_world(1950, 2014, 2060, 2, 30, 1, batch);
        check_world(1950, 1970, 2000, 1, 10, 1, batch);
        check_world(1950, 1960, 1960, 1, 10, 1, batch);
        check_world(1950, 1969, 1989, 1, 10, 5, batch);
        check_world(1950, 1969, 1969, 1, 10, 20, batch);
    }
}

static void test_with_all_years_in_memory_there_is_one_batch(void **state)
{
    (void)state;
    check_world(1950, 2014, 2100, 1, 30, 1, 121);
}

static void test_memory_that_is_plenty_gives_batches_of_25(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2100, 1, 30, 1);
    struct cn_plan *plan = plan_of(dataset);
    assert_int_equal(schedule(plan, UINT64_C(1) << 40, NULL), CN_OK);
    assert_int_equal(plan->variables[0].batch_years, 25);
    assert_int_equal(plan->variables[0].result_slots, 2);
    assert_true(plan->variables[0].year_slots <= 30 + 25 + 12); /* look-ahead is bounded */
    cn_plan_free(plan);
    free(dataset);
}

static void test_only_years_of_wanted_outputs_are_loaded(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2100, 1, 30, 1);
    struct cn_plan *plan = plan_of(dataset);
    struct cn_variable_plan *variable = &plan->variables[0];
    for (size_t t = 0; t < variable->target_count; t++)
        variable->outputs[t].wanted = t == 3 || t == 50;
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    assert_int_equal(variable->batch_count, 2);
    assert_int_equal(variable->load_count, 60);
    assert_int_equal(variable->normals_wanted, 2);
    assert_int_equal(variable->bytes_to_read, 60 * 1000);
    cn_plan_free(plan);
    free(dataset);
}

/* As a journal may have them that somebody made. */
static void test_stretches_without_groups_are_passed_over(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2014, 1, 30, 1);
    dataset->product.time = CN_SEASON;
    struct cn_plan *plan = plan_of(dataset);
    struct cn_variable_plan *variable = &plan->variables[0];
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    struct cn_pass_stretch stretches[3];
    for (size_t p = 0; p < 3; p++)
        stretches[p] = variable->passes[0].stretch;
    stretches[0].slot_count = 70; /* winter ends */
    stretches[1].first_slot = 70;
    stretches[1].slot_count = 2;
    stretches[2].first_slot = 72;
    stretches[2].slot_count -= 72;
    variable->resume = (struct cn_resume){stretches, 3, 1};
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    check_variable(plan, variable, 1 << 30);
    assert_int_equal(variable->pass_count, 3);
    assert_int_equal(variable->passes[1].load_count, 0);
    assert_ptr_equal(cn_first_pass(variable), &variable->passes[2]);
    cn_plan_free(plan);
    free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs_are_right_line_by_line),
        cmocka_unit_test(test_with_all_years_in_memory_there_is_one_batch),
        cmocka_unit_test(test_memory_that_is_plenty_gives_batches_of_25),
        cmocka_unit_test(test_only_years_of_wanted_outputs_are_loaded),
        cmocka_unit_test(test_stretches_without_groups_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
