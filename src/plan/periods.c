/*
 * Where default periods begin and end. The last historical year is that of the model, because a
 * variable whose last historical files are missing keeps the labels of the others; but no year of a
 * scenario counts as historical. Other models change nothing.
 */
#include "plan/periods.h"

#include "climnorm/limits.h"

#include <limits.h>
#include <string.h>

const struct cn_default_period cn_default_periods[CN_DEFAULT_PERIODS] = {
    {"historical", "historical", "1980", "the last historical year"},
    {"hybrid", "hybrid-{scenario}", "the year after it", "30 years after the last historical year"},
    {"{scenario}", "{scenario}", "the year after it", "the last year"},
};

ptrdiff_t cn_usable_year(const struct cn_variable *variable, const struct cn_timeline *timeline,
                         int year)
{
    if (year < timeline->first_year || year > timeline->last_year)
        return -1;
    ptrdiff_t index = timeline->years[year - timeline->first_year];
    return index >= 0 && variable->years[index].usable ? index : -1;
}

static bool is_historical(const struct cn_config *config, const struct cn_source_year *year)
{
    return strcmp(year->experiment, config->input.historical) == 0;
}

/* INT_MIN: the model has no historical year. */
static int last_historical_year(const struct cn_config *config, const struct cn_catalog *catalog,
                                const char *model)
{
    int last = INT_MIN;
    for (size_t v = 0; v < catalog->variable_count; v++) {
        const struct cn_variable *variable = &catalog->variables[v];
        if (variable->failure || strcmp(variable->model, model) != 0)
            continue;
        for (size_t y = 0; y < variable->year_count; y++)
            if (variable->years[y].year > last && is_historical(config, &variable->years[y]))
                last = variable->years[y].year;
    }
    return last;
}

/* INT_MAX: the timeline is historical alone. */
static int first_own_year(const struct cn_config *config, const struct cn_variable *variable,
                          const struct cn_timeline *timeline)
{
    for (int year = timeline->first_year; year <= timeline->last_year; year++) {
        const ptrdiff_t index = timeline->years[year - timeline->first_year];
        if (index >= 0 && !is_historical(config, &variable->years[index]))
            return year;
    }
    return INT_MAX;
}

static int last_usable_year(const struct cn_variable *variable, const struct cn_timeline *timeline)
{
    int last = timeline->last_year;
    while (last >= timeline->first_year && cn_usable_year(variable, timeline, last) < 0)
        last--;
    return last;
}

static bool has_several_scenarios(const struct cn_catalog *catalog, const char *model)
{
    for (size_t v = 0; v < catalog->variable_count; v++)
        if (catalog->variables[v].timeline_count > 1 &&
            strcmp(catalog->variables[v].model, model) == 0)
            return true;
    return false;
}

void cn_make_default_periods(const struct cn_config *config, const struct cn_catalog *catalog,
                             const struct cn_variable *variable, const struct cn_timeline *timeline,
                             struct cn_period periods[CN_DEFAULT_PERIODS])
{
    const bool asked = config->normals.targets,
               several = has_several_scenarios(catalog, variable->model);
    const int seam = first_own_year(config, variable, timeline);
    const int end = asked ? CN_LAST_YEAR : last_usable_year(variable, timeline);
    int historical = last_historical_year(config, catalog, variable->model);
    if (historical == INT_MIN || historical >= seam)
        historical = seam == INT_MAX ? end : seam - 1;
    int first = 0;
    if (!asked)
        first = timeline->first_year > CN_FIRST_DEFAULT_YEAR ? timeline->first_year
                                                             : CN_FIRST_DEFAULT_YEAR;
    const int lasts[CN_DEFAULT_PERIODS] = {historical, historical + CN_HYBRID_YEARS, end};
    for (size_t p = 0; p < CN_DEFAULT_PERIODS; p++) {
        const struct cn_default_period *row = &cn_default_periods[p];
        periods[p] = (struct cn_period){.name = several ? row->name_of_several : row->name,
                                        .first = first,
                                        .last = lasts[p] < end ? lasts[p] : end};
        first = first > lasts[p] ? first : lasts[p] + 1;
    }
}
