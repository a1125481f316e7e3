/*
 * Source years: the days of all files, cut at the ends of years and joined across files. Scenarios
 * share a source year that is historical alone. Opens no file.
 */
#include "catalog/timeline.h"

#include "base/error.h"
#include "base/pool.h"
#include "calendar/least_days.h"
#include "catalog/overlaps.h"
#include "catalog/time_axis.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Consecutive days of one file that lie in one year. */
struct year_piece {
    int year, first_day; /* 0-based day of the year */
    const char *experiment;
    struct cn_part part;
};

struct piece_list {
    struct year_piece *items;
    size_t count, capacity;
};

struct timeline_builder {
    const struct cn_variable_files *in;
    struct piece_list pieces; /* by year, then first day */
    struct piece_list chosen; /* those of one timeline's year */
    size_t year_capacity;
    struct cn_overlaps overlaps;
    bool no_memory;
};

static bool is_of_timeline(const struct cn_variable_files *in, const char *experiment,
                           const char *scenario)
{
    return strcmp(experiment, in->experiments->names[0]) == 0 ||
           (scenario && strcmp(experiment, scenario) == 0);
}

bool cn_is_of_timeline(const struct cn_variable_files *in, const struct cn_file *file,
                       const char *scenario)
{
    return is_of_timeline(in, file->experiment, scenario) ||
           is_of_timeline(in, cn_file_experiment(file, INT_MAX), scenario);
}

bool cn_year_reported(const struct cn_variable_files *in, const char *scenario, int year,
                      bool is_complete)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct cn_file *file = &in->files[i];
        if (!file->usable && file->first_year <= year && year <= file->last_year &&
            !(file->dataset && is_complete) &&
            is_of_timeline(in, cn_file_experiment(file, year), scenario))
            return true;
    }
    return false;
}

static int64_t first_day_of_year(enum cn_calendar calendar, int year)
{
    return cn_day_number(calendar, (struct cn_date){year, 1, 1});
}

static void add_piece(struct timeline_builder *builder, struct piece_list *list,
                      const struct year_piece *piece)
{
    struct year_piece *items =
        cn_pool_grow(builder->in->pool, list->items, list->count, &list->capacity, sizeof *items);
    builder->no_memory |= !items;
    if (!items)
        return;
    list->items = items;
    items[list->count++] = *piece;
}

/* Cuts a file at the ends of years, and adds the pieces. */
static void add_pieces(struct timeline_builder *builder, const struct cn_file *file)
{
    for (size_t i = 0; i < file->time_count && !builder->no_memory;) {
        int year = cn_day_date(file->calendar, file->days[i]).year;
        int64_t start = first_day_of_year(file->calendar, year);
        int64_t end = first_day_of_year(file->calendar, year + 1);
        size_t first = i;
        while (i < file->time_count && file->days[i] < end)
            i++;
        add_piece(builder, &builder->pieces,
                  &(struct year_piece){.year = year,
                                       .first_day = (int)(file->days[first] - start),
                                       .experiment = cn_file_experiment(file, year),
                                       .part = {file, first, i - first}});
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

/* Counts the days of December. */
static int count_december(const struct cn_source_year *year)
{
    int days = 0;
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        for (size_t i = part->first; i < part->first + part->count; i++)
            days += cn_day_date(part->file->calendar, part->file->days[i]).month == CN_MONTHS;
    }
    return days;
}

static bool has_experiment(const struct piece_list *list, const char *experiment)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].experiment, experiment) == 0)
            return true;
    return false;
}

/* Adds those days of a piece that are not held: [CN_MAX_SLOTS] by day of the year. */
static void add_days_not_held(struct timeline_builder *builder, const struct year_piece *piece,
                              const bool *held)
{
    const struct cn_file *file = piece->part.file;
    const int64_t start = first_day_of_year(file->calendar, piece->year);
    const size_t end = piece->part.first + piece->part.count;
    for (size_t i = piece->part.first, first; i < end; i++) {
        for (first = i; i < end && !held[file->days[i] - start];)
            i++;
        if (i == first)
            continue;
        struct year_piece rest = *piece;
        rest.first_day = (int)(file->days[first] - start);
        rest.part.first = first;
        rest.part.count = i - first;
        add_piece(builder, &builder->chosen, &rest);
    }
}

/* Whether it wins days which the historical experiment and the scenario hold. */
static bool is_winner(const struct cn_variable_files *in, const char *experiment,
                      const char *scenario)
{
    const bool is_historical = strcmp(experiment, in->experiments->names[0]) == 0;
    return in->config->input.overlap == CN_HISTORICAL_WINS ? is_historical
                                                           : strcmp(experiment, scenario) == 0;
}

/* Chooses the pieces, of one year's pieces[count], that belong to the timeline of a scenario; NULL:
 * of the historical experiment alone. */
static void choose_pieces(struct timeline_builder *builder, const struct year_piece *pieces,
                          size_t count, const char *scenario)
{
    const struct cn_variable_files *in = builder->in;
    const bool has_winner = scenario && in->config->input.overlap != CN_OVERLAP_IS_ERROR;
    bool held[CN_MAX_SLOTS] = {false};
    builder->chosen.count = 0;
    for (size_t i = 0; has_winner && i < count; i++) {
        const struct cn_part *part = &pieces[i].part;
        const int64_t start = first_day_of_year(part->file->calendar, pieces[i].year);
        if (is_winner(in, pieces[i].experiment, scenario))
            for (size_t k = part->first; k < part->first + part->count; k++)
                held[part->file->days[k] - start] = true;
    }
    for (size_t i = 0; i < count; i++)
        if (has_winner && !is_winner(in, pieces[i].experiment, scenario) &&
            is_of_timeline(in, pieces[i].experiment, scenario))
            add_days_not_held(builder, &pieces[i], held);
        else if (is_of_timeline(in, pieces[i].experiment, scenario))
            add_piece(builder, &builder->chosen, &pieces[i]);
    if (builder->chosen.count)
        qsort(builder->chosen.items, builder->chosen.count, sizeof *pieces, compare_pieces);
}

/* Adds the source year of the chosen pieces, of which there is one at least. -1: out of memory. */
static ptrdiff_t add_year(struct timeline_builder *builder, const char *scenario)
{
    const struct cn_variable_files *in = builder->in;
    const struct piece_list *chosen = &builder->chosen;
    struct cn_variable *variable = in->variable;
    struct cn_part *parts = cn_pool_alloc(in->pool, chosen->count, sizeof *parts);
    struct cn_source_year *years = cn_pool_grow(in->pool, variable->years, variable->year_count,
                                                &builder->year_capacity, sizeof *years);
    if (!parts || !years) {
        builder->no_memory = true;
        return -1;
    }
    struct cn_source_year year = {.year = chosen->items[0].year,
                                  .experiment = scenario ? scenario : in->experiments->names[0],
                                  .parts = parts};
    for (size_t i = 0; i < chosen->count; i++)
        parts[year.part_count++] = chosen->items[i].part;
    count_days(builder, &year);
    const bool is_short =
        year.days_held < cn_least_days(in->config->normals.min_days, year.days_expected);
    const bool is_reported =
        cn_year_reported(in, scenario, year.year, year.days_held == year.days_expected);
    year.usable = !is_short && !is_reported;
    year.december_days = is_short && !is_reported ? count_december(&year) : 0;
    variable->years = years;
    years[variable->year_count] = year;
    return (ptrdiff_t)variable->year_count++;
}

/* Adds a timeline of a scenario (NULL: the historical one alone) with every year that it may have,
 * none of them held by a file. */
static void start_timeline(struct timeline_builder *builder, const char *scenario)
{
    struct cn_variable *variable = builder->in->variable;
    const struct piece_list *pieces = &builder->pieces;
    int first = pieces->items[0].year, last = pieces->items[pieces->count - 1].year;
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

/* Whether a list "a, b" has a name. */
static bool is_listed_experiment(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; *at; at += strspn(at, ", ")) {
        const size_t word = strcspn(at, ",");
        if (word == length && strncmp(at, name, length) == 0)
            return true;
        at += word;
    }
    return false;
}

/* Of an experiment that has no usable file. */
static void report_experiment(const struct cn_variable_files *in, const char *name, bool is_asked)
{
    const char *held = in->experiments->held;
    if (!is_asked)
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: no usable file of experiment %s; add its files, or leave it out of "
                        "scenarios",
                        in->variable->label, name);
    else if (is_listed_experiment(held, name))
        cn_problems_add(&in->variable->problems, CN_PROBLEM,
                        "%s: no usable file of experiment %s; no day of its files is of it, "
                        "whatever their names or input.datasets say",
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
        if (!has_experiment(&builder->pieces, name))
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
        choose_pieces(builder, pieces, count, timeline->scenario);
        if (timeline->scenario && has_experiment(&builder->chosen, timeline->scenario)) {
            *slot = add_year(builder, timeline->scenario);
        } else if (builder->chosen.count) {
            if (shared < 0)
                shared = add_year(builder, NULL);
            *slot = shared;
        }
    }
}

static void build_timelines(struct timeline_builder *builder)
{
    const struct year_piece *pieces = builder->pieces.items;
    const size_t count = builder->pieces.count;
    struct cn_variable *variable = builder->in->variable;
    variable->timelines = cn_pool_alloc(builder->in->pool, builder->in->experiments->count,
                                        sizeof *variable->timelines);
    if (!variable->timelines) {
        builder->no_memory = true;
        return;
    }
    start_timelines(builder);
    for (size_t i = 0, end; i < count && !builder->no_memory; i = end) {
        for (end = i; end < count && pieces[end].year == pieces[i].year;)
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
    if (builder.pieces.count) {
        qsort(builder.pieces.items, builder.pieces.count, sizeof *builder.pieces.items,
              compare_pieces);
        build_timelines(&builder);
    }
    return builder.no_memory ? cn_fail_memory(error, "the timelines") : CN_OK;
}
