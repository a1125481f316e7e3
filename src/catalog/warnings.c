/*
 * What a user should know of a variable's timelines although nothing fails. One line for each kind,
 * so that the list is readable for a tree with a hundred gaps.
 */
#include "catalog/warnings.h"

#include "catalog/file_names.h"
#include "catalog/timeline.h"

#include "base/strbuf.h"
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
    enum { MOST_BYTES = 584 };
    char item[96];
    va_list args;
    va_start(args, format);
    vsnprintf(item, sizeof item, format, args);
    va_end(args);
    if (list->full)
        return;
    list->full = list->text.length + strlen(item) > MOST_BYTES;
    cn_strbuf_add(&list->text, "%s%s", list->text.length ? ", " : "",
                  list->full ? "and more" : item);
}

static void free_list(struct warning_list *list, struct cn_variable *variable)
{
    variable->problems.lost |= list->text.failed;
    cn_strbuf_free(&list->text);
}

static void warn_of_days(const struct cn_config *config, struct cn_variable *variable,
                         const struct cn_file *files, size_t count)
{
    struct warning_list unused = {0}, partial = {0};
    for (size_t i = 0; i < variable->year_count; i++) {
        const struct cn_source_year *year = &variable->years[i];
        if (year->days_held < year->days_expected &&
            !cn_year_reported(files, count, year->experiment, year->year) &&
            !cn_year_reported(files, count, config->input.historical, year->year))
            list_item(year->usable ? &partial : &unused, "%d (%.40s, %d of %d)", year->year,
                      year->experiment, year->days_held, year->days_expected);
    }
    if (unused.text.length)
        cn_problems_add(&variable->problems, CN_WARNING,
                        "%s: source years not used, with less than normals.min_days = %g of their "
                        "days: %s; get the files that hold the rest",
                        variable->name, config->normals.min_days, unused.text.text);
    if (partial.text.length)
        cn_problems_add(&variable->problems, CN_WARNING,
                        "%s: source years with days missing: %s; get the files that hold them",
                        variable->name, partial.text.text);
    free_list(&unused, variable);
    free_list(&partial, variable);
}

/* Whether an excluded file of the timeline claims the year. */
static bool is_gap_reported(const struct cn_config *config, const struct cn_timeline *timeline,
                            const struct cn_file *files, size_t count, int year)
{
    return cn_year_reported(files, count, config->input.historical, year) ||
           (timeline->scenario && cn_year_reported(files, count, timeline->scenario, year));
}

static void warn_of_gaps(const struct cn_config *config, struct cn_variable *variable,
                         const struct cn_timeline *timeline, const struct cn_file *files,
                         size_t count, bool *known)
{
    struct warning_list gaps = {0};
    for (int year = timeline->first_year; year <= timeline->last_year; year++) {
        int last = year;
        while (timeline->years[last - timeline->first_year] < 0 && !known[last] &&
               !is_gap_reported(config, timeline, files, count, last))
            known[last++] = true; /* ends before last_year, which has a file */
        if (last - 1 > year)
            list_item(&gaps, "%d-%d", year, last - 1);
        else if (last > year)
            list_item(&gaps, "%d", year);
        year = last;
    }
    if (gaps.text.length)
        cn_problems_add(&variable->problems, CN_WARNING,
                        "%s: source years that no file holds: %s; get their files", variable->name,
                        gaps.text.text);
    free_list(&gaps, variable);
}

struct file_version {
    int major, minor;
};

static int compare_versions(const void *a, const void *b)
{
    const struct file_version *x = a, *y = b;
    return cn_version_compare(x->major, x->minor, y->major, y->minor);
}

static void warn_of_versions(const struct cn_config *config, struct cn_variable *variable,
                             struct cn_timeline *timeline, const struct cn_file *files,
                             size_t count, struct file_version *versions)
{
    size_t used = 0;
    const char *historical = config->input.historical;
    for (size_t i = 0; i < count; i++)
        if (files[i].usable &&
            (strcmp(files[i].experiment, historical) == 0 ||
             (timeline->scenario && strcmp(files[i].experiment, timeline->scenario) == 0)))
            versions[used++] =
                (struct file_version){files[i].version_major, files[i].version_minor};
    if (used)
        qsort(versions, used, sizeof *versions, compare_versions);
    struct warning_list list = {0};
    size_t kinds = 0;
    for (size_t i = 0, end; i < used; i = end, kinds++) {
        for (end = i; end < used && compare_versions(&versions[i], &versions[end]) == 0;)
            end++;
        list_item(&list, "%d.%d (%zu files)", versions[i].major, versions[i].minor, end - i);
    }
    timeline->mixes_versions = kinds > 1;
    if (kinds > 1 && list.text.length)
        cn_problems_add(&variable->problems, CN_WARNING,
                        "%s: timeline %s%s%s mixes versions: %s; input.version keeps to one",
                        variable->name, historical, timeline->scenario ? " + " : "",
                        timeline->scenario ? timeline->scenario : "", list.text.text);
    free_list(&list, variable);
}

static void warn_of_end_stamps(struct cn_variable *variable, const struct cn_file *files,
                               size_t count)
{
    size_t stamped = 0, usable = 0;
    const char *example = NULL;
    for (size_t i = 0; i < count; i++) {
        usable += files[i].usable;
        if (files[i].usable && files[i].end_stamped && stamped++ == 0)
            example = files[i].base;
    }
    if (stamped)
        cn_problems_add(&variable->problems, CN_WARNING,
                        "%s: %zu of %zu files are end-stamped: each instant is the end of its "
                        "interval and so counts for the day that begins there (first: %s)",
                        variable->name, stamped, usable, example);
}

enum cn_status cn_timelines_warn(const struct cn_config *config, struct cn_variable *variable,
                                 const struct cn_file *files, size_t count, struct cn_error *error)
{
    struct file_version *versions = calloc(count + 1, sizeof *versions);
    bool *known = calloc(CN_LAST_YEAR + 1, sizeof *known);
    enum cn_status status = CN_OK;
    if (versions && known) {
        warn_of_days(config, variable, files, count);
        for (size_t t = 0; t < variable->timeline_count; t++) {
            warn_of_gaps(config, variable, &variable->timelines[t], files, count, known);
            warn_of_versions(config, variable, &variable->timelines[t], files, count, versions);
        }
        warn_of_end_stamps(variable, files, count);
    } else {
        status = cn_fail_memory(error, "warnings");
    }
    free(versions);
    free(known);
    return status;
}
