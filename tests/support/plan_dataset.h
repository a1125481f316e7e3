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
                                                    .lat_dim = 1,
                                                    .lon_dim = 2,
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

/* The passes of a plan cover each day slot and row of the grid once. */
static inline void check_passes(const struct cn_variable_plan *variable)
{
    const size_t rows = variable->variable->grid.lat_count, slots = (size_t)variable->slots;
    unsigned char *covered = calloc(rows * slots, 1);
    assert_non_null(covered);
    for (size_t p = 0; p < variable->pass_count; p++) {
        const struct cn_pass_stretch *stretch = &variable->passes[p].stretch;
        assert_true(stretch->slot_count > 0 && stretch->row_count > 0);
        assert_true(stretch->first_slot + stretch->slot_count <= slots);
        assert_true(stretch->first_row + stretch->row_count <= rows);
        for (size_t s = stretch->first_slot; s < stretch->first_slot + stretch->slot_count; s++)
            for (size_t r = stretch->first_row; r < stretch->first_row + stretch->row_count; r++)
                covered[s * rows + r]++;
    }
    for (size_t r = 0; r < variable->layout.region_count; r++) {
        const struct cn_region_cells *region = &variable->layout.regions[r];
        for (size_t s = 0; s < slots; s++)
            for (size_t k = 0; k < region->lat_count; k++)
                assert_int_equal(covered[s * rows + region->first_lat + k], 1);
    }
    free(covered);
}

/* No slab and no result of a pass is larger than its slot. */
static inline void check_sizes(const struct cn_plan *plan, const struct cn_variable_plan *variable)
{
    for (size_t p = 0; p < variable->pass_count; p++) {
        const struct cn_pass *pass = &variable->passes[p];
        size_t cells = 0;
        for (size_t r = 0; r < pass->layout.region_count; r++) {
            const struct cn_region_cells *region = &pass->layout.regions[r];
            const size_t own = region->lat_count * region->lon_count;
            assert_true(own == 0 || region->first_cell >= cells);
            cells = own ? region->first_cell + own : cells;
            for (size_t s = 0; own && s < pass->stretch.slot_count; s++) {
                const size_t first = cn_result_index(region, pass->stretch.first_slot + s);
                assert_true((first + own) * sizeof(float) <= variable->target_bytes);
            }
        }
        assert_true(cells <= pass->layout.row_cells);
        assert_true(pass->stretch.slot_count * pass->layout.row_cells * sizeof(float) <=
                    variable->slab_bytes);
    }
    assert_true(variable->batch_years * variable->target_bytes <= variable->result_bytes);
    assert_true(variable->year_slots * variable->slab_bytes +
                    variable->result_slots * variable->result_bytes <=
                plan->resources.memory_limit);
}

/* Follows the steps of a schedule. Each target is computed once in each pass, from its years, which
 * are in their slots. Returns how many years were loaded in each pass. */
static inline size_t check_program(const struct cn_plan *plan)
{
    const struct cn_variable_plan *variable = &plan->variables[0];
    size_t year_in[2 * MOST_YEARS], pass_in[2 * MOST_YEARS];
    size_t loads = 0, targets = 0, pass = 0, wanted = 0;
    assert_true(variable->year_slots <= 2 * MOST_YEARS);
    for (size_t k = 0; k < 2 * MOST_YEARS; k++)
        year_in[k] = SIZE_MAX;
    for (size_t s = 0; s < variable->step_count; s++) {
        const size_t index = variable->steps[s].index;
        if (variable->steps[s].kind == CN_LOAD) {
            const struct cn_load *load = &variable->loads[index];
            assert_true(load->pass >= pass);
            pass = load->pass;
            for (size_t k = 0; k < load->year_count; k++, loads++) {
                const size_t slot = variable->passes[pass].slot_of_year[load->years[k]];
                assert_true(slot < variable->year_slots);
                for (size_t other = 0; other < variable->year_slots; other++)
                    assert_true(year_in[other] != load->years[k] || pass_in[other] != pass);
                year_in[slot] = load->years[k];
                pass_in[slot] = pass;
            }
            continue;
        }
        const struct cn_batch *batch = &variable->batches[index];
        assert_true(batch->pass >= pass);
        pass = batch->pass;
        assert_true(batch->result_slot < variable->result_slots);
        assert_true(batch->target_count <= variable->batch_years);
        for (size_t k = 0; k < batch->row_count; k++)
            if (batch->rows[k] >= 0) {
                const size_t slot = variable->passes[pass].slot_of_year[batch->rows[k]];
                assert_true(slot < variable->year_slots);
                assert_int_equal(year_in[slot], batch->rows[k]);
                assert_int_equal(pass_in[slot], pass);
            }
        for (size_t t = 0; t < batch->target_count; t++, targets++)
            for (int k = 0; k < plan->config->normals.window; k++)
                assert_int_equal(batch->rows[t + (size_t)k],
                                 variable->targets[batch->first_target + t].window[k]);
    }
    for (size_t t = 0; t < variable->target_count; t++)
        wanted += cn_wanted_normals(variable, &variable->targets[t]) > 0;
    assert_int_equal(targets, wanted * variable->pass_count);
    check_passes(variable);
    check_sizes(plan, variable);
    assert_int_equal(loads % variable->pass_count, 0);
    return loads / variable->pass_count;
}

#endif
