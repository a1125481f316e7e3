/*
 * Jobs of one variable that are drawn by lot: calendars, years with gaps, files that begin and end
 * anywhere, chunks of any shape, grids, regions, windows, target years, scenarios.
 */
#ifndef CLIMNORM_TESTS_RANDOM_JOB_H
#define CLIMNORM_TESTS_RANDOM_JOB_H

#include "climnorm/plan.h"

#include "cn_test.h"
#include "dice.h"
#include "one_product.h"
#include "one_variable.h"

enum {
    JOB_SPAN = 40,             /* years of a timeline, at most */
    JOB_YEARS = JOB_SPAN * 3,  /* of the variable: each may be in three experiments */
    JOB_FILES = JOB_YEARS * 4, /* a file has 100 days or more, or the rest of its experiment */
    JOB_INSTANTS = JOB_YEARS * 366 * 2,
    JOB_PARTS = JOB_YEARS + JOB_FILES,
    JOB_REGIONS = 4,
    JOB_PRODUCTS = 3,
    JOB_LATS = 96,
    JOB_LONS = 144,
};

struct job {
    struct cn_config config;
    struct cn_product products[JOB_PRODUCTS];
    struct cn_catalog catalog;
    struct cn_variable variable;
    struct cn_file files[JOB_FILES];
    size_t part_count, instant_count;
    int64_t days[JOB_INSTANTS];
    struct cn_part parts[JOB_PARTS];
    struct cn_source_year years[JOB_YEARS];
    struct cn_timeline timelines[2];
    ptrdiff_t index[2][JOB_SPAN];
    struct cn_region regions[JOB_REGIONS];
    struct cn_period periods[2];
    int targets[JOB_SPAN];
    double lat[JOB_LATS], lon[JOB_LONS];
    /* How files are drawn. */
    int file_days;      /* 0: whole years; else so many days */
    int file_years;     /* of a file with whole years */
    int instants_a_day; /* 1 or 2 */
    int gap_chance;     /* 0: no gaps; else one year in so many has one */
    struct cn_storage storage;
    bool varies; /* each file has its own storage */
};

static inline size_t at_most(int value, size_t most)
{
    return (size_t)value < most ? (size_t)value : most;
}

/* Chunks: of days, of rows, of columns, of all, and shapes without any sense. */
static inline struct cn_storage draw_storage(const struct cn_grid *grid)
{
    struct cn_storage storage = {.rank = 3, .time_dim = 0, .row_dim = 1, .column_dim = 2};
    storage.value_bytes = (size_t)PICK(1, 2, 4, 4, 4, 8);
    storage.layout = CN_CHUNKED;
    if (one_in(5)) {
        storage.layout = one_in(2) ? CN_CONTIGUOUS : CN_CLASSIC;
        return storage;
    }
    if (one_in(6)) {
        storage.time_dim = 2;
        storage.column_dim = 0;
    }
    storage.chunk[storage.time_dim] =
        (size_t)PICK(1, 1, 1, 2, 5, 7, 30, 31, 100, 183, 360, 365, 366, 400, 1000, 3000);
    storage.chunk[storage.row_dim] =
        one_in(3) ? grid->row_count : at_most(PICK(1, 2, 3, 5, 8, 16), grid->row_count);
    storage.chunk[storage.column_dim] =
        one_in(3) ? grid->column_count : at_most(PICK(1, 4, 7, 16, 30), grid->column_count);
    return storage;
}

static inline void draw_grid(struct job *job)
{
    struct cn_grid *grid = &job->variable.grid;
    const bool is_large = one_in(12);
    grid->row_count = (size_t)roll(1, is_large ? JOB_LATS : 20);
    grid->column_count = (size_t)roll(1, is_large ? JOB_LONS : 30);
    grid->lat = job->lat;
    grid->lon = job->lon;
    const double west = one_in(2) ? 0 : -180, sign = one_in(2) ? 1 : -1;
    for (size_t k = 0; k < grid->row_count; k++)
        job->lat[k] = sign * (-90 + 180 * ((double)k + 0.5) / (double)grid->row_count);
    for (size_t k = 0; k < grid->column_count; k++)
        job->lon[k] = west + 360 * ((double)k + 0.25) / (double)grid->column_count;
}

/* Boxes of all sizes, over the edges of the grid too; a box may have no cell. */
static inline void draw_regions(struct job *job)
{
    static const char *const names[JOB_REGIONS] = {"A", "B", "C", "D"};
    const size_t count = (size_t)roll(1, JOB_REGIONS);
    for (size_t r = 0; r < count; r++) {
        struct cn_region *region = &job->regions[r];
        *region = (struct cn_region){.name = names[r], .title = names[r], .global = one_in(4)};
        region->lon[0] = roll(-180, 340);
        region->lon[1] = region->lon[0] + roll(1, one_in(2) ? 40 : 359);
        region->lat[0] = roll(-90, 80);
        region->lat[1] = region->lat[0] + roll(1, one_in(2) ? 20 : 100);
        region->lat[1] = region->lat[1] < 90 ? region->lat[1] : 90;
    }
    job->config.regions = job->regions;
    job->config.region_count = count;
}

static inline struct cn_file *begin_file(struct job *job)
{
    struct cn_file *file = &job->files[job->catalog.file_count++];
    assert_true(job->catalog.file_count <= JOB_FILES);
    file->size = (uint64_t)roll(1, 100000);
    file->calendar = job->variable.calendar;
    if (file->calendar == CN_STANDARD && job->years[0].year > 1600 && one_in(2))
        file->calendar = CN_PROLEPTIC_GREGORIAN; /* it is the same then, and files may differ */
    file->storage = job->varies ? draw_storage(&job->variable.grid) : job->storage;
    file->days = &job->days[job->instant_count];
    return file;
}

static inline void add_instants(struct job *job, struct cn_source_year *year, struct cn_file *file,
                                int64_t day)
{
    struct cn_part *part = year->part_count ? &job->parts[job->part_count - 1] : NULL;
    if (!part || part->file != file) {
        part = &job->parts[job->part_count++];
        assert_true(job->part_count <= JOB_PARTS);
        *part = (struct cn_part){.file = file, .first = file->time_count};
        year->parts = year->part_count ? year->parts : part;
        year->part_count++;
    }
    for (int k = 0; k < job->instants_a_day; k++, part->count++, file->time_count++) {
        assert_true(job->instant_count < JOB_INSTANTS);
        job->days[job->instant_count++] = day;
    }
    year->days_held++;
}

/* Adds the years of one experiment, in files of their own. Returns the index of the first. */
static inline void add_experiment(struct job *job, const char *experiment, int first, int last,
                                  ptrdiff_t *index)
{
    const enum cn_calendar calendar = job->variable.calendar;
    struct cn_file *file = NULL;
    size_t days_of_file = 0;
    for (int y = first; y <= last; y++, index++) {
        const bool has_gap = job->gap_chance && one_in(job->gap_chance);
        *index = -1;
        if (has_gap && one_in(3))
            continue;
        const int days = cn_days_in_year(calendar, y);
        const int64_t begin = cn_day_number(calendar, (struct cn_date){y, 1, 1});
        const int hole = has_gap ? roll(0, days - 1) : 0, hole_days = has_gap ? roll(1, 200) : 0;
        struct cn_source_year *year = &job->years[job->variable.year_count];
        *year = (struct cn_source_year){.year = y,
                                        .experiment = experiment,
                                        .days_expected = days,
                                        .usable = !has_gap || one_in(2)};
        if (!file || (!job->file_days && (y - first) % job->file_years == 0))
            file = NULL;
        for (int d = 0; d < days; d++) {
            if (d >= hole && d < hole + hole_days)
                continue;
            if (!file || (job->file_days && days_of_file == (size_t)job->file_days)) {
                file = begin_file(job);
                days_of_file = 0;
            }
            add_instants(job, year, file, begin + d);
            days_of_file++;
        }
        if (year->part_count)
            *index = (ptrdiff_t)job->variable.year_count++;
    }
}

/* Historical years, and none, one or two scenarios behind them. */
static inline void draw_years(struct job *job, int first, int last)
{
    static const char *const names[2] = {"ssp245", "ssp585"};
    const int scenarios = roll(0, 2), split = scenarios ? roll(first, last - 1) : last;
    ptrdiff_t *shared = job->index[0];
    job->variable.years = job->years;
    job->years[0].year = first; /* begin_file looks at it */
    add_experiment(job, "historical", first, split, shared);
    memcpy(job->index[1], shared, (size_t)(split - first + 1) * sizeof *shared);
    for (int s = 0; s < scenarios; s++)
        add_experiment(job, names[s], split + 1, last, &job->index[s][split + 1 - first]);
    job->variable.timelines = job->timelines;
    job->variable.timeline_count = scenarios ? (size_t)scenarios : 1;
    for (size_t s = 0; s < job->variable.timeline_count; s++)
        job->timelines[s] =
            (struct cn_timeline){scenarios ? names[s] : NULL, first, last, job->index[s], false};
}

static inline void draw_files(struct job *job)
{
    job->file_days = one_in(3) ? roll(100, 1500) : 0;
    job->file_years = one_in(2) ? 1 : roll(2, 12);
    job->instants_a_day = one_in(12) ? 2 : 1;
    job->gap_chance = one_in(3) ? roll(2, 12) : 0;
    job->varies = one_in(8);
    job->storage = draw_storage(&job->variable.grid);
}

/* Groups of days, some of them with a December of the year before; and changes. */
static inline void draw_groups(struct cn_product *product, int first, int last)
{
    product->time = (enum cn_time)PICK(CN_DAY, CN_MONTH, CN_SEASON, CN_SEASON, CN_YEAR);
    product->within = (enum cn_within)PICK(CN_WITHIN_MEAN, CN_WITHIN_SUM, CN_COUNT_GT);
    product->threshold = (struct cn_threshold){product->within == CN_COUNT_GT ? roll(0, 2) : 0,
                                               product->within == CN_COUNT_GT ? "K" : NULL};
    if (product->time != CN_DAY)
        product->pool = 1;
    if (one_in(3)) {
        product->change = CN_DIFFERENCE;
        product->baseline = roll(first, last);
    }
}

/* The normal, and perhaps products with windows and pools of their own. */
static inline void draw_products(struct job *job, int span, int last)
{
    static const char *const names[JOB_PRODUCTS] = {"normal", "sd", "p90"};
    const size_t count = one_in(2) ? 1 : (size_t)roll(2, JOB_PRODUCTS);
    for (size_t p = 0; p < count; p++) {
        struct cn_product *product = &job->products[p];
        set_product(&job->config, product);
        product->name = names[p];
        if (!one_in(3))
            continue;
        product->pool = PICK(1, 1, 3, 5);
        product->window = roll(1, span);
        product->min_years = roll(1, product->window);
    }
    for (size_t p = 1; p < count; p++)
        if (one_in(2))
            draw_groups(&job->products[p], last - span + 1, last);
    job->config.products = job->products;
    job->config.product_count = count;
}

static inline void draw_normals(struct job *job, int first, int last)
{
    struct cn_config *config = &job->config;
    const int span = last - first + 1;
    config->normals.window = one_in(8) ? 1 : roll(1, span);
    config->normals.min_years = one_in(2) ? 1 : roll(1, config->normals.window);
    draw_products(job, span, last);
    const int middle = roll(first, last);
    job->periods[0] = (struct cn_period){"a-{scenario}", first, middle, one_in(4) ? roll(2, 4) : 0};
    job->periods[1] = (struct cn_period){"b-{scenario}", middle + 1, last, one_in(4) ? 2 : 0};
    config->normals.periods = job->periods;
    config->normals.period_count = 2;
    if (one_in(3)) {
        config->normals.targets = job->targets;
        for (int year = first; year <= last; year++)
            if (one_in(3))
                job->targets[config->normals.target_count++] = year;
        if (!config->normals.target_count)
            job->targets[config->normals.target_count++] = last;
    }
}

/* Owns: the caller frees the job. */
static inline struct job *draw_job(void)
{
    struct job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    const int span = one_in(10) ? roll(2, JOB_SPAN) : roll(2, 9);
    const int first = one_in(6) ? roll(1575, 1583) : roll(1890, 2060), last = first + span - 1;
    const bool is_stacked = one_in(3);
    job->config = (struct cn_config){
        .path = "test.cfg",
        .origin = {"test.cfg:1", "test.cfg:2", "test.cfg:3", "test.cfg:4"},
        .input.historical = "historical",
        .normals.leap_day = (enum cn_leap_day)PICK(CN_DAYOFYEAR, CN_MONTH_DAY, CN_DROP),
        .engine.batch_years = one_in(4) ? roll(1, 30) : 0,
        .output.root = "/normals",
        .output.counts = one_in(2),
        .output.layout = is_stacked ? CN_STACKED : CN_SINGLE,
        .output.pattern = is_stacked ? "{region}/{variable}/{period}_{product}.nc"
                                     : "{region}/{variable}/{period}/{year}_{product}.nc"};
    job->variable = (struct cn_variable){.name = "tas", .units = "K"};
    job->variable.calendar = (enum cn_calendar)PICK(CN_STANDARD, CN_PROLEPTIC_GREGORIAN, CN_JULIAN,
                                                    CN_NOLEAP, CN_ALL_LEAP, CN_360_DAY);
    draw_grid(job);
    draw_regions(job);
    draw_files(job);
    draw_years(job, first, last);
    draw_normals(job, first, last);
    job->catalog = catalog_of(&job->variable, job->files, job->catalog.file_count);
    return job;
}

#endif
