/*
 * The disk space that outputs take, and whether it is there.
 */
#include "plan/output_sizes.h"

#include "plan_dataset.h"

#include <math.h>

static void test_the_disk_space_of_outputs_is_estimated(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2100, 1, 30, 1);
    for (size_t f = 0; f < dataset->variable.year_count; f++) {
        dataset->files[f].usable = true;
        dataset->files[f].variable = dataset->variable.name;
        memcpy(dataset->files[f].storage.shape, (size_t[]){365, 2, 4}, 3 * sizeof(size_t));
        dataset->files[f].size = 1168; /* a tenth of its values */
    }
    struct cn_plan *plan = plan_of(dataset);
    struct cn_variable_plan *variable = &plan->variables[0];
    const uint64_t values = 365 * 8 * sizeof(float), least = 16384 + 80;
    for (size_t t = 0; t < variable->target_count; t++)
        variable->outputs[t].wanted = t < 10;
    variable->outputs[3].bytes_there = 5000; /* is replaced */
    dataset->config.output.compression = 1;
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    assert_int_equal(plan->space.files, 9);
    assert_int_equal(plan->space.replaced, 5000);
    assert_int_equal(plan->space.least, 10 * least + values);
    assert_int_equal(plan->space.about, plan->space.least); /* nothing was measured */
    assert_true(plan->space.most > 10 * (values + 60000));
    assert_true(plan->space.most < 10 * (values + 75000));

    dataset->config.output.compression = 0;
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    assert_int_equal(plan->space.least, 10 * (least + values));
    assert_true(plan->space.about > plan->space.least);
    assert_true(plan->space.about < plan->space.most);

    variable->outputs[20].bytes_there = 40000; /* stays */
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    assert_int_equal(plan->space.least, 10 * 38000);
    assert_int_equal(plan->space.about, 10 * 40000);

    for (size_t f = 0; f < dataset->variable.year_count; f++)
        dataset->files[f].size = UINT64_MAX; /* hardly compressed */
    dataset->config.output.compression = 1;
    variable->outputs[20].bytes_there = 0;
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    assert_int_equal(plan->space.least, 10 * (least + values / 4));
    cn_plan_free(plan);
    free(dataset);
}

/* Made by hand: of a region with 4 chunks, by 3 passes. */
static void test_what_waits_between_passes_takes_space(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 1990, 2100, 1, 30, 1);
    struct cn_plan *plan = plan_of(dataset);
    struct cn_variable_plan *variable = &plan->variables[0];
    dataset->config.output.compression = 0;
    for (size_t o = 0; o < variable->output_count; o++)
        variable->outputs[o].wanted = o < 2;
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    assert_int_equal(plan->space.temporary, 0); /* one pass */
    struct cn_region_cells cut[3], *whole = &variable->results[CN_DAY].regions[0];
    struct cn_pass passes[3] = {0};
    struct cn_pass *const planned = variable->passes;
    const size_t planned_count = variable->pass_count;
    whole->chunk_count = 4;
    whole->chunk_slots = 100;
    for (size_t p = 0; p < 3; p++) {
        cut[p] = *whole;
        for (enum cn_time time = CN_DAY; time < CN_TIMES; time++)
            passes[p].results[time] = (struct cn_layout){&cut[p], .region_count = 1};
        cut[p].first_chunk = p;
        cut[p].chunk_count = p == 2 ? 2 : 1; /* no chunk is cut */
    }
    variable->passes = passes;
    variable->pass_count = 3;
    cn_estimate_all_output_sizes(plan);
    assert_int_equal(plan->space.temporary, 0);
    cut[1].chunk_count = 2; /* chunk 2 is */
    cn_estimate_all_output_sizes(plan);
    const uint64_t chunk =
        100 * whole->row_count * whole->column_count * sizeof(float); /* raw, then encoded */
    assert_true(plan->space.temporary >= 2 * 2 * chunk);
    assert_true(plan->space.temporary < 2 * (2 * chunk + 20000));
    for (size_t p = 0; p < 3; p++) { /* rows are */
        cut[p].first_chunk = 0;
        cut[p].chunk_count = 4;
    }
    cut[2].row_count = 0; /* and one pass has none of the region */
    cn_estimate_all_output_sizes(plan);
    assert_true(plan->space.temporary >= 2 * 2 * 4 * chunk);
    const struct cn_space_need need = plan->space;
    const uint64_t least = need.least + need.temporary;
    assert_int_equal(cn_space_judge(&need, &(struct cn_space_free){least - 1, 1000}), CN_FITS_NOT);
    assert_int_equal(cn_space_judge(&need, &(struct cn_space_free){least, 1000}), CN_MAY_FIT);
    variable->outputs[0].bytes_waiting = 1000; /* is there, and gone on with */
    variable->resume.passes_done = 1;
    cn_estimate_all_output_sizes(plan);
    assert_int_equal(plan->space.waiting, 1000);
    assert_int_equal(cn_space_judge(&plan->space, &(struct cn_space_free){least - 1000, 1000}),
                     CN_MAY_FIT);
    variable->passes = planned;
    variable->pass_count = planned_count;
    cn_plan_free(plan);
    free(dataset);
}

static void test_the_likely_disk_space_is_that_of_a_measured_compression(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2100, 1, 30, 1);
    struct cn_plan *plan = plan_of(dataset);
    struct cn_variable_plan *variable = &plan->variables[0];
    const double values = 365 * 8 * sizeof(float) * (double)variable->target_count;
    dataset->config.output.compression = 1;
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    const struct cn_space_need guess = plan->space;
    double about[2];
    for (int k = 0; k < 2; k++) {
        variable->measured_shares = (const double[2][1]){{0.5}, {0.75}}[k];
        cn_estimate_all_output_sizes(plan);
        about[k] = (double)plan->space.about;
        assert_int_equal(plan->space.most, guess.most);
        assert_int_equal(plan->space.files, guess.files);
        assert_int_equal(variable->space.about, plan->space.about);
    }
    assert_true(fabs(about[1] - about[0] - values / 4) < 2 * (double)variable->output_count);
    variable->measured_shares = (const double[]){0}; /* less than was thought possible */
    cn_estimate_all_output_sizes(plan);
    assert_true(plan->space.least <= plan->space.about);
    cn_plan_free(plan);
    free(dataset);
}

static void test_outputs_fit_where_bytes_and_files_are_free(void **state)
{
    (void)state;
    const struct cn_space_need need = {
        .most = 1000, .least = 300, .about = 900, .replaced = 100, .files = 7};
    const struct {
        uint64_t bytes, files;
        enum cn_fit fit;
    } cases[] = {
        {900, 7, CN_FITS},        {899, 7, CN_MAY_FIT},       {200, 7, CN_MAY_FIT},
        {199, 7, CN_FITS_NOT},    {0, 7, CN_FITS_NOT},        {900, 6, CN_FITS_NOT},
        {UINT64_MAX, 7, CN_FITS}, {900, UINT64_MAX, CN_FITS}, {UINT64_MAX, UINT64_MAX, CN_FITS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cn_space_free space = {cases[i].bytes, cases[i].files};
        assert_int_equal(cn_space_judge(&need, &space), cases[i].fit);
    }
    const struct cn_space_free nothing = {0, 0};
    assert_int_equal(cn_space_judge(&(struct cn_space_need){0}, &nothing), CN_FITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_disk_space_of_outputs_is_estimated),
        cmocka_unit_test(test_the_likely_disk_space_is_that_of_a_measured_compression),
        cmocka_unit_test(test_outputs_fit_where_bytes_and_files_are_free),
        cmocka_unit_test(test_what_waits_between_passes_takes_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
