/*
 * Source years: the days of all files, cut at the ends of years and joined across files. Scenarios
 * share a source year that is historical alone. Opens no file.
 */
#include "catalog/timeline.h"

#include "base/error.h"
#include "base/pool.h"
#include "catalog/overlaps.h"
#include "catalog/time_axis.h"

#include <stdlib.h>
#include <string.h>

/* The days of one file that lie in one year. */
struct year_piece {
    int year, first_day; /* 0-based day of the year */
    struct cn_part part;
};

struct timeline_builder {
    const struct cn_variable_files *in;
    struct year_piece *pieces; /* by year, then first day */
    size_t piece_count, piece_capacity;
    size_t year_capacity;
    struct cn_overlaps overlaps;
    bool no_memory;
};

bool cn_is_of_timeline(const struct cn_variable_files *in, const struct cn_file *file,
                       const char *scenario)
{
    return strcmp(file->experiment, in->experiments->names[0]) == 0 ||
           (scenario && strcmp(file->experiment, scenario) == 0);
}

bool cn_year_reported(const struct cn_variable_files *in, const char *scenario, int year)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct cn_file *file = &in->files[i];
        if (!file->usable && file->first_year <= year && year <= file->last_year &&
            cn_is_of_timeline(in, file, scenario))
            return true;
    }
    return false;
}

static int64_t first_day_of_year(enum cn_calendar calendar, int year)
{
    return cn_day_number(calendar, (struct cn_date){year, 1, 1});
}

/* Cuts a file at the ends of years, and adds the pieces. */
static void add_pieces(struct timeline_builder *builder, const struct cn_file *file)
{
    for (size_t i = 0; i < file->time_count;) {
        int year = cn_day_date(file->calendar, file->days[i]).year;
        int64_t start = first_day_of_year(file->calendar, year);
        int64_t end = first_day_of_year(file->calendar, year + 1);
        size_t first = i;
        while (i < file->time_count && file->days[i] < end)
            i++;
        struct year_piece *pieces =
            cn_pool_grow(builder->in->pool, builder->pieces, builder->piece_count,
                         &builder->piece_capacity, sizeof *pieces);
        if (!pieces) {
            builder->no_memory = true;
            return;
        }
        builder->pieces = pieces;
        pieces[builder->piece_count++] =
            (struct year_piece){.year = year,
                                .first_day = (int)(file->days[first] - start),
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

/* The day of a year that its day slots leave out, from 0 on; -1: there is none. */
static int left_out_day(const struct cn_variable_files *in, int year)
{
    const enum cn_calendar calendar = in->variable->calendar;
    const struct cn_date leap_day = {year, 2, 29};
    return cn_date_valid(calendar, leap_day) &&
                   cn_slot(calendar, in->config->normals.leap_day, leap_day) < 0
               ? cn_day_of_year(calendar, leap_day) - 1
               : -1;
}

/* Counts the days of a source year, and notes those that two files hold. */
static void count_days(struct timeline_builder *builder, struct cn_source_year *year)
{
    const struct cn_file *holders[CN_MAX_SLOTS] = {NULL};
    const int left_out = left_out_day(builder->in, year->year);
    year->days_expected =
        cn_days_in_year(builder->in->variable->calendar, year->year) - (left_out >= 0);
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        const struct cn_file *file = part->file;
        int64_t start = first_day_of_year(file->calendar, year->year);
        for (size_t i = part->first; i < part->first + part->count; i++) {
            int64_t day = file->days[i] - start;
            if (day < 0 || day >= CN_MAX_SLOTS)
                continue;
            if (!holders[day])
                year->days_held += day != left_out;
            else if (holders[day] != file)
                cn_overlaps_add(&builder->overlaps, builder->in->pool,
                                (struct cn_overlap){holders[day], file,
                                                    cn_day_date(file->calendar, file->days[i])});
            holders[day] = file;
        }
    }
}

/* Adds the source year of those of pieces[count] that belong to the timeline of a scenario. -1: out
 * of memory. */
static ptrdiff_t add_year(struct timeline_builder *builder, const struct year_piece *pieces,
                          size_t count, const char *scenario)
{
    const struct cn_variable_files *in = builder->in;
    struct cn_variable *variable = in->variable;
    struct cn_part *parts = cn_pool_alloc(in->pool, count, sizeof *parts);
    struct cn_source_year *years = cn_pool_grow(in->pool, variable->years, variable->year_count,
                                                &builder->year_capacity, sizeof *years);
    if (!parts || !years) {
        builder->no_memory = true;
        return -1;
    }
    struct cn_source_year year = {.year = pieces[0].year,
                                  .experiment = scenario ? scenario : in->experiments->names[0],
                                  .parts = parts};
    for (size_t i = 0; i < count; i++)
        if (cn_is_of_timeline(in, pieces[i].part.file, scenario))
            parts[year.part_count++] = pieces[i].part;
    count_days(builder, &year);
    year.usable = year.days_held >= in->config->normals.min_days * year.days_expected - 1e-9 &&
                  !cn_year_reported(in, scenario, year.year);
    variable->years = years;
    years[variable->year_count] = year;
    return (ptrdiff_t)variable->year_count++;
}

static bool has_experiment(const struct year_piece *pieces, size_t count, const char *experiment)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(pieces[i].part.file->experiment, experiment) == 0)
            return true;
    return false;
}

/* Adds a timeline of a scenario (NULL: the historical one alone) with every year that it may have,
 * none of them held by a file. */
static void start_timeline(struct timeline_builder *builder, const char *scenario)
{
    struct cn_variable *variable = builder->in->variable;
    int first = builder->pieces[0].year, last = builder->pieces[builder->piece_count - 1].year;
    size_t years = (size_t)(last - first) + 1;
    struct cn_timeline timeline = {.scenario = scenario, .first_year = first, .last_year = last};
    timeline.years = cn_pool_alloc(builder->in->pool, years, sizeof *timeline.years);
    if (!timeline.years) {
        builder->no_memory = true;
        return;
    }
    for (size_t y = 0; y < years; y++)
        timeline.years[y] = -1;
    variable->timelines[variable->timeline_count++] = timeline;
}

/* Of an experiment that has no usable file. */
static void report_experiment(const struct cn_variable_files *in, const char *name, bool is_asked)
{
    const char *held = in->experiments->held;
    if (!is_asked)
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: no usable file of experiment %s; add its files, or go without it",
                        in->variable->label, name);
    else
        cn_problems_add(&in->variable->problems, CN_PROBLEM,
                        "%s: no usable file of experiment %s; the tree holds %s",
                        in->variable->label, name, *held ? held : "no scenario");
}

/* Adds a timeline for every scenario that has pieces, or the historical one alone, and reports the
 * experiments that have none. */
static void start_timelines(struct timeline_builder *builder)
{
    const struct cn_experiments *experiments = builder->in->experiments;
    struct cn_variable *variable = builder->in->variable;
    for (size_t e = 0; e < experiments->count && !builder->no_memory; e++) {
        const char *name = experiments->names[e];
        if (!has_experiment(builder->pieces, builder->piece_count, name))
            report_experiment(builder->in, name, e && experiments->asked);
        else if (e)
            start_timeline(builder, name);
    }
    if (variable->timeline_count == 0 && !builder->no_memory)
        start_timeline(builder, NULL);
}

/* Shortens a timeline to the years from its first to its last. */
static void trim_timeline(struct cn_timeline *timeline)
{
    while (timeline->first_year < timeline->last_year && timeline->years[0] < 0) {
        timeline->first_year++;
        timeline->years++;
    }
    while (timeline->last_year > timeline->first_year &&
           timeline->years[timeline->last_year - timeline->first_year] < 0)
        timeline->last_year--;
}

/* Adds the source years of one year's pieces to every timeline. */
static void add_year_to_timelines(struct timeline_builder *builder, const struct year_piece *pieces,
                                  size_t count)
{
    const struct cn_variable *variable = builder->in->variable;
    ptrdiff_t shared = -1; /* of historical days alone, for all timelines without own days */
    for (size_t t = 0; t < variable->timeline_count; t++) {
        const struct cn_timeline *timeline = &variable->timelines[t];
        ptrdiff_t *slot = &timeline->years[pieces[0].year - timeline->first_year];
        if (timeline->scenario && has_experiment(pieces, count, timeline->scenario)) {
            *slot = add_year(builder, pieces, count, timeline->scenario);
        } else if (has_experiment(pieces, count, builder->in->experiments->names[0])) {
            if (shared < 0)
                shared = add_year(builder, pieces, count, NULL);
            *slot = shared;
        }
    }
}

static void build_timelines(struct timeline_builder *builder)
{
    const struct year_piece *pieces = builder->pieces;
    struct cn_variable *variable = builder->in->variable;
    variable->timelines = cn_pool_alloc(builder->in->pool, builder->in->experiments->count,
                                        sizeof *variable->timelines);
    if (!variable->timelines) {
        builder->no_memory = true;
        return;
    }
    start_timelines(builder);
    for (size_t i = 0, end; i < builder->piece_count && !builder->no_memory; i = end) {
        for (end = i; end < builder->piece_count && pieces[end].year == pieces[i].year;)
            end++;
        add_year_to_timelines(builder, &pieces[i], end - i);
    }
    for (size_t t = 0; t < variable->timeline_count; t++)
        trim_timeline(&variable->timelines[t]);
    variable->failure = cn_overlaps_text(&builder->overlaps, builder->in->pool);
    builder->no_memory |= builder->overlaps.no_memory;
}

/* Whether another file holds the last day of this one. */
static bool shares_last_day(const struct cn_variable_files *in, const struct cn_file *file)
{
    const int64_t day = file->days[file->time_count - 1];
    for (size_t i = 0; i < in->count; i++) {
        const struct cn_file *other = &in->files[i];
        if (other != file && other->usable && other->days[0] <= day &&
            other->days[other->time_count - 1] >= day)
            return true;
    }
    return false;
}

/* Where files that end at 00:00 share that day with the next one, it is 24:00 of the day before, in
 * all of them. */
static void settle_midnights(const struct cn_variable_files *in)
{
    bool are_shared = false;
    for (size_t i = 0; i < in->count && in->config->input.stamps == CN_STAMPS_AUTO; i++)
        are_shared |= in->files[i].usable && in->files[i].ends_at_midnight &&
                      shares_last_day(in, &in->files[i]);
    for (size_t i = 0; i < in->count && are_shared; i++)
        if (in->files[i].usable && in->files[i].ends_at_midnight)
            cn_time_axis_move_midnights(&in->files[i]);
}

enum cn_status cn_timelines_build(const struct cn_variable_files *in, struct cn_error *error)
{
    settle_midnights(in);
    struct timeline_builder builder = {.in = in};
    for (size_t i = 0; i < in->count; i++)
        if (in->files[i].usable)
            add_pieces(&builder, &in->files[i]);
    if (builder.piece_count) {
        qsort(builder.pieces, builder.piece_count, sizeof *builder.pieces, compare_pieces);
        build_timelines(&builder);
    }
    return builder.no_memory ? cn_fail_memory(error, "the timelines") : CN_OK;
}
