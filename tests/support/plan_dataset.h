/*
 * A variable made by hand, for tests of plans: historical years, then one or two scenarios.
 */
#ifndef CLIMNORM_TESTS_PLAN_DATASET_H
#define CLIMNORM_TESTS_PLAN_DATASET_H

#include "climnorm/plan.h"

#include "cn_test.h"
#include "one_variable.h"

enum { MOST_YEARS = 300 };

/* A variable on a 2 x 4 grid: historical years, then one or two scenarios, one file a year or files
 * of several years with one chunk. */
struct dataset {
    struct cn_config config;
    struct cn_catalog catalog;
    struct cn_variable variable;
    struct cn_file files[MOST_YEARS];
    struct cn_part parts[MOST_YEARS];
    struct cn_source_year years[MOST_YEARS];
    struct cn_timeline timelines[2];
    ptrdiff_t index[2][MOST_YEARS];
    struct cn_region region;
    struct cn_period period;
};

static const double lat[2] = {10, 20}, lon[4] = {0, 10, 20, 30};

static inline size_t add_year(struct dataset *dataset, int year, const char *experiment,
                              size_t years_per_file)
{
    size_t y = dataset->variable.year_count++;
    size_t f = y / years_per_file;
    dataset->files[f].storage = (struct cn_storage){.layout = CN_CHUNKED,
                                                    .rank = 3,
                                                    .chunk = {365 * years_per_file, 2, 4},
                                                    .lat_dim = 1,
                                                    .lon_dim = 2};
    dataset->files[f].size = 1000;
    dataset->parts[y] = (struct cn_part){&dataset->files[f], 365 * (y % years_per_file), 365};
    dataset->years[y] = (struct cn_source_year){.year = year,
                                                .experiment = experiment,
                                                .parts = &dataset->parts[y],
                                                .part_count = 1,
                                                .days_held = 365,
                                                .days_expected = 365,
                                                .usable = true};
    return y;
}

/* Source years first … split historical, split + 1 … last of each scenario. */
static inline struct dataset *make_dataset(int first, int split, int last, size_t scenarios,
                                           int window, size_t years_per_file)
{
    static const char *const names[2] = {"ssp245", "ssp585"};
    struct dataset *dataset = calloc(1, sizeof *dataset);
    assert_non_null(dataset);
    dataset->region = (struct cn_region){"R", "Region", false, {0, 30}, {10, 20}};
    dataset->period = (struct cn_period){"all-{scenario}", first + window - 1, last};
    dataset->config = (struct cn_config){.path = "test.cfg",
                                         .origin = {"test.cfg:1", "test.cfg:2", "test.cfg:3"},
                                         .input.historical = "historical",
                                         .regions = &dataset->region,
                                         .region_count = 1,
                                         .normals.window = window,
                                         .normals.min_years = window,
                                         .normals.periods = &dataset->period,
                                         .normals.period_count = 1,
                                         .output.root = "/normals",
                                         .output.pattern = "{variable}/{period}/{year}.nc"};
    dataset->variable = (struct cn_variable){.name = "tas",
                                             .calendar = CN_NOLEAP,
                                             .grid = {2, 4, lat, lon, NULL, NULL},
                                             .years = dataset->years,
                                             .timelines = dataset->timelines,
                                             .timeline_count = scenarios};
    for (int year = first; year <= split; year++) {
        size_t y = add_year(dataset, year, "historical", years_per_file);
        for (size_t s = 0; s < scenarios; s++)
            dataset->index[s][year - first] = (ptrdiff_t)y;
    }
    for (size_t s = 0; s < scenarios; s++) {
        for (int year = split + 1; year <= last; year++)
            dataset->index[s][year - first] =
                (ptrdiff_t)add_year(dataset, year, names[s], years_per_file);
        dataset->timelines[s] =
            (struct cn_timeline){names[s], first, last, dataset->index[s], false};
    }
    dataset->catalog = catalog_of(&dataset->variable, dataset->files, MOST_YEARS);
    return dataset;
}

static inline enum cn_status schedule(struct cn_plan *plan, uint64_t memory_limit,
                                      struct cn_error *error)
{
    const struct cn_resources resources = {.threads = 2, .memory_limit = memory_limit};
    return cn_plan_schedule(plan, &resources, error);
}

static inline struct cn_plan *plan_of(struct dataset *dataset)
{
    struct cn_plan *plan;
    struct cn_error error = {.text = ""};
    if (cn_plan_targets(&dataset->config, &dataset->catalog, &plan, &error))
        fail_msg("%s", error.text);
    return plan;
}

static inline bool used_later(const struct cn_variable_plan *plan, size_t step, size_t year)
{
    for (size_t s = step; s < plan->step_count; s++) {
        if (plan->steps[s].kind != CN_BATCH)
            continue;
        const struct cn_batch *batch = &plan->batches[plan->steps[s].index];
        for (size_t k = 0; k < batch->row_count; k++)
            if (batch->rows[k] == (ptrdiff_t)year)
                return true;
    }
    return false;
}

/* Follows the steps of a schedule; returns how many years were loaded. */
static inline size_t check_program(const struct cn_plan *plan)
{
    const struct cn_variable_plan *variable = &plan->variables[0];
    size_t content[MOST_YEARS], loads = 0, targets = 0;
    for (size_t k = 0; k < MOST_YEARS; k++)
        content[k] = SIZE_MAX;
    for (size_t s = 0; s < variable->step_count; s++) {
        size_t index = variable->steps[s].index;
        if (variable->steps[s].kind == CN_LOAD) {
            const struct cn_load *load = &variable->loads[index];
            for (size_t k = 0; k < load->year_count; k++, loads++) {
                size_t slot = variable->slot_of_year[load->years[k]];
                assert_true(slot < variable->year_slots);
                if (content[slot] != SIZE_MAX)
                    assert_false(used_later(variable, s, content[slot]));
                for (size_t other = 0; other < MOST_YEARS; other++)
                    assert_true(content[other] != load->years[k]);
                content[slot] = load->years[k];
            }
            continue;
        }
        const struct cn_batch *batch = &variable->batches[index];
        assert_true(batch->result_slot < variable->result_slots);
        assert_true(batch->target_count <= variable->batch_years);
        for (size_t k = 0; k < batch->row_count; k++)
            if (batch->rows[k] >= 0)
                assert_int_equal(content[variable->slot_of_year[batch->rows[k]]], batch->rows[k]);
        for (size_t t = 0; t < batch->target_count; t++, targets++)
            for (int k = 0; k < plan->config->normals.window; k++)
                assert_int_equal(batch->rows[t + (size_t)k],
                                 variable->targets[batch->first_target + t].window[k]);
    }
    assert_int_equal(targets, variable->target_count);
    assert_true(variable->year_slots * variable->slab_bytes +
                    variable->result_slots * variable->result_bytes <=
                plan->resources.memory_limit);
    return loads;
}

#endif
