/*
 * What a user should know of a variable's timelines although nothing fails. One line for each kind,
 * so that the list is readable for a tree with a hundred gaps.
 */
#include "catalog/warnings.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/year_list.h"
#include "catalog/attributes.h"
#include "catalog/corners.h"
#include "catalog/file_names.h"
#include "catalog/timeline.h"
#include "climnorm/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list that ends with "and more" when it gets too long to read. */
struct warning_list {
    struct cn_strbuf text;
    bool full;
};

__attribute__((format(printf, 2, 3))) static void list_item(struct warning_list *list,
                                                            const char *format, ...)
{
    enum { MAX_LIST_BYTES = 584 };
    char item[96];
    va_list args;
    va_start(args, format);
    vsnprintf(item, sizeof item, format, args);
    va_end(args);
    if (list->full)
        return;
    list->full = list->text.length + strlen(item) > MAX_LIST_BYTES;
    cn_strbuf_add(&list->text, "%s%s", list->text.length ? ", " : "",
                  list->full ? "and more" : item);
}

/* Adds the list to the variable's warnings, unless it is empty: "VARIABLE: TITLE: LIST; ADVICE". */
static void warn_of_list(struct cn_variable *variable, const char *title, struct warning_list *list,
                         const char *advice)
{
    if (list->text.length)
        cn_problems_add(&variable->problems, CN_WARNING, "%s: %s: %s; %s", variable->label, title,
                        list->text.text, advice);
    variable->problems.lost |= list->text.failed;
    cn_strbuf_free(&list->text);
}

/* Marks the day slots that a source year has days for, or those of the days that it should have. */
static void mark_slots(const struct cn_variable_files *in, const struct cn_source_year *year,
                       bool is_all, bool *slots)
{
    const enum cn_calendar calendar = in->variable->calendar;
    const enum cn_leap_day rule = in->config->normals.leap_day;
    struct cn_date date;
    for (int s = 0; is_all && s < CN_MAX_SLOTS; s++)
        slots[s] |=
            s < cn_slot_count(calendar, rule) && cn_slot_date(calendar, rule, year->year, s, &date);
    for (size_t p = 0; !is_all && p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        for (size_t i = part->first; i < part->first + part->count; i++) {
            const int slot =
                cn_slot(calendar, rule, cn_day_date(part->file->calendar, part->file->days[i]));
            if (slot >= 0 && slot < CN_MAX_SLOTS)
                slots[slot] = true;
        }
    }
}

static bool has_all_days(const struct cn_source_year *year)
{
    return year->days_held >= year->days_expected;
}

/* Finds the day slots that some year should have and no year has. */
static bool find_empty_slots(const struct cn_variable_files *in, bool *empty)
{
    bool held[CN_MAX_SLOTS] = {false}, found = false;
    for (size_t i = 0; i < in->variable->year_count; i++) {
        mark_slots(in, &in->variable->years[i], true, empty);
        mark_slots(in, &in->variable->years[i], has_all_days(&in->variable->years[i]), held);
    }
    for (int s = 0; s < CN_MAX_SLOTS; s++)
        found |= (empty[s] &= !held[s]);
    return found;
}

/* Whether a year lacks a day that other years have. */
static bool lacks_days(const struct cn_variable_files *in, const struct cn_source_year *year,
                       const bool *empty)
{
    bool expected[CN_MAX_SLOTS] = {false}, held[CN_MAX_SLOTS] = {false}, lacks = false;
    mark_slots(in, year, true, expected);
    mark_slots(in, year, false, held);
    for (int s = 0; s < CN_MAX_SLOTS; s++)
        lacks |= expected[s] && !held[s] && !empty[s];
    return lacks;
}

/* Whether the files have a year before another one, or after it, on the same timeline. */
static bool has_neighbours(const struct cn_variable_files *in, const struct cn_source_year *year,
                           bool after)
{
    const char *historical = in->config->input.historical;
    for (size_t i = 0; i < in->variable->year_count; i++) {
        const struct cn_source_year *other = &in->variable->years[i];
        const bool is_shared = strcmp(other->experiment, year->experiment) == 0 ||
                               strcmp(other->experiment, historical) == 0 ||
                               strcmp(year->experiment, historical) == 0;
        if (is_shared && (after ? other->year > year->year : other->year < year->year))
            return true;
    }
    return false;
}

/* Whether a year is the first or the last one and lacks only the days before all others, or after
 * them: the model's run begins or ends there, as in December. */
static bool is_cut_off(const struct cn_variable_files *in, const struct cn_source_year *year)
{
    bool expected[CN_MAX_SLOTS] = {false}, held[CN_MAX_SLOTS] = {false};
    int first = CN_MAX_SLOTS, last = -1;
    mark_slots(in, year, true, expected);
    mark_slots(in, year, false, held);
    for (int s = 0; s < CN_MAX_SLOTS; s++)
        if (held[s]) {
            first = s < first ? s : first;
            last = s;
        }
    bool lacks_begin = false, lacks_middle = false, lacks_end = false;
    for (int s = 0; s < CN_MAX_SLOTS; s++)
        if (expected[s] && !held[s])
            *(s < first ? &lacks_begin : s < last ? &lacks_middle : &lacks_end) = true;
    return !lacks_middle && !(lacks_begin && has_neighbours(in, year, false)) &&
           !(lacks_end && has_neighbours(in, year, true));
}

/* An example of a day of an empty slot. */
static struct cn_date find_empty_day(const struct cn_variable_files *in, int slot)
{
    struct cn_date date = {0};
    for (size_t i = 0; i < in->variable->year_count; i++)
        if (cn_slot_date(in->variable->calendar, in->config->normals.leap_day,
                         in->variable->years[i].year, slot, &date))
            break;
    return date;
}

/* Source years with as many days each. */
struct partial_years {
    struct warning_list list;
    const struct cn_source_year *first; /* of those that are not in the list yet; NULL: none */
    int last;
    bool has_december; /* one of them has days of December, for the winter of the next year */
};

static void list_partial(struct partial_years *years)
{
    const struct cn_source_year *first = years->first;
    char range[32] = "";
    if (first && years->last > first->year)
        snprintf(range, sizeof range, "-%d", years->last);
    if (first)
        list_item(&years->list, "%d%s (%.40s, %d of %d)", first->year, range, first->experiment,
                  first->days_held, first->days_expected);
    years->first = NULL;
}

/* Adds a year. It joins those before it when it follows them and has as many days. */
static void add_partial(struct partial_years *years, const struct cn_source_year *year)
{
    const struct cn_source_year *first = years->first;
    if (!first || year->year != years->last + 1 || year->days_held != first->days_held ||
        year->days_expected != first->days_expected ||
        strcmp(year->experiment, first->experiment) != 0) {
        list_partial(years);
        years->first = year;
    }
    years->last = year->year;
    years->has_december |= year->december_days > 0;
}

static void warn_of_slots(const struct cn_variable_files *in, const bool *empty)
{
    struct cn_year_list list = {0}; /* of slots */
    int first = -1, count = 0;
    for (int s = 0; s < CN_MAX_SLOTS; s++)
        if (empty[s]) {
            first = count++ ? first : s;
            cn_year_list_add(&list, s + 1, s + 1);
        }
    const struct cn_date day = find_empty_day(in, first);
    cn_problems_add(&in->variable->problems, CN_WARNING,
                    "%s: no value in day slot%s %s: no year of the files has such a day, as "
                    "%04d-%02d-%02d",
                    in->variable->label, count == 1 ? "" : "s", cn_year_list_text(&list), day.year,
                    day.month, day.day);
    in->variable->problems.lost |= list.text.failed;
    cn_year_list_free(&list);
}

static bool has_seasons(const struct cn_variable_files *in)
{
    const struct cn_config *config = in->config;
    for (size_t p = 0; p < config->product_count; p++)
        if (config->products[p].time == CN_SEASON &&
            cn_is_product_of(&config->products[p], in->variable->name))
            return true;
    return false;
}

static void warn_of_days(const struct cn_variable_files *in)
{
    enum { UNUSED, PARTIAL, ENDLESS, CUT_UNUSED, CUT_PARTIAL, KINDS };
    static const char *const advice[KINDS] = {
        [UNUSED] = "download the missing days",
        [PARTIAL] = "download them",
        [ENDLESS] = "no year of the files has the others; lower normals.min_days",
        [CUT_UNUSED] = "the files begin or end there",
        [CUT_PARTIAL] = "the files begin or end there"};
    struct partial_years kinds[KINDS] = {0};
    bool *empty = in->variable->is_slot_empty;
    char title[128];
    if (find_empty_slots(in, empty))
        warn_of_slots(in, empty);
    for (size_t i = 0; i < in->variable->year_count; i++) {
        const struct cn_source_year *year = &in->variable->years[i];
        if (has_all_days(year) || cn_year_reported(in, year->experiment, year->year, false))
            continue;
        /* Of few days, the files are not whole, whatever other years lack. */
        const bool lacks = lacks_days(in, year, empty) || 2 * year->days_held < year->days_expected;
        const bool is_cut = lacks && is_cut_off(in, year);
        if (lacks || !year->usable)
            add_partial(&kinds[is_cut         ? (year->usable ? CUT_PARTIAL : CUT_UNUSED)
                               : year->usable ? PARTIAL
                               : lacks        ? UNUSED
                                              : ENDLESS],
                        year);
    }
    for (int kind = 0; kind < KINDS; kind++) {
        const bool is_used = kind == PARTIAL || kind == CUT_PARTIAL;
        list_partial(&kinds[kind]);
        snprintf(title, sizeof title,
                 "years not used%s, with less than normals.min_days = %g of their days",
                 kinds[kind].has_december && has_seasons(in) ? " but for December before a winter"
                                                             : "",
                 in->config->normals.min_days);
        in->variable->has_gaps |= kinds[kind].list.text.length > 0;
        warn_of_list(in->variable, is_used ? "years with missing days" : title, &kinds[kind].list,
                     advice[kind]);
    }
}

/* known[year]: an earlier timeline has warned of the gap. */
static void warn_of_gaps(const struct cn_variable_files *in, const struct cn_timeline *timeline,
                         bool *known)
{
    struct warning_list gaps = {0};
    for (int year = timeline->first_year; year <= timeline->last_year; year++) {
        int last = year;
        while (timeline->years[last - timeline->first_year] < 0 && !known[last] &&
               !cn_year_reported(in, timeline->scenario, last, false))
            known[last++] = true; /* ends before last_year, which has a file */
        if (last - 1 > year)
            list_item(&gaps, "%d-%d", year, last - 1);
        else if (last > year)
            list_item(&gaps, "%d", year);
        year = last;
    }
    in->variable->has_gaps |= gaps.text.length;
    warn_of_list(in->variable, "years without a file", &gaps, "download them");
}

struct file_version {
    int major, minor;
};

static int compare_versions(const void *a, const void *b)
{
    const struct file_version *x = a, *y = b;
    return cn_version_compare(x->major, x->minor, y->major, y->minor);
}

static void warn_of_versions(const struct cn_variable_files *in, struct cn_timeline *timeline,
                             struct file_version *versions)
{
    size_t used = 0;
    for (size_t i = 0; i < in->count; i++)
        if (in->files[i].usable && cn_is_of_timeline(in, &in->files[i], timeline->scenario))
            versions[used++] =
                (struct file_version){in->files[i].version_major, in->files[i].version_minor};
    if (used)
        qsort(versions, used, sizeof *versions, compare_versions);
    struct warning_list list = {0};
    size_t kinds = 0;
    for (size_t i = 0, end; i < used; i = end, kinds++) {
        for (end = i; end < used && compare_versions(&versions[i], &versions[end]) == 0;)
            end++;
        list_item(&list, "%d.%d (%zu file%s)", versions[i].major, versions[i].minor, end - i,
                  end - i == 1 ? "" : "s");
    }
    timeline->mixes_versions = kinds > 1;
    if (kinds < 2)
        cn_strbuf_clear(&list.text);
    char title[400];
    snprintf(title, sizeof title, "timeline %.60s%s%.255s mixes versions",
             in->config->input.historical, timeline->scenario ? " + " : "",
             timeline->scenario ? timeline->scenario : "");
    warn_of_list(in->variable, title, &list, "input.version can choose one");
}

static void warn_of_end_stamps(const struct cn_variable_files *in)
{
    size_t stamped = 0, usable = 0;
    const char *example = NULL;
    for (size_t i = 0; i < in->count; i++) {
        const struct cn_file *file = &in->files[i];
        usable += file->usable;
        if (file->usable && file->end_stamped && stamped++ == 0)
            example = file->base;
    }
    if (stamped)
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: %zu of %zu files are end-stamped: each instant is the end of its "
                        "interval, %s (first: %s)",
                        in->variable->label, stamped, usable,
                        in->config->input.stamps == CN_STAMPS_AUTO
                            ? "and the middle of it counts"
                            : "but counts for the day that begins there, as input.stamps says",
                        example);
}

static void warn_of_attributes(const struct cn_variable_files *in)
{
    size_t count = 0;
    const struct cn_file *first = NULL;
    for (size_t i = 0; i < in->count; i++)
        if (in->files[i].usable && *in->files[i].left_out && count++ == 0)
            first = &in->files[i];
    if (first)
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: attributes that are neither text nor numbers are left out of the "
                        "outputs: %zu file%s, such as %s, where %s",
                        in->variable->label, count, count == 1 ? " has them" : "s have them",
                        first->base, first->left_out);
}

static void warn_of_coordinates(const struct cn_variable_files *in)
{
    size_t count = 0;
    const struct cn_file *first = NULL;
    for (size_t i = 0; i < in->count; i++)
        if (in->files[i].usable && *in->files[i].lost_coordinate && count++ == 0)
            first = &in->files[i];
    if (first)
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: outputs lack coordinates of %zu file%s, such as %s, where %s",
                        in->variable->label, count, count == 1 ? "" : "s", first->base,
                        first->lost_coordinate);
}

/* Limits that no number lies within: a range that was cut to a narrower type, for example. */
static void warn_of_limits(const struct cn_variable_files *in)
{
    const struct cn_file *first = NULL;
    size_t files = 0;
    for (size_t i = 0; i < in->count; i++) {
        const struct cn_file *file = &in->files[i];
        if (!file->usable || file->packing.valid_min <= file->packing.valid_max)
            continue;
        first = files++ ? first : file;
    }
    if (!files)
        return;
    const bool is_range =
        cn_attribute_find(first->attributes, first->attribute_count, "valid_range");
    cn_problems_add(&in->variable->problems, CN_WARNING,
                    "%s: %s of %zu file%s, such as %s, %s empty, from %g to %g: all values there "
                    "are missing; correct %s, for example with ncatted",
                    in->variable->label, is_range ? "valid_range" : "valid_min and valid_max",
                    files, files == 1 ? "" : "s", first->path, is_range ? "is" : "are",
                    first->packing.valid_min, first->packing.valid_max, is_range ? "it" : "them");
}

/* The outputs have no corners then. */
static void leave_out_corners(struct cn_variable *variable)
{
    if (cn_corners_fit(&variable->grid))
        return;
    variable->grid.lat_bounds = variable->grid.lon_bounds = NULL;
    variable->grid.corner_count = 0;
    cn_problems_add(&variable->problems, CN_WARNING,
                    "%s: the corners of cells are not finite, or not around the cells, and are "
                    "left out of the outputs",
                    variable->label);
}

enum cn_status cn_timelines_warn(const struct cn_variable_files *in, struct cn_error *error)
{
    struct cn_variable *variable = in->variable;
    struct file_version *versions = cn_pool_alloc(in->pool, in->count, sizeof *versions);
    bool *known = cn_pool_alloc(in->pool, CN_LAST_YEAR + 1, sizeof *known);
    if (!versions || !known)
        return cn_fail_memory(error, "warnings");
    leave_out_corners(variable);
    warn_of_limits(in);
    warn_of_days(in);
    for (size_t t = 0; t < variable->timeline_count; t++) {
        warn_of_gaps(in, &variable->timelines[t], known);
        warn_of_versions(in, &variable->timelines[t], versions);
    }
    warn_of_end_stamps(in);
    warn_of_attributes(in);
    warn_of_coordinates(in);
    return CN_OK;
}
