/*
 * Problems on their way from task bodies to the result and the display.
 */
#include "engine/report.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "base/year_list.h"
#include "engine/implausible.h"
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
    for (size_t t = 0; reports && t < engine->variable->target_count; t++) {
        const size_t normals = cn_normal_count(engine->variable, &engine->variable->targets[t]);
        reports->normal_count = normals > reports->normal_count ? normals : reports->normal_count;
    }
    if (reports)
        reports->found = cn_pool_alloc(engine->pool, engine->variable->target_count,
                                       reports->normal_count * sizeof *reports->found);
    size_t products = 0;
    for (size_t k = 0; k < engine->variable->sample_count; k++)
        products += engine->variable->samples[k].product_count;
    if (reports)
        reports->groups =
            cn_pool_alloc(engine->pool, products * engine->variable->layout.region_count,
                          sizeof *reports->groups);
    if (!reports || !reports->short_windows || !reports->found || !reports->groups)
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
    qsort(reports->dropped, reports->dropped_count, sizeof *reports->dropped, compare_dropped);
    cn_list_file_problems(told, engine->result->label, reports->dropped, reports->dropped_count);
    show_problems(engine, told, first);
    for (size_t i = 0; i < reports->dropped_count; i++)
        reports->dropped[i].is_listed = false;
    cn_list_file_problems(&engine->result->problems, engine->result->label, reports->dropped,
                          reports->dropped_count);
    engine->result->problems.lost |= told->lost;
}

static atomic_uchar *found_of(const struct cn_engine *engine, size_t target, size_t normal)
{
    return &engine->reports->found[target * engine->reports->normal_count + normal];
}

void cn_report_values(struct cn_engine *engine, size_t target, size_t normal, bool has_value)
{
    unsigned char before = CN_NOT_MADE;
    if (has_value)
        atomic_store_explicit(found_of(engine, target, normal), CN_HAS_VALUE, memory_order_relaxed);
    else
        atomic_compare_exchange_strong(found_of(engine, target, normal), &before, CN_NO_VALUE);
}

bool cn_is_value_known(const struct cn_engine *engine, size_t target, size_t normal)
{
    return atomic_load_explicit(found_of(engine, target, normal), memory_order_relaxed) ==
           CN_HAS_VALUE;
}

/* The groups of a product in a region, of all targets. */
static atomic_uint *groups_of(const struct cn_engine *engine, size_t target, size_t normal)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t regions = variable->layout.region_count;
    size_t products = 0;
    for (const struct cn_sample *sample = variable->samples;
         sample < variable->targets[target].sample; sample++)
        products += sample->product_count;
    return &engine->reports->groups[products * regions + normal];
}

void cn_report_group(struct cn_engine *engine, size_t target, size_t normal, size_t group)
{
    atomic_fetch_or_explicit(groups_of(engine, target, normal), 1U << group, memory_order_relaxed);
}

bool cn_is_group_known(const struct cn_engine *engine, size_t target, size_t normal, size_t group)
{
    return atomic_load_explicit(groups_of(engine, target, normal), memory_order_relaxed) >> group &
           1;
}

/* A product of a sample. */
struct product_place {
    const struct cn_sample *sample;
    size_t product;
};

/* The place of the n-th product of all samples. sample NULL: there are no more. */
static struct product_place find_product(const struct cn_variable_plan *variable, size_t n)
{
    for (size_t s = 0; s < variable->sample_count; s++) {
        if (n < variable->samples[s].product_count)
            return (struct product_place){&variable->samples[s], n};
        n -= variable->samples[s].product_count;
    }
    return (struct product_place){NULL, 0};
}

/* Writes of which target years a region has results of a product without any value; "": of none.
 */
static void describe_empty(const struct cn_engine *engine, const struct product_place *place,
                           size_t region, struct cn_strbuf *text)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t normal = place->product * variable->layout.region_count + region;
    struct cn_year_list years = {0};
    size_t made = 0, empty = 0;
    for (size_t t = 0; t < variable->target_count; t++) {
        if (variable->targets[t].sample != place->sample)
            continue;
        const unsigned char found = *found_of(engine, t, normal);
        made += found != CN_NOT_MADE;
        empty += found == CN_NO_VALUE;
        if (found == CN_NO_VALUE)
            cn_year_list_add(&years, variable->targets[t].year, variable->targets[t].year);
    }
    if (empty)
        cn_strbuf_add(text, "%s%s", empty == made ? "in all target years: " : "in target years ",
                      cn_year_list_text(&years));
    text->failed |= years.text.failed;
    cn_year_list_free(&years);
}

/* Writes which months or seasons are empty in all target years of a region that has other values;
 * "": none. */
static void describe_empty_groups(const struct cn_engine *engine, const struct product_place *place,
                                  size_t region, struct cn_strbuf *text)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const seasons[] = {"DJF", "MAM", "JJA", "SON"};
    const struct cn_variable_plan *variable = engine->variable;
    const bool is_month = place->sample->time == CN_MONTH;
    const size_t normal = place->product * variable->layout.region_count + region;
    size_t target = 0;
    while (target < variable->target_count && variable->targets[target].sample != place->sample)
        target++;
    if ((!is_month && place->sample->time != CN_SEASON) || target == variable->target_count)
        return;
    const unsigned groups = atomic_load(groups_of(engine, target, normal));
    for (unsigned g = 0; groups && g < (is_month ? 12U : 4U); g++)
        if (!(groups >> g & 1))
            cn_strbuf_add(text, "%s%s", text->length ? ", " : "in ",
                          is_month ? months[g] : seasons[g]);
    if (text->length)
        cn_strbuf_add(text, " of any target year");
}

/* Warns of what `describe` says of a region, with all products of which it says the same, unless an
 * earlier one has told it. */
static void list_empty(struct cn_engine *engine, size_t product, size_t region,
                       void (*describe)(const struct cn_engine *engine,
                                        const struct product_place *place, size_t region,
                                        struct cn_strbuf *text))
{
    const struct cn_variable_plan *variable = engine->variable;
    const bool is_only = engine->plan->config->product_count == 1;
    struct cn_strbuf text = {0}, names = {0};
    struct product_place place = find_product(variable, product);
    size_t count = 0, earlier = 0;
    describe(engine, &place, region, &text);
    for (size_t n = 0; text.length && (place = find_product(variable, n)).sample; n++) {
        struct cn_strbuf other = {0};
        describe(engine, &place, region, &other);
        const bool is_same = strcmp(cn_strbuf_text(&other), cn_strbuf_text(&text)) == 0;
        earlier += is_same && n < product;
        if (is_same)
            cn_strbuf_add(&names, "%s\"%s\"", count++ ? ", " : "",
                          place.sample->products[place.product]->name);
        names.failed |= other.failed;
        cn_strbuf_free(&other);
    }
    if (count && !earlier)
        cn_problems_add(&engine->result->problems, CN_WARNING, "%s%s%s: region %s has no value %s",
                        engine->result->label,
                        is_only      ? ""
                        : count == 1 ? ", product "
                                     : ", products ",
                        is_only ? "" : cn_strbuf_text(&names),
                        variable->layout.regions[region].region->name, cn_strbuf_text(&text));
    engine->result->problems.lost |= text.failed || names.failed;
    cn_strbuf_free(&text);
    cn_strbuf_free(&names);
}

/* Not of a run that goes on with passes of another one: their values are not known. */
static void list_all_empty(struct cn_engine *engine)
{
    const struct cn_variable_plan *variable = engine->variable;
    if (variable->resume.passes_done || atomic_load(&engine->stop))
        return;
    for (size_t r = 0; r < variable->layout.region_count; r++)
        for (size_t n = 0; find_product(variable, n).sample; n++)
            list_empty(engine, n, r, describe_empty);
    for (size_t r = 0; r < variable->layout.region_count; r++)
        for (size_t n = 0; find_product(variable, n).sample; n++)
            list_empty(engine, n, r, describe_empty_groups);
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
    cn_implausible_report(engine, &engine->result->problems);
    list_all_empty(engine);
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
