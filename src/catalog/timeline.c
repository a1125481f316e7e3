/*
 * Source years: the days of all files, cut at the ends of years and joined across files. Scenarios
 * share a source year that is historical alone. Opens no file.
 */
#include "catalog/timeline.h"

#include "catalog/file_names.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_YEAR_DAYS = 366 };

/* The days of one file that lie in one year. */
struct year_piece {
    int year, first_day; /* 0-based day of the year */
    size_t experiment;   /* index in experiments */
    struct cn_part part;
};

struct timeline_builder {
    struct cn_pool *pool;
    const struct cn_config *config;
    const struct cn_experiments *experiments;
    struct cn_variable *variable;
    const struct cn_file *files; /* [file_count] usable or not */
    size_t file_count;
    struct year_piece *pieces; /* by year, then first day */
    size_t piece_count, piece_capacity;
    size_t year_capacity;
    bool no_memory;
};

bool cn_year_reported(const struct cn_file *files, size_t count, const char *experiment, int year)
{
    for (size_t i = 0; i < count; i++) {
        struct cn_name name;
        int first, last;
        if (!files[i].usable && strcmp(files[i].experiment, experiment) == 0 &&
            cn_name_parse(files[i].base, &name) && cn_name_years(name.time, &first, &last) &&
            first <= year && year <= last)
            return true;
    }
    return false;
}

static int64_t first_day_of_year(enum cn_calendar calendar, int year)
{
    return cn_day_number(calendar, (struct cn_date){year, 1, 1});
}

/* Cuts a file at the ends of years, and adds the pieces. */
static void add_pieces(struct timeline_builder *builder, const struct cn_file *file,
                       size_t experiment)
{
    for (size_t i = 0; i < file->time_count;) {
        int year = cn_day_date(file->calendar, file->days[i]).year;
        int64_t start = first_day_of_year(file->calendar, year);
        int64_t end = first_day_of_year(file->calendar, year + 1);
        size_t first = i;
        while (i < file->time_count && file->days[i] < end)
            i++;
        struct year_piece *pieces =
            cn_pool_grow(builder->pool, builder->pieces, builder->piece_count,
                         &builder->piece_capacity, sizeof *pieces);
        if (!pieces) {
            builder->no_memory = true;
            return;
        }
        builder->pieces = pieces;
        pieces[builder->piece_count++] =
            (struct year_piece){.year = year,
                                .first_day = (int)(file->days[first] - start),
                                .experiment = experiment,
                                .part = {file, first, i - first}};
    }
}

static int compare_pieces(const void *a, const void *b)
{
    const struct year_piece *x = a, *y = b;
    if (x->year != y->year)
        return x->year < y->year ? -1 : 1;
    if (x->first_day != y->first_day)
        return x->first_day < y->first_day ? -1 : 1;
    return strcmp(x->part.file->path, y->part.file->path);
}

static const char *describe_overlap(struct cn_pool *pool, const struct cn_file *a,
                                    const struct cn_file *b, struct cn_date day)
{
    const char *text = cn_pool_printf(
        pool, "overlap: %04d-%02d-%02d is held by two files, %s and %s; keep one of them", day.year,
        day.month, day.day, a->path, b->path);
    return text ? text : "two files hold the same day";
}

/* Counts the days of a source year. A day in two files is a failure of the variable. */
static void count_days(struct timeline_builder *builder, struct cn_source_year *year)
{
    const struct cn_file *holders[MAX_YEAR_DAYS] = {NULL};
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        const struct cn_file *file = part->file;
        int64_t start = first_day_of_year(file->calendar, year->year);
        for (size_t i = part->first; i < part->first + part->count; i++) {
            int64_t day = file->days[i] - start;
            if (day < 0 || day >= MAX_YEAR_DAYS)
                continue;
            if (!holders[day])
                year->days_held++;
            else if (holders[day] != file && !builder->variable->failure)
                builder->variable->failure = describe_overlap(
                    builder->pool, holders[day], file, cn_day_date(file->calendar, file->days[i]));
            holders[day] = file;
        }
    }
}

/* Adds the source year of those of pieces[count] that are historical or of this scenario. -1: out
 * of memory. */
static ptrdiff_t add_year(struct timeline_builder *builder, const struct year_piece *pieces,
                          size_t count, size_t scenario)
{
    struct cn_variable *variable = builder->variable;
    struct cn_part *parts = cn_pool_alloc(builder->pool, count, sizeof *parts);
    struct cn_source_year *years =
        cn_pool_grow(builder->pool, variable->years, variable->year_count, &builder->year_capacity,
                     sizeof *years);
    if (!parts || !years) {
        builder->no_memory = true;
        return -1;
    }
    struct cn_source_year year = {.year = pieces[0].year,
                                  .experiment = builder->experiments->names[scenario],
                                  .parts = parts};
    for (size_t i = 0; i < count; i++)
        if (pieces[i].experiment == 0 || pieces[i].experiment == scenario)
            parts[year.part_count++] = pieces[i].part;
    count_days(builder, &year);
    year.days_expected = cn_days_in_year(variable->calendar, year.year);
    year.usable = year.days_held >= builder->config->normals.min_days * year.days_expected - 1e-9;
    for (size_t e = 0; e <= scenario; e += scenario ? scenario : 1)
        if (cn_year_reported(builder->files, builder->file_count, builder->experiments->names[e],
                             year.year))
            year.usable = false;
    variable->years = years;
    years[variable->year_count] = year;
    return (ptrdiff_t)variable->year_count++;
}

static bool has_experiment(const struct year_piece *pieces, size_t count, size_t experiment)
{
    for (size_t i = 0; i < count; i++)
        if (pieces[i].experiment == experiment)
            return true;
    return false;
}

/* Adds an empty timeline of a scenario (0: the historical one alone) with a slot for every year
 * that it may have. False: out of memory. */
static bool start_timeline(struct timeline_builder *builder, size_t scenario, int first, int last,
                           ptrdiff_t **slots)
{
    struct cn_variable *variable = builder->variable;
    *slots = cn_pool_alloc(builder->pool, (size_t)(last - first) + 1, sizeof **slots);
    if (!*slots) {
        builder->no_memory = true;
        return false;
    }
    for (int y = 0; y <= last - first; y++)
        (*slots)[y] = -1;
    variable->timelines[variable->timeline_count] = (struct cn_timeline){
        .scenario = scenario ? builder->experiments->names[scenario] : NULL, .years = *slots};
    return true;
}

/* Shortens a timeline to the years from its first to its last. */
static void trim_timeline(struct cn_timeline *timeline, int first, int last)
{
    size_t begin = 0;
    while (first < last && timeline->years[begin] < 0) {
        begin++;
        first++;
    }
    while (last > first && timeline->years[(size_t)(last - first) + begin] < 0)
        last--;
    timeline->first_year = first;
    timeline->last_year = last;
    timeline->years += begin;
}

/* Adds the source years of one year's pieces to every timeline. slots[t][at]: of timeline t. */
static void add_year_to_timelines(struct timeline_builder *builder, const struct year_piece *pieces,
                                  size_t count, const size_t *scenarios, ptrdiff_t *const *slots,
                                  size_t at)
{
    ptrdiff_t shared =
        -1; /* of historical days alone, for all timelines without days of their own */
    for (size_t t = 0; t < builder->variable->timeline_count; t++) {
        if (scenarios[t] && has_experiment(pieces, count, scenarios[t])) {
            slots[t][at] = add_year(builder, pieces, count, scenarios[t]);
        } else if (has_experiment(pieces, count, 0)) {
            if (shared < 0)
                shared = add_year(builder, pieces, count, 0);
            slots[t][at] = shared;
        }
    }
}

/* Lists the scenarios that have pieces, and reports the experiments that have none. */
static size_t find_scenarios(struct timeline_builder *builder, size_t *scenarios)
{
    const struct cn_experiments *experiments = builder->experiments;
    struct cn_variable *variable = builder->variable;
    size_t count = 0;
    for (size_t e = 0; e < experiments->count; e++) {
        if (has_experiment(builder->pieces, builder->piece_count, e)) {
            if (e)
                scenarios[count++] = e;
            continue;
        }
        cn_problems_add(&variable->problems, e && experiments->asked ? CN_PROBLEM : CN_WARNING,
                        "%s: no usable file of experiment %s; get its files or do without it",
                        variable->name, experiments->names[e]);
    }
    if (count == 0)
        scenarios[count++] = 0;
    return count;
}

static void build_all(struct timeline_builder *builder)
{
    const struct year_piece *pieces = builder->pieces;
    size_t count = builder->piece_count, room = builder->experiments->count;
    struct cn_variable *variable = builder->variable;
    size_t *scenarios = cn_pool_alloc(builder->pool, room, sizeof *scenarios);
    ptrdiff_t **slots = cn_pool_alloc(builder->pool, room, sizeof *slots);
    variable->timelines = cn_pool_alloc(builder->pool, room, sizeof *variable->timelines);
    if (!scenarios || !slots || !variable->timelines) {
        builder->no_memory = true;
        return;
    }
    int first = pieces[0].year, last = pieces[count - 1].year;
    size_t timelines = find_scenarios(builder, scenarios);
    for (size_t t = 0; t < timelines; t++, variable->timeline_count++)
        if (!start_timeline(builder, scenarios[t], first, last, &slots[t]))
            return;
    for (size_t i = 0; i < count && !builder->no_memory;) {
        size_t end = i;
        while (end < count && pieces[end].year == pieces[i].year)
            end++;
        add_year_to_timelines(builder, &pieces[i], end - i, scenarios, slots,
                              (size_t)(pieces[i].year - first));
        i = end;
    }
    for (size_t t = 0; t < timelines; t++)
        trim_timeline(&variable->timelines[t], first, last);
}

enum cn_status cn_timelines_build(struct cn_pool *pool, const struct cn_config *config,
                                  const struct cn_experiments *experiments,
                                  struct cn_variable *variable, const struct cn_file *files,
                                  size_t count, struct cn_error *error)
{
    struct timeline_builder builder = {.pool = pool,
                                       .config = config,
                                       .experiments = experiments,
                                       .variable = variable,
                                       .files = files,
                                       .file_count = count};
    for (size_t i = 0; i < count; i++)
        for (size_t e = 0; files[i].usable && e < experiments->count; e++)
            if (strcmp(files[i].experiment, experiments->names[e]) == 0)
                add_pieces(&builder, &files[i], e);
    if (builder.piece_count) {
        qsort(builder.pieces, builder.piece_count, sizeof *builder.pieces, compare_pieces);
        build_all(&builder);
    }
    return builder.no_memory ? cn_fail_memory(error, "the timelines") : CN_OK;
}
