/*
 * A variable made by hand, for tests of plans: historical years, then one or two scenarios.
 */
#ifndef CLIMNORM_TESTS_PLAN_DATASET_H
#define CLIMNORM_TESTS_PLAN_DATASET_H

#include "climnorm/plan.h"

#include "cn_test.h"
#include "one_product.h"
#include "one_variable.h"

enum { MOST_YEARS = 300 };

/* A variable on a 2 x 4 grid: historical years, then one or two scenarios, one file a year or files
 * of several years with one chunk. */
struct dataset {
    struct cn_config config;
    struct cn_product product;
    struct cn_catalog catalog;
    struct cn_variable variable;
    struct cn_file files[MOST_YEARS];
    int64_t days[MOST_YEARS * 365]; /* of all files, one after another */
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
                                                    .row_dim = 1,
                                                    .column_dim = 2,
                                                    .value_bytes = 4};
    dataset->files[f].size = 1000;
    dataset->files[f].calendar = CN_NOLEAP;
    dataset->files[f].days = &dataset->days[365 * years_per_file * f];
    for (size_t d = 0; d < 365; d++)
        dataset->days[365 * y + d] =
            cn_day_number(CN_NOLEAP, (struct cn_date){year, 1, 1}) + (int64_t)d;
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
    set_product(&dataset->config, &dataset->product);
    dataset->variable =
        (struct cn_variable){.name = "tas",
                             .calendar = CN_NOLEAP,
                             .grid = {.row_count = 2, .column_count = 4, .lat = lat, .lon = lon},
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

#endif
