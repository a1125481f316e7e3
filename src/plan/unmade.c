/*
 * The lines for target years that are not made: which, why, and what is missing.
 */
#include "plan/unmade.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/year_list.h"
#include "plan/periods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cn_unmade_add(struct cn_unmade *unmade, int year, const char *scenario, int planned)
{
    int *years =
        cn_pool_grow(unmade->pool, unmade->years, unmade->count, &unmade->capacity, sizeof *years);
    if (!years)
        return false;
    if (!unmade->count)
        unmade->fewest = unmade->most = planned;
    unmade->years = years;
    unmade->years[unmade->count++] = year;
    unmade->scenario = scenario;
    unmade->fewest = planned < unmade->fewest ? planned : unmade->fewest;
    unmade->most = planned > unmade->most ? planned : unmade->most;
    return true;
}

/* Lists the source years that the windows lack; none is before year 0. Returns whether all are
 * before the timeline. */
static bool list_missing(const struct cn_unmade *unmade, const struct cn_variable *variable,
                         const struct cn_timeline *timeline, int window,
                         struct cn_year_list *missing)
{
    int next = 0, last = -1;
    for (size_t i = 0; i < unmade->count; i++) {
        const int first = unmade->years[i] - window + 1;
        for (next = next > first ? next : first; next <= unmade->years[i]; next++)
            if (cn_usable_year(variable, timeline, next) < 0) {
                cn_year_list_add(missing, next, next);
                last = next;
            }
    }
    return last < timeline->first_year;
}

/* "its window has 2 of 3 years", "their windows have 1 to 24 of 30 years". */
static const char *describe_windows(const struct cn_unmade *unmade, int window, char text[80])
{
    const char *owner = unmade->count == 1 ? "its window has" : "their windows have";
    if (unmade->fewest == unmade->most)
        snprintf(text, 80, "%s %d of %d years", owner, unmade->most, window);
    else
        snprintf(text, 80, "%s %d to %d of %d years", owner, unmade->fewest, unmade->most, window);
    return text;
}

static void report_left_out(const struct cn_unmade *unmade, enum cn_unmade_reason reason,
                            struct cn_variable_plan *variable, const struct cn_timeline *timeline,
                            const struct cn_sample *sample, const char *name, const char *years)
{
    const bool all = reason == CN_ALL_LEFT_OUT, one = unmade->count == 1;
    const int window = sample->window;
    struct cn_year_list missing = {0};
    char begins[40], windows[80];
    const bool early = list_missing(unmade, variable->variable, timeline, window, &missing);
    snprintf(begins, sizeof begins, "the data begin in %d", timeline->first_year);
    cn_problems_add(&variable->problems, all ? CN_PROBLEM : CN_WARNING,
                    "%s: %starget year%s %s %s left out: %s, %s is %d (%s%s)", name,
                    all ? "nothing can be made; " : "", one ? "" : "s", years, one ? "is" : "are",
                    describe_windows(unmade, window, windows), sample->min_years_name,
                    sample->min_years,
                    early ? begins : "missing: ", early ? "" : cn_year_list_text(&missing));
    variable->problems.lost |= missing.text.failed;
    cn_year_list_free(&missing);
}

static void report_short(const struct cn_unmade *unmade, struct cn_variable_plan *variable,
                         const struct cn_timeline *timeline, const struct cn_sample *sample,
                         const char *name, const char *years)
{
    struct cn_year_list missing = {0};
    char windows[80];
    list_missing(unmade, variable->variable, timeline, sample->window, &missing);
    cn_problems_add(
        &variable->problems, CN_PROBLEM, "%s%s %s: not made, %s (%s is %d); missing: %s", name,
        strchr(name, '"') ? "," : "", years, describe_windows(unmade, sample->window, windows),
        sample->min_years_name, sample->min_years, cn_year_list_text(&missing));
    variable->problems.lost |= missing.text.failed;
    cn_year_list_free(&missing);
}

/* Adds `, products "a", "b"`, if others of the variable have another window or rule: all that have
 * these, so that their samples tell the same. */
static void name_products_left_out(struct cn_strbuf *name, const struct cn_variable_plan *variable,
                                   const struct cn_sample *sample)
{
    struct cn_strbuf products = {0};
    size_t count = 0, others = 0;
    for (size_t k = 0; k < variable->sample_count; k++) {
        const struct cn_sample *other = &variable->samples[k];
        const bool is_same =
            other->window == sample->window && other->min_years == sample->min_years;
        others += !is_same;
        for (size_t p = 0; p < other->product_count && is_same; p++)
            cn_strbuf_add(&products, "%s\"%s\"", count++ ? ", " : "", other->products[p]->name);
    }
    if (others)
        cn_strbuf_add(name, ", product%s %s", count == 1 ? "" : "s", cn_strbuf_text(&products));
    name->failed |= products.failed;
    cn_strbuf_free(&products);
}

void cn_unmade_report(struct cn_unmade *unmade, enum cn_unmade_reason reason,
                      struct cn_variable_plan *variable, const struct cn_timeline *timeline,
                      const struct cn_sample *sample)
{
    if (!unmade->count)
        return;
    struct cn_strbuf name = {0};
    struct cn_year_list years = {0};
    cn_strbuf_add(&name, "%s", variable->variable->label);
    if (variable->variable->timeline_count > 1)
        cn_strbuf_add(&name, " %s", unmade->scenario);
    name_products_left_out(&name, variable, sample);
    for (size_t i = 0; i < unmade->count; i++)
        cn_year_list_add(&years, unmade->years[i], unmade->years[i]);
    const char *label = cn_strbuf_text(&name), *list = cn_year_list_text(&years);
    if (reason == CN_LATE)
        cn_problems_add(
            &variable->problems, CN_PROBLEM,
            "%s%s %s: not made, the last source year is %d; add later files, or end the "
            "target years there",
            label, strchr(label, '"') ? "," : "", list, timeline->last_year);
    else if (reason == CN_SHORT_WINDOW)
        report_short(unmade, variable, timeline, sample, label, list);
    else
        report_left_out(unmade, reason, variable, timeline, sample, label, list);
    variable->problems.lost |= name.failed || years.text.failed;
    cn_strbuf_free(&name);
    cn_year_list_free(&years);
    unmade->count = 0;
}

void cn_keep_problems_once(struct cn_problems *problems)
{
    size_t kept = 0;
    for (size_t i = 0; i < problems->count; i++) {
        size_t k = 0;
        while (k < kept && (problems->items[k].severity != problems->items[i].severity ||
                            strcmp(problems->items[k].text, problems->items[i].text) != 0))
            k++;
        if (k < kept)
            free(problems->items[i].text);
        else
            problems->items[kept++] = problems->items[i];
    }
    problems->count = kept;
}

void cn_unmade_report_baseline(struct cn_variable_plan *variable,
                               const struct cn_timeline *timeline, const struct cn_sample *sample,
                               int years)
{
    const bool is_made = years >= sample->min_years;
    struct cn_strbuf products = {0};
    if (years == sample->window)
        return;
    for (size_t p = 0; p < sample->product_count; p++)
        cn_strbuf_add(&products, "%s\"%s\"", p ? ", " : "", sample->products[p]->name);
    cn_problems_add(&variable->problems, is_made ? CN_WARNING : CN_PROBLEM,
                    "%s: changes against %d of %s%s%s%s: the window of this baseline has %d of %d "
                    "years (%s is %d)%s",
                    variable->variable->label, sample->baseline, cn_strbuf_text(&products),
                    timeline->scenario ? ", " : "", timeline->scenario ? timeline->scenario : "",
                    is_made ? "" : " cannot be made", years, sample->window, sample->min_years_name,
                    sample->min_years, is_made ? "" : "; choose another baseline");
    variable->problems.lost |= products.failed;
    cn_strbuf_free(&products);
}
