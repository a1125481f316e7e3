/*
 * Winters of products of seasons. The first one of a timeline has no December before it, nor has
 * one behind a gap.
 */
#include "plan/winters.h"

#include "base/error.h"
#include "base/year_list.h"
#include "calendar/least_days.h"
#include "plan/periods.h"
#include "products/group_days.h"

ptrdiff_t cn_december_year(const struct cn_variable *variable, const struct cn_timeline *timeline,
                           int year)
{
    if (year < timeline->first_year || year > timeline->last_year)
        return -1;
    const ptrdiff_t index = timeline->years[year - timeline->first_year];
    return index >= 0 && (variable->years[index].usable || variable->years[index].december_days)
               ? index
               : -1;
}

void cn_add_decembers(const struct cn_variable *variable, const struct cn_timeline *timeline,
                      int year, int window, ptrdiff_t *years)
{
    years[window] = years[0] < 0 ? -1 : cn_december_year(variable, timeline, year - window);
    for (int k = 0; k + 1 < window; k++)
        if (years[k] < 0 && years[k + 1] >= 0 && variable->years[years[k + 1]].usable)
            years[k] = cn_december_year(variable, timeline, year - window + 1 + k);
}

/* Whether the winter of a usable year has no value, because of the December before it. What a
 * usable year lacks of its days is told elsewhere. */
static bool is_winter_lost(const struct cn_config *config, const struct cn_variable *variable,
                           const struct cn_timeline *timeline, int year)
{
    const ptrdiff_t before = cn_december_year(variable, timeline, year - 1);
    struct cn_group_days list;
    int lent = before < 0 ? 0 : variable->years[before].december_days, own = 0;
    if (before >= 0 && variable->years[before].usable)
        return false;
    cn_group_days_list(variable->calendar, config->normals.leap_day, year, CN_SEASON, &list);
    for (size_t d = list.first[0]; d < list.first[1]; d++)
        own += !list.days[d].is_of_year_before;
    return own + lent <
           cn_least_days(config->normals.min_days, (int)(list.first[1] - list.first[0]));
}

/* Whether the window of some target of seasons on the timeline has a year; or that of its baseline.
 */
static bool is_in_window(const struct cn_variable_plan *variable, size_t timeline, int year)
{
    for (size_t t = 0; t < variable->target_count; t++) {
        const struct cn_target *target = &variable->targets[t];
        const struct cn_sample *sample = target->sample;
        const bool is_in = target->year - sample->window < year && year <= target->year;
        const bool is_in_baseline = sample->baseline && sample->baseline - sample->window < year &&
                                    year <= sample->baseline;
        if (sample->time == CN_SEASON && target->timeline == timeline && (is_in || is_in_baseline))
            return true;
    }
    return false;
}

void cn_warn_of_winters(const struct cn_config *config, struct cn_variable_plan *variable)
{
    const struct cn_variable *source = variable->variable;
    for (size_t t = 0; t < source->timeline_count; t++) {
        const struct cn_timeline *timeline = &source->timelines[t];
        struct cn_year_list years = {0};
        size_t count = 0;
        for (int year = timeline->first_year; year <= timeline->last_year; year++)
            if (cn_usable_year(source, timeline, year) >= 0 && is_in_window(variable, t, year) &&
                is_winter_lost(config, source, timeline, year)) {
                cn_year_list_add(&years, year, year);
                count++;
            }
        if (count)
            cn_problems_add(&variable->problems, CN_WARNING,
                            "%s: DJF of %s %s no value, because the December before it is not "
                            "there: windows with %s have fewer values of DJF than of other seasons",
                            source->label, cn_year_list_text(&years), count == 1 ? "has" : "have",
                            count == 1 ? "this year" : "these years");
        variable->problems.lost |= years.text.failed;
        cn_year_list_free(&years);
    }
}
