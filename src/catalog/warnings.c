/*
 * What a user should know of a variable's timelines although nothing fails. One line for each kind,
 * so that the list is readable for a tree with a hundred gaps.
 */
#include "catalog/warnings.h"

#include "base/error.h"
#include "base/strbuf.h"
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

static void warn_of_days(const struct cn_variable_files *in)
{
    struct warning_list unused = {0}, partial = {0};
    char title[96];
    for (size_t i = 0; i < in->variable->year_count; i++) {
        const struct cn_source_year *year = &in->variable->years[i];
        if (year->days_held < year->days_expected &&
            !cn_year_reported(in, year->experiment, year->year, false))
            list_item(year->usable ? &partial : &unused, "%d (%.40s, %d of %d)", year->year,
                      year->experiment, year->days_held, year->days_expected);
    }
    snprintf(title, sizeof title,
             "years not used, with less than normals.min_days = %g of their days",
             in->config->normals.min_days);
    warn_of_list(in->variable, title, &unused, "download the missing days");
    warn_of_list(in->variable, "years with missing days", &partial, "download them");
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
    warn_of_list(in->variable, title, &list, "input.version keeps to one");
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

enum cn_status cn_timelines_warn(const struct cn_variable_files *in, struct cn_error *error)
{
    struct cn_variable *variable = in->variable;
    struct file_version *versions = cn_pool_alloc(in->pool, in->count, sizeof *versions);
    bool *known = cn_pool_alloc(in->pool, CN_LAST_YEAR + 1, sizeof *known);
    if (!versions || !known)
        return cn_fail_memory(error, "warnings");
    warn_of_days(in);
    for (size_t t = 0; t < variable->timeline_count; t++) {
        warn_of_gaps(in, &variable->timelines[t], known);
        warn_of_versions(in, &variable->timelines[t], versions);
    }
    warn_of_end_stamps(in);
    warn_of_attributes(in);
    return CN_OK;
}
