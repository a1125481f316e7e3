/*
 * Problems on their way from task bodies to the result and the display.
 */
#include "engine/report.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/found.h"
#include "engine/implausible.h"
#include "engine/too_large.h"
#include "progress/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cn_status cn_reports_prepare(struct cn_engine *engine, struct cn_error *error)
{
    struct cn_reports *reports = cn_pool_alloc(engine->pool, 1, sizeof *reports);
    if (reports)
        reports->short_windows = cn_pool_alloc(engine->pool, engine->variable->target_count,
                                               sizeof *reports->short_windows);
    if (!reports || !reports->short_windows)
        return cn_fail_memory(error, "the problems of a variable");
    engine->reports = reports; /* only whole: the end of a run looks into all of it */
    return CN_OK;
}

/* Shows the problems of a list of the result from the `first` on. */
static void show_problems(struct cn_engine *engine, const struct cn_problems *problems,
                          size_t first)
{
    cn_show_problem(engine->counters, problems);
    cn_say_problems(engine->watch->progress, problems, first);
}

void cn_report(struct cn_engine *engine, const char *text)
{
    pthread_mutex_lock(&engine->report_lock);
    const size_t first = engine->result->problems.count;
    cn_problems_add(&engine->result->problems, CN_PROBLEM, "%s", text);
    show_problems(engine, &engine->result->problems, first);
    pthread_mutex_unlock(&engine->report_lock);
}

void cn_engine_abort(struct cn_engine *engine, const struct cn_error *error)
{
    pthread_mutex_lock(&engine->report_lock);
    const enum cn_status before = engine->machine_error.status;
    bool counts = !before || (before != CN_BAD_MACHINE && error->status == CN_BAD_MACHINE);
    if (counts) {
        engine->machine_error = *error;
        atomic_store(&engine->stop, error->status);
    }
    pthread_mutex_unlock(&engine->report_lock);
    if (counts)
        cn_report(engine, error->text);
}

/* What was reported of the same years of the file; NULL: nothing. */
static struct cn_file_problem *find_reported(const struct cn_reports *reports,
                                             const struct cn_file_problem *problem)
{
    for (size_t i = 0; i < reports->dropped_count; i++) {
        struct cn_file_problem *other = &reports->dropped[i];
        if (strcmp(other->path, problem->path) == 0 && other->first_year == problem->first_year &&
            other->last_year == problem->last_year)
            return other;
    }
    return NULL;
}

/* Whichever thread or pass came first: what is first in the file is reported in the end. */
static bool keep_first(struct cn_file_problem *reported, const struct cn_file_problem *problem)
{
    char *reason = problem->position < reported->position ? strdup(problem->reason) : NULL;
    if (!reason)
        return problem->position >= reported->position;
    free((void *)reported->reason);
    reported->reason = reason;
    reported->position = problem->position;
    return true;
}

/* Adds a copy. Returns NULL: out of memory. */
static struct cn_file_problem *add_dropped(struct cn_reports *reports,
                                           const struct cn_file_problem *problem)
{
    char *reason = strdup(problem->reason);
    struct cn_file_problem *items =
        reason ? realloc(reports->dropped, (reports->dropped_count + 1) * sizeof *items) : NULL;
    if (!items) {
        free(reason);
        return NULL;
    }
    reports->dropped = items;
    items[reports->dropped_count] = *problem;
    items[reports->dropped_count].reason = reason;
    return &items[reports->dropped_count++];
}

/* Shows the first problem of its kind at once. */
static void tell_dropped(struct cn_engine *engine, struct cn_file_problem *item)
{
    const struct cn_reports *reports = engine->reports;
    struct cn_problems *told = &engine->result->told;
    const size_t first = told->count;
    for (const struct cn_file_problem *other = reports->dropped; other < item; other++)
        if (cn_is_same_kind(other, item))
            return;
    cn_list_file_problems(told, engine->result->label, item, 1);
    show_problems(engine, told, first);
}

void cn_report_dropped(struct cn_engine *engine, const struct cn_file_problem *problem)
{
    struct cn_reports *reports = engine->reports;
    bool is_kept;
    pthread_mutex_lock(&engine->report_lock);
    struct cn_file_problem *reported = find_reported(reports, problem);
    if (reported) {
        is_kept = keep_first(reported, problem);
    } else {
        struct cn_file_problem *item = add_dropped(reports, problem);
        is_kept = item;
        if (item)
            tell_dropped(engine, item);
    }
    engine->result->problems.lost |= !is_kept;
    pthread_mutex_unlock(&engine->report_lock);
}

bool cn_report_short_window(struct cn_engine *engine, size_t target, int years)
{
    return atomic_exchange(&engine->reports->short_windows[target], 1 + years) == 0;
}

/* Lists consecutive target years of a timeline whose windows are short. Returns the first target
 * behind them. */
static size_t list_short_windows(struct cn_engine *engine, size_t first)
{
    const struct cn_target *targets = engine->variable->targets;
    const atomic_int *years = engine->reports->short_windows;
    int least = years[first] - 1, most = least;
    size_t end = first + 1;
    for (; end < engine->variable->target_count && years[end] &&
           targets[end].timeline == targets[first].timeline &&
           targets[end].sample == targets[first].sample &&
           targets[end].year == targets[end - 1].year + 1 &&
           strcmp(targets[end].scenario, targets[first].scenario) == 0;
         end++) {
        least = years[end] - 1 < least ? years[end] - 1 : least;
        most = years[end] - 1 > most ? years[end] - 1 : most;
    }
    char range[32] = "", count[32] = "";
    if (end > first + 1)
        snprintf(range, sizeof range, "-%d", targets[end - 1].year);
    if (most > least)
        snprintf(count, sizeof count, "%d to ", least);
    cn_problems_add(&engine->result->problems, CN_PROBLEM,
                    "%s %d%s (%s): not made, only %s%d of the %d years of %s%s could be read; "
                    "%s is %d",
                    engine->result->label, targets[first].year, range, targets[first].scenario,
                    count, most, targets[first].sample->window,
                    end > first + 1 ? "their windows" : "its window",
                    targets[first].sample->baseline ? " or of the baseline's" : "",
                    targets[first].sample->min_years_name, targets[first].sample->min_years);
    return end;
}

/* In the order of the years; threads and passes may have found them in another. */
static int compare_dropped(const void *a, const void *b)
{
    const struct cn_file_problem *x = a, *y = b;
    const int order = strcmp(x->experiment, y->experiment);
    if (order)
        return order;
    if (x->first_year != y->first_year)
        return x->first_year < y->first_year ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* Shows what was not told yet; then lists all anew, in an order that does not depend on passes. */
static void list_dropped(struct cn_engine *engine)
{
    struct cn_reports *reports = engine->reports;
    struct cn_problems *told = &engine->result->told;
    const size_t first = told->count;
    if (reports->dropped_count) /* qsort must not get NULL */
        qsort(reports->dropped, reports->dropped_count, sizeof *reports->dropped, compare_dropped);
    cn_list_file_problems(told, engine->result->label, reports->dropped, reports->dropped_count);
    show_problems(engine, told, first);
    for (size_t i = 0; i < reports->dropped_count; i++)
        reports->dropped[i].is_listed = false;
    cn_list_file_problems(&engine->result->problems, engine->result->label, reports->dropped,
                          reports->dropped_count);
    engine->result->problems.lost |= told->lost;
}

/* Tells of values that were counted. */
static void report_counted(const struct cn_engine *engine)
{
    struct cn_problems *problems = &engine->result->problems;
    const size_t first = problems->count;
    cn_implausible_report(engine, problems);
    cn_too_large_report(engine, problems);
    if (engine->is_resumed && problems->count > first)
        cn_problems_add(problems, CN_WARNING,
                        "%s: an earlier run has made some of the passes; values that it found are "
                        "not in these numbers",
                        engine->result->label);
}

void cn_reports_finish(struct cn_engine *engine)
{
    const struct cn_reports *reports = engine->reports;
    if (!reports)
        return;
    list_dropped(engine);
    const size_t first = engine->result->problems.count;
    for (size_t t = 0; t < engine->variable->target_count;)
        t = reports->short_windows[t] ? list_short_windows(engine, t) : t + 1;
    report_counted(engine);
    cn_found_report(engine, &engine->result->problems);
    show_problems(engine, &engine->result->problems, first);
}

void cn_reports_free(struct cn_engine *engine)
{
    struct cn_reports *reports = engine->reports;
    for (size_t i = 0; reports && i < reports->dropped_count; i++)
        free((void *)reports->dropped[i].reason);
    if (reports)
        free(reports->dropped);
}
