/*
 * Target years, their windows and periods, and the files that hold them.
 */
#include "config/fields.h"

#include "plan_checks.h"
#include "plan_dataset.h"

static void test_historical_windows_are_computed_once(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 2, 30, 1);
    struct cn_plan *plan = plan_of(dataset);
    const struct cn_variable_plan *variable = &plan->variables[0];
    assert_int_equal(variable->target_count, 36 + 2 * 6); /* 1979-2014 once, 2015-2020 twice */
    size_t historical = 0;
    for (size_t t = 0; t < variable->target_count; t++)
        historical += !strcmp(variable->targets[t].scenario, "historical");
    assert_int_equal(historical, 36);
    assert_string_equal(variable->outputs[0].path, "tas/all-historical/1979.nc");
    assert_string_equal(variable->outputs[40].path, "tas/all-ssp245/2019.nc");
    cn_plan_free(plan);
    free(dataset);
}

static void test_default_periods_name_the_hybrid_when_scenarios_are_several(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2100, 2, 30, 1);
    dataset->config.normals.periods = NULL;
    struct cn_plan *plan = plan_of(dataset);
    const struct cn_variable_plan *variable = &plan->variables[0];
    assert_string_equal(variable->targets[0].period, "historical");
    assert_int_equal(variable->targets[0].year, 1980);
    assert_string_equal(variable->targets[35].period, "hybrid-ssp245");
    assert_string_equal(variable->targets[65].period, "ssp245");
    assert_string_equal(variable->targets[121].period, "hybrid-ssp585");
    assert_int_equal(variable->target_count, 35 + 2 * 86);
    cn_plan_free(plan);
    free(dataset);
}

/* Adds "PERIOD FIRST-LAST" for each period that a timeline's targets are in. */
static const char *describe_periods(const struct cn_variable_plan *plan, size_t timeline,
                                    char text[200])
{
    text[0] = '\0';
    for (size_t t = 0; t < plan->target_count; t++) {
        const struct cn_target *first = &plan->targets[t];
        if (first->timeline != timeline)
            continue;
        while (t + 1 < plan->target_count && !strcmp(plan->targets[t + 1].period, first->period))
            t++;
        size_t length = strlen(text);
        snprintf(text + length, 200 - length, "%s%s %d-%d", length ? ", " : "", first->period,
                 first->year, plan->targets[t].year);
    }
    return text;
}

static void test_default_periods_follow_the_files(void **state)
{
    (void)state;
    const struct {
        int first, split, last;
        const char *periods;
    } cases[] = {
        {1950, 2014, 2100, "historical 1980-2014, hybrid 2015-2044, ssp245 2045-2100"},
        {1950, 2005, 2100, "historical 1980-2005, hybrid 2006-2035, ssp245 2036-2100"},
        {1950, 2005, 2200, "historical 1980-2005, hybrid 2006-2035, ssp245 2036-2200"},
        {1981, 2014, 2050, "historical 2010-2014, hybrid 2015-2044, ssp245 2045-2050"},
        {2000, 2004, 2032, "hybrid 2029-2032"},
        {2015, 2014, 2100, "hybrid 2044-2044, ssp245 2045-2100"},
        {1850, 1949, 1990, "ssp245 1980-1990"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        struct dataset *dataset =
            make_dataset(cases[i].first, cases[i].split, cases[i].last, 1, 30, 1);
        dataset->config.normals.periods = NULL;
        struct cn_plan *plan = plan_of(dataset);
        assert_string_equal(describe_periods(&plan->variables[0], 0, text), cases[i].periods);
        assert_int_equal(cn_problems_count(&plan->variables[0].problems, CN_PROBLEM), 0);
        cn_plan_free(plan);
        free(dataset);
    }
}

static void test_what_default_periods_leave_out_is_one_warning(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1980, 2014, 2020, 1, 30, 1);
    dataset->config.normals.periods = NULL;
    dataset->config.normals.min_years = dataset->product.min_years = 25;
    struct cn_plan *plan = plan_of(dataset);
    const struct cn_variable_plan *variable = &plan->variables[0];
    assert_int_equal(variable->problems.count, 2);
    assert_int_equal(cn_problems_count(&variable->problems, CN_PROBLEM), 0);
    assert_string_equal(variable->problems.items[0].text,
                        "tas: target years 1980-2003 are left out: their windows have 1 to 24 of "
                        "30 years, normals.min_years is 25 (the data begin in 1980)");
    assert_string_equal(variable->problems.items[1].text,
                        "tas: windows of 2004-2008 begin before 1980, the first source year: they "
                        "have 25 to 29 of 30 years");
    assert_int_equal(variable->normals_unmade, 0);
    assert_int_equal(variable->targets[0].year, 2004);
    cn_plan_free(plan);
    free(dataset);
}

static void test_a_tree_without_a_usable_year_can_make_nothing(void **state)
{
    (void)state;
    const struct {
        int first;
        const char *said;
    } cases[] = {{1960, "tas: nothing can be made: the last source year is 1970, and default "
                        "periods begin in 1980; name earlier target years in normals.targets"},
                 {2000, "tas: nothing can be made: no source year from 1980 on can be used"}};
    for (size_t i = 0; i < 2; i++) {
        struct dataset *dataset =
            make_dataset(cases[i].first, cases[i].first + 5, cases[i].first + 10, 1, 30, 1);
        dataset->config.normals.periods = NULL;
        for (size_t y = 0; y < dataset->variable.year_count; y++)
            dataset->years[y].usable = false;
        struct cn_plan *plan = plan_of(dataset);
        assert_int_equal(plan->variables[0].problems.count, 1);
        assert_string_equal(plan->variables[0].problems.items[0].text, cases[i].said);
        cn_plan_free(plan);
        free(dataset);
    }
}

static void test_named_target_years_are_made_or_problems(void **state)
{
    (void)state;
    static const int targets[] = {1969, 1970, 1979, 1990, 2010, 2020, 2030};
    char text[200];
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 1, 30, 1);
    dataset->config.normals.periods = NULL;
    dataset->config.normals.targets = targets;
    dataset->config.normals.target_count = sizeof targets / sizeof *targets;
    struct cn_plan *plan = plan_of(dataset);
    const struct cn_variable_plan *variable = &plan->variables[0];
    assert_string_equal(describe_periods(variable, 0, text),
                        "historical 1979-2010, hybrid 2020-2020");
    assert_int_equal(variable->target_count, 4);
    assert_int_equal(variable->normals_unmade, 3);
    assert_int_equal(variable->problems.count, 2);
    assert_string_equal(variable->problems.items[0].text,
                        "tas 1969-1970: not made, their windows have 20 to 21 of 30 years "
                        "(normals.min_years is 30); missing: 1940-1949");
    assert_non_null(strstr(variable->problems.items[1].text, "tas 2030: not made"));
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    check_variable(plan, &plan->variables[0], 1 << 30);
    cn_plan_free(plan);
    free(dataset);
}

static void test_no_year_before_0_is_missing(void **state)
{
    (void)state;
    static const int targets[] = {0, 2};
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 1, 30, 1);
    dataset->config.normals.periods = NULL;
    dataset->config.normals.targets = targets;
    dataset->config.normals.target_count = sizeof targets / sizeof *targets;
    struct cn_plan *plan = plan_of(dataset);
    assert_int_equal(plan->variables[0].problems.count, 1);
    assert_string_equal(plan->variables[0].problems.items[0].text,
                        "tas 0, 2: not made, their windows have 0 of 30 years "
                        "(normals.min_years is 30); missing: 0-2");
    cn_plan_free(plan);
    free(dataset);
}

/* The target of a year in a timeline; NULL: none. */
static const struct cn_target *target_of(const struct cn_variable_plan *plan, size_t timeline,
                                         int year)
{
    for (size_t t = 0; t < plan->target_count; t++)
        if (plan->targets[t].timeline == timeline && plan->targets[t].year == year)
            return &plan->targets[t];
    return NULL;
}

static void test_years_without_files_keep_their_side_of_the_seam(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 2, 30, 1);
    dataset->config.normals.min_years = dataset->product.min_years = 28;
    dataset->index[0][2014 - 1950] = dataset->index[1][2014 - 1950] = -1;
    dataset->index[0][2015 - 1950] = -1;
    struct cn_plan *plan = plan_of(dataset);
    const struct cn_variable_plan *variable = &plan->variables[0];
    assert_string_equal(target_of(variable, 0, 2014)->scenario, "historical");
    assert_null(target_of(variable, 1, 2014)); /* computed once */
    assert_string_equal(target_of(variable, 0, 2015)->scenario, "ssp245");
    assert_string_equal(target_of(variable, 1, 2015)->scenario, "ssp585");
    cn_plan_free(plan);
    free(dataset);
}

static void test_short_windows_are_reported_with_what_they_lack(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2100, 1, 30, 1);
    dataset->config.normals.min_years = dataset->product.min_years = 28;
    for (int k = 0; k < 3; k++)
        dataset->index[0][10 + k] = -1; /* 1960-1962 */
    struct cn_plan *plan = plan_of(dataset);
    const struct cn_variable_plan *variable = &plan->variables[0];
    /* 1979-1989 lack three years, 1990 lacks two, 1991 one. */
    assert_int_equal(variable->normals_unmade, 11);
    assert_int_equal(variable->problems.count, 1);
    assert_string_equal(variable->problems.items[0].text,
                        "tas 1979-1989: not made, their windows have 27 of 30 years "
                        "(normals.min_years is 28); missing: 1960-1962");
    assert_int_equal(variable->targets[0].year, 1990);
    assert_int_equal(variable->targets[0].years_planned, 28);
    cn_plan_free(plan);
    free(dataset);
}

static void test_every_field_has_its_value(void **state)
{
    (void)state;
#define NAME_AND_FIELD(name, ...) #name "={" #name "} "
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 1, 30, 1);
    dataset->config.output.pattern = CN_PATTERN_FIELDS(NAME_AND_FIELD) "{other} {";
    dataset->variable.variant = "r1";
    dataset->variable.grid_label = "gn";
    struct cn_plan *plan = plan_of(dataset);
    const struct cn_variable_plan *variable = &plan->variables[0];
    const struct cn_target *target = &variable->targets[variable->target_count - 1];
    assert_string_equal(
        variable->outputs[target->normals[0].output].path,
        "region=R variable=tas period=all-ssp245 year=2020 window=30 product=normal "
        "scenario=ssp245 model=M variant=r1 grid=gn {other} {");
    cn_plan_free(plan);
    free(dataset);
}

static void test_paths_that_collide_or_escape_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *expected;
    } cases[] = {{"{variable}.nc", "{year}"},
                 {"../{year}.nc", "output.root"},
                 {"/{year}.nc", "output.root"},
                 {"a//{year}.nc", "output.root"},
                 {"{grid}/{year}.nc", "output.root"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *dataset = make_dataset(1950, 2014, 2100, 1, 30, 1);
        struct cn_error error;
        struct cn_plan *plan;
        dataset->config.output.pattern = cases[i].pattern;
        dataset->variable.grid_label = "..";
        assert_int_equal(cn_plan_targets(&dataset->config, &dataset->catalog, &plan, &error),
                         CN_BAD_USAGE);
        assert_non_null(strstr(error.text, cases[i].expected));
        assert_null(plan);
        free(dataset);
    }
}

/* Each target of each region is in one output, whose target years ascend. */
static void check_outputs(const struct cn_variable_plan *variable)
{
    size_t normals = 0;
    for (size_t o = 0; o < variable->output_count; o++) {
        const struct cn_output *output = &variable->outputs[o];
        for (size_t k = 0; k < output->target_count; k++, normals++) {
            const struct cn_target *target = &variable->targets[output->targets[k]];
            assert_int_equal(target->normals[output->region].output, o);
            assert_int_equal(target->normals[output->region].position, k);
            if (k)
                assert_true(variable->targets[output->targets[k - 1]].year < target->year);
        }
    }
    assert_int_equal(normals, variable->target_count * variable->layout.region_count);
}

static void test_stacked_outputs_hold_the_targets_of_a_period(void **state)
{
    (void)state;
    static struct cn_period periods[] = {{"early", 1979, 2000}, {"late-{scenario}", 2001, 2020}};
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 2, 30, 1);
    dataset->config.output.layout = CN_STACKED;
    dataset->config.output.pattern = "{variable}/{period}.nc";
    dataset->config.normals.periods = periods;
    dataset->config.normals.period_count = 2;
    struct cn_plan *plan = plan_of(dataset);
    struct cn_variable_plan *variable = &plan->variables[0];
    static const struct {
        const char *path;
        size_t targets;
    } expected[] = {{"tas/early.nc", 22},
                    {"tas/late-historical.nc", 14},
                    {"tas/late-ssp245.nc", 6},
                    {"tas/late-ssp585.nc", 6}};
    check_outputs(variable);
    assert_int_equal(variable->output_count, 4);
    for (size_t o = 0; o < 4; o++) {
        assert_string_equal(variable->outputs[o].path, expected[o].path);
        assert_int_equal(variable->outputs[o].target_count, expected[o].targets);
    }
    variable->outputs[0].wanted = variable->outputs[3].wanted = false;
    assert_int_equal(schedule(plan, 1 << 30, NULL), CN_OK);
    assert_int_equal(variable->normals_wanted, 20);
    assert_int_equal(variable->normals_skipped, 28);
    assert_int_equal(plan->space.files, 2);
    cn_plan_free(plan);

    dataset->config.output.layout = CN_SINGLE;
    dataset->config.output.pattern = "{variable}/{period}/{year}.nc";
    plan = plan_of(dataset);
    check_outputs(&plan->variables[0]);
    assert_int_equal(plan->variables[0].output_count, 48);
    cn_plan_free(plan);
    free(dataset);
}

static void test_paths_that_are_too_long_are_refused(void **state)
{
    (void)state;
    char root[4096] = "/";
    memset(root + 1, 'r', sizeof root - 100);
    root[sizeof root - 99] = '\0';
    for (size_t length = 60; length <= 80; length++) {
        struct dataset *dataset = make_dataset(1950, 2014, 2100, 1, 30, 1);
        struct cn_error error;
        struct cn_plan *plan;
        char pattern[128];
        snprintf(pattern, sizeof pattern, "%0*d/{year}", (int)length - 5, 0);
        dataset->config.output.pattern = pattern;
        dataset->config.output.root = root;
        dataset->config.origin.output_root = "normals.cfg:7";
        enum cn_status status = cn_plan_targets(&dataset->config, &dataset->catalog, &plan, &error);
        bool fits = strlen(root) + length + 32 <= 4096;
        assert_int_equal(status, fits ? CN_OK : CN_BAD_USAGE);
        if (!fits)
            assert_non_null(strstr(error.text, "normals.cfg:7: output.root is too long"));
        cn_plan_free(plan);
        free(dataset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_historical_windows_are_computed_once),
        cmocka_unit_test(test_default_periods_name_the_hybrid_when_scenarios_are_several),
        cmocka_unit_test(test_default_periods_follow_the_files),
        cmocka_unit_test(test_what_default_periods_leave_out_is_one_warning),
        cmocka_unit_test(test_a_tree_without_a_usable_year_can_make_nothing),
        cmocka_unit_test(test_named_target_years_are_made_or_problems),
        cmocka_unit_test(test_no_year_before_0_is_missing),
        cmocka_unit_test(test_years_without_files_keep_their_side_of_the_seam),
        cmocka_unit_test(test_short_windows_are_reported_with_what_they_lack),
        cmocka_unit_test(test_every_field_has_its_value),
        cmocka_unit_test(test_paths_that_collide_or_escape_are_refused),
        cmocka_unit_test(test_stacked_outputs_hold_the_targets_of_a_period),
        cmocka_unit_test(test_paths_that_are_too_long_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
