/*
 * The normals of a plan: periods, target years, their windows and their files. Pure.
 */
#include "climnorm/plan.h"

#include "base/error.h"
#include "base/pool.h"
#include "plan/paths.h"
#include "plan/periods.h"
#include "plan/regions.h"
#include "plan/samples.h"
#include "plan/unmade.h"
#include "plan/winters.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Target years that are made although their windows begin before the timeline. */
struct early_windows {
    int first, last;  /* 0: there is none */
    int fewest, most; /* source years in these windows */
};

/* The state while the targets of a variable are collected. */
struct target_builder {
    struct cn_plan *plan;
    struct cn_pool *pool; /* of the plan */
    struct cn_variable_plan *variable;
    const struct cn_sample *sample; /* whose targets are collected */
    size_t capacity, output_capacity;
    size_t *last_targets; /* [output_count] indices in variable->targets */
    struct cn_unmade short_windows, late;
    struct early_windows early;
    bool lacks_baseline; /* that of the sample is short of years on the timeline */
};

static const struct cn_source_year *source_year(const struct target_builder *builder,
                                                ptrdiff_t index)
{
    return &builder->variable->variable->years[index];
}

/* Whether the config names target years, itself or by its periods. */
static bool is_asked(const struct cn_config *config)
{
    return config->normals.periods || config->normals.targets;
}

/* Lists the years of a window that ends in `year`, then for seasons the year before it:
 * [cn_sample_window], as cn_target.window says. Returns how many usable years the window has. */
static int list_window(const struct target_builder *builder, const struct cn_timeline *timeline,
                       int year, ptrdiff_t *years)
{
    const struct cn_variable *variable = builder->variable->variable;
    const int window = builder->sample->window;
    int planned = 0;
    for (int k = 0; k < window; k++) {
        years[k] = cn_usable_year(variable, timeline, year - window + 1 + k);
        planned += years[k] >= 0;
    }
    if (builder->sample->time == CN_SEASON)
        cn_add_decembers(variable, timeline, year, window, years);
    return planned;
}

/* The years of a target. NULL: out of memory. */
static ptrdiff_t *list_target_years(const struct target_builder *builder,
                                    const struct cn_timeline *timeline, int year, int *planned)
{
    const struct cn_sample *sample = builder->sample;
    ptrdiff_t *years = cn_pool_alloc(builder->pool, cn_sample_years(sample), sizeof *years);
    if (!years)
        return NULL;
    *planned = list_window(builder, timeline, year, years);
    if (sample->baseline)
        list_window(builder, timeline, sample->baseline, years + cn_sample_window(sample));
    return years;
}

/* The first year that belongs to any scenario; INT_MAX: there is none. */
static int first_scenario_year(const struct target_builder *builder)
{
    const struct cn_variable *variable = builder->variable->variable;
    int first = INT_MAX;
    for (size_t y = 0; y < variable->year_count; y++)
        if (variable->years[y].year < first &&
            strcmp(variable->years[y].experiment, builder->plan->config->input.historical) != 0)
            first = variable->years[y].year;
    return first;
}

/* Whether all years of a window, and the one that lends its December, are historical. A missing
 * target year counts as historical if it is before all scenario years. */
static bool is_window_historical(const struct target_builder *builder,
                                 const struct cn_timeline *timeline, int year)
{
    if (cn_usable_year(builder->variable->variable, timeline, year) < 0 &&
        year >= first_scenario_year(builder))
        return false;
    const bool has_winters = builder->sample->time == CN_SEASON;
    for (int k = 0; k < (int)cn_sample_window(builder->sample); k++) {
        const ptrdiff_t index =
            has_winters && k ? cn_december_year(builder->variable->variable, timeline, year - k)
                             : cn_usable_year(builder->variable->variable, timeline, year - k);
        if (index >= 0 && strcmp(source_year(builder, index)->experiment,
                                 builder->plan->config->input.historical) != 0)
            return false;
    }
    return true;
}

/* Whether all years whose values enter a target are historical. */
static bool is_target_historical(const struct target_builder *builder,
                                 const struct cn_timeline *timeline, int year)
{
    const int baseline = builder->sample->baseline;
    return is_window_historical(builder, timeline, year) &&
           (!baseline || is_window_historical(builder, timeline, baseline));
}

/* Whether an earlier timeline has this target year with the same historical window. */
static bool handled_before(const struct target_builder *builder, size_t timeline, int year)
{
    const struct cn_timeline *timelines = builder->variable->variable->timelines;
    for (size_t t = 0; t < timeline; t++)
        if (year <= timelines[t].last_year && is_target_historical(builder, &timelines[t], year))
            return true;
    return false;
}

/* Returns the index of the output that has the path, of the same normal and period, and takes
 * another target year; output_count: a new one. With one path for more, the paths are refused
 * later. */
static size_t find_output(const struct target_builder *builder, const char *path, size_t normal,
                          const struct cn_target *target)
{
    const struct cn_variable_plan *variable = builder->variable;
    bool takes_more = builder->plan->config->output.layout != CN_SINGLE;
    for (size_t o = 0; takes_more && o < variable->output_count; o++) {
        const struct cn_output *output = &variable->outputs[o];
        const struct cn_target *last = &variable->targets[builder->last_targets[o]];
        if (last->sample == target->sample && output->normal == normal &&
            last->year < target->year && strcmp(output->path, path) == 0 &&
            strcmp(last->period, target->period) == 0)
            return o;
    }
    return variable->output_count;
}

/* Makes room for one more output. */
static bool grow_outputs(struct target_builder *builder)
{
    struct cn_variable_plan *variable = builder->variable;
    size_t capacity = builder->output_capacity;
    size_t *last = cn_pool_grow(builder->pool, builder->last_targets, variable->output_count,
                                &capacity, sizeof *last);
    struct cn_output *outputs =
        cn_pool_grow(builder->pool, variable->outputs, variable->output_count,
                     &builder->output_capacity, sizeof *outputs);
    builder->last_targets = last;
    variable->outputs = outputs;
    return last && outputs;
}

/* Gives the normals of a target, the last one of the variable, to outputs. */
static enum cn_status name_outputs(struct target_builder *builder, const struct cn_period *period,
                                   struct cn_target *target, struct cn_error *error)
{
    const struct cn_config *config = builder->plan->config;
    struct cn_variable_plan *variable = builder->variable;
    struct cn_field_source source = {
        .config = config, .variable = variable->variable, .target = target};
    const size_t regions = variable->layout.region_count, count = cn_normal_count(variable, target);
    target->period = cn_fill_fields(builder->pool, period->name, &source);
    target->normals = cn_pool_alloc(builder->pool, count, sizeof *target->normals);
    if (!target->period || !target->normals)
        return cn_fail_memory(error, "output files");
    for (size_t n = 0; n < count; n++) {
        source.product = target->sample->products[n / regions];
        source.region = variable->layout.regions[n % regions].region;
        const char *path = cn_fill_fields(builder->pool, config->output.pattern, &source);
        size_t o = path ? find_output(builder, path, n, target) : 0;
        if (!path || (o == variable->output_count && !grow_outputs(builder)))
            return cn_fail_memory(error, "output paths");
        struct cn_output *output = &variable->outputs[o];
        if (o == variable->output_count) {
            *output = (struct cn_output){.path = path,
                                         .product = source.product,
                                         .region = n % regions,
                                         .normal = n,
                                         .wanted = true};
            variable->output_count++;
        }
        target->normals[n] = (struct cn_normal){o, output->target_count++};
        builder->last_targets[o] = variable->target_count - 1;
    }
    return CN_OK;
}

/* Lists the targets of each output. */
static enum cn_status list_output_targets(struct target_builder *builder, struct cn_error *error)
{
    struct cn_variable_plan *variable = builder->variable;
    size_t normals = 0;
    for (size_t t = 0; t < variable->target_count; t++)
        normals += cn_normal_count(variable, &variable->targets[t]);
    size_t **lists = cn_pool_alloc(builder->pool, variable->output_count, sizeof *lists);
    size_t *all = cn_pool_alloc(builder->pool, normals, sizeof *all);
    if (!lists || !all)
        return cn_fail_memory(error, "output files");
    for (size_t o = 0; o < variable->output_count; o++) {
        variable->outputs[o].targets = lists[o] = all;
        all += variable->outputs[o].target_count;
    }
    for (size_t t = 0; t < variable->target_count; t++)
        for (size_t n = 0; n < cn_normal_count(variable, &variable->targets[t]); n++) {
            const struct cn_normal *normal = &variable->targets[t].normals[n];
            lists[normal->output][normal->position] = t;
        }
    return CN_OK;
}

static void note_early_window(struct early_windows *early, int year, int planned)
{
    if (!early->last)
        *early = (struct early_windows){year, year, planned, planned};
    early->first = year < early->first ? year : early->first;
    early->last = year > early->last ? year : early->last;
    early->fewest = planned < early->fewest ? planned : early->fewest;
    early->most = planned > early->most ? planned : early->most;
}

/* Normals of one target that are asked for. */
static size_t normals_of_target(const struct target_builder *builder)
{
    return builder->sample->product_count * builder->plan->config->region_count;
}

/* Reports the short windows before a target year that is made, or that belongs to another scenario.
 * Those that default periods leave out are reported together, at the end of the timeline. */
static void end_short_windows(struct target_builder *builder, const struct cn_timeline *timeline,
                              bool is_end)
{
    const struct cn_config *config = builder->plan->config;
    struct cn_variable_plan *variable = builder->variable;
    struct cn_unmade *unmade = &builder->short_windows;
    enum cn_unmade_reason reason = CN_SHORT_WINDOW;
    if (!builder->sample->product_count) /* none of them can be made: that is a problem already */
        unmade->count = 0;
    if (!is_asked(config)) {
        if (!is_end)
            return;
        const struct cn_target *last =
            variable->target_count ? &variable->targets[variable->target_count - 1] : NULL;
        const bool some = last && last->sample == builder->sample &&
                          last->timeline == (size_t)(timeline - variable->variable->timelines);
        reason = some ? CN_LEFT_OUT : CN_ALL_LEFT_OUT;
    }
    if (reason != CN_LEFT_OUT)
        variable->normals_unmade += unmade->count * normals_of_target(builder);
    cn_unmade_report(unmade, reason, variable, timeline, builder->sample);
}

static enum cn_status add_target(struct target_builder *builder, size_t timeline_index,
                                 const struct cn_period *period, int year, struct cn_error *error)
{
    const struct cn_config *config = builder->plan->config;
    struct cn_variable_plan *variable = builder->variable;
    const struct cn_timeline *timeline = &variable->variable->timelines[timeline_index];
    struct cn_target target = {.year = year, .sample = builder->sample, .timeline = timeline_index};
    target.window = list_target_years(builder, timeline, year, &target.years_planned);
    if (!target.window)
        return cn_fail_memory(error, "target years");
    bool historical = !timeline->scenario || is_target_historical(builder, timeline, year);
    if (historical && handled_before(builder, timeline_index, year))
        return CN_OK;
    target.scenario = historical ? config->input.historical : timeline->scenario;
    if (builder->lacks_baseline) {
        variable->normals_unmade += normals_of_target(builder);
        return CN_OK;
    }
    struct cn_unmade *unmade = &builder->short_windows;
    const bool is_short = target.years_planned < builder->sample->min_years;
    if (unmade->count && (!is_short || unmade->scenario != target.scenario ||
                          unmade->years[unmade->count - 1] > year))
        end_short_windows(builder, timeline, false);
    if (is_short)
        return cn_unmade_add(unmade, year, target.scenario, target.years_planned)
                   ? CN_OK
                   : cn_fail_memory(error, "target years");
    if (year - builder->sample->window + 1 < timeline->first_year)
        note_early_window(&builder->early, year, target.years_planned);
    struct cn_target *targets =
        cn_pool_grow(builder->pool, variable->targets, variable->target_count, &builder->capacity,
                     sizeof *targets);
    if (!targets)
        return cn_fail_memory(error, "target years");
    variable->targets = targets;
    variable->targets[variable->target_count++] = target;
    variable->normals_failed +=
        builder->sample->failed_count * config->region_count +
        builder->sample->product_count * (config->region_count - variable->layout.region_count);
    return name_outputs(builder, period, &targets[variable->target_count - 1], error);
}

/* Adds a target year that is asked for. One after the last source year is never made. */
static enum cn_status add_target_year(struct target_builder *builder, size_t index,
                                      const struct cn_period *period, int year,
                                      struct cn_error *error)
{
    const struct cn_timeline *timeline = &builder->variable->variable->timelines[index];
    if (year <= timeline->last_year)
        return add_target(builder, index, period, year, error);
    const char *scenario =
        timeline->scenario ? timeline->scenario : builder->plan->config->input.historical;
    builder->variable->normals_unmade += normals_of_target(builder);
    return cn_unmade_add(&builder->late, year, scenario, 0) ? CN_OK
                                                            : cn_fail_memory(error, "target years");
}

static enum cn_status add_period(struct target_builder *builder, size_t index,
                                 const struct cn_period *period, struct cn_error *error)
{
    const struct cn_config *config = builder->plan->config;
    enum cn_status status = CN_OK;
    if (config->normals.targets) {
        for (size_t t = 0; t < config->normals.target_count && !status; t++)
            if (config->normals.targets[t] >= period->first &&
                config->normals.targets[t] <= period->last)
                status = add_target_year(builder, index, period, config->normals.targets[t], error);
        return status;
    }
    const int step = period->step ? period->step : 1;
    for (int year = period->first; year <= period->last && !status; year += step)
        status = add_target_year(builder, index, period, year, error);
    return status;
}

/* Warns of statistics of fewer years than the window has because the data begin later. */
static void warn_of_early_windows(struct target_builder *builder, int first_year)
{
    const struct early_windows *early = &builder->early;
    char years[32], counts[32];
    if (!early->last)
        return;
    const bool one = early->first == early->last;
    int length = snprintf(years, sizeof years, "%d", early->first);
    if (!one)
        snprintf(years + length, sizeof years - (size_t)length, "-%d", early->last);
    length = snprintf(counts, sizeof counts, "%d", early->fewest);
    if (early->most > early->fewest)
        snprintf(counts + length, sizeof counts - (size_t)length, " to %d", early->most);
    cn_problems_add(&builder->variable->problems, CN_WARNING,
                    "%s: %s of %s begin%s before %d, the first source year: %s %s of %d years",
                    builder->variable->variable->label, one ? "the window" : "windows", years,
                    one ? "s" : "", first_year, one ? "it has" : "they have", counts,
                    builder->sample->window);
}

static void report_timeline(struct target_builder *builder, const struct cn_timeline *timeline,
                            bool has_years)
{
    struct cn_variable_plan *variable = builder->variable;
    const char *name = variable->variable->label;
    end_short_windows(builder, timeline, true);
    cn_unmade_report(&builder->late, CN_LATE, variable, timeline, builder->sample);
    warn_of_early_windows(builder, timeline->first_year);
    if (!has_years && timeline->last_year < CN_FIRST_DEFAULT_YEAR)
        cn_problems_add(&variable->problems, CN_PROBLEM,
                        "%s: nothing can be made: the last source year is %d, and default periods "
                        "begin in %d; name earlier target years in normals.targets",
                        name, timeline->last_year, CN_FIRST_DEFAULT_YEAR);
    else if (!has_years)
        cn_problems_add(&variable->problems, CN_PROBLEM,
                        "%s: nothing can be made: no source year from %d on can be used", name,
                        CN_FIRST_DEFAULT_YEAR);
}

/* Reports a baseline whose window is short of years. With too few of them no change can be made. */
static void check_baseline(struct target_builder *builder, const struct cn_timeline *timeline)
{
    const struct cn_variable *source = builder->variable->variable;
    const struct cn_sample *sample = builder->sample;
    int years = 0;
    for (int k = 0; sample->baseline && k < sample->window; k++)
        years += cn_usable_year(source, timeline, sample->baseline - k) >= 0;
    builder->lacks_baseline = sample->baseline && years < sample->min_years;
    if (sample->baseline)
        cn_unmade_report_baseline(builder->variable, timeline, sample, years);
}

static enum cn_status add_timeline(struct target_builder *builder, size_t index,
                                   struct cn_error *error)
{
    const struct cn_config *config = builder->plan->config;
    const struct cn_variable *source = builder->variable->variable;
    const struct cn_timeline *timeline = &source->timelines[index];
    struct cn_period defaults[CN_DEFAULT_PERIODS];
    const struct cn_period *periods = config->normals.periods;
    size_t count = config->normals.period_count;
    enum cn_status status = CN_OK;
    if (!periods) {
        cn_make_default_periods(config, builder->plan->catalog, source, timeline, defaults);
        periods = defaults;
        count = CN_DEFAULT_PERIODS;
    }
    bool has_years = is_asked(config);
    builder->early = (struct early_windows){0};
    check_baseline(builder, timeline);
    for (size_t p = 0; p < count && !status; p++) {
        has_years |= periods[p].first <= periods[p].last;
        status = add_period(builder, index, &periods[p], error);
    }
    if (!status)
        report_timeline(builder, timeline, has_years);
    return status;
}

static enum cn_status plan_variable(struct target_builder *builder, struct cn_error *error)
{
    struct cn_variable_plan *variable = builder->variable;
    variable->failure = variable->variable->failure;
    if (variable->failure)
        return CN_OK;
    variable->slots =
        cn_slot_count(variable->variable->calendar, builder->plan->config->normals.leap_day);
    enum cn_status status = cn_plan_regions(builder->pool, builder->plan->config, variable, error);
    if (!status)
        status = cn_samples_make(builder->pool, builder->plan->config, variable, error);
    if (status)
        return status;
    for (size_t i = 0; i < variable->variable->timeline_count && !status; i++)
        for (size_t k = 0; k < variable->sample_count && !status; k++) {
            builder->sample = &variable->samples[k];
            status = add_timeline(builder, i, error);
        }
    cn_warn_of_winters(builder->plan->config, variable);
    cn_keep_problems_once(&variable->problems);
    if (!variable->layout.region_count)
        variable->failure = "none of the regions holds a cell centre of its grid";
    return status ? status : list_output_targets(builder, error);
}

enum cn_status cn_plan_targets(const struct cn_config *config, const struct cn_catalog *catalog,
                               struct cn_plan **plan, struct cn_error *error)
{
    *plan = NULL;
    struct cn_pool *pool = cn_pool_new();
    struct cn_plan *made = pool ? cn_pool_alloc(pool, 1, sizeof *made) : NULL;
    struct cn_variable_plan *variables =
        made ? cn_pool_alloc(pool, catalog->variable_count, sizeof *variables) : NULL;
    if (!variables) {
        cn_pool_free(pool);
        return cn_fail_memory(error, "the plan");
    }
    *made = (struct cn_plan){.pool = pool,
                             .config = config,
                             .catalog = catalog,
                             .variables = variables,
                             .variable_count = catalog->variable_count};
    enum cn_status status = CN_OK;
    for (size_t v = 0; v < made->variable_count && !status; v++) {
        struct target_builder builder = {.plan = made,
                                         .pool = pool,
                                         .variable = &variables[v],
                                         .short_windows.pool = pool,
                                         .late.pool = pool};
        variables[v].variable = &catalog->variables[v];
        status = plan_variable(&builder, error);
    }
    if (!status)
        status = cn_plan_check_paths(made, error);
    if (status) {
        cn_plan_free(made);
        return status;
    }
    *plan = made;
    return CN_OK;
}

void cn_plan_free(struct cn_plan *plan)
{
    if (!plan)
        return;
    for (size_t v = 0; v < plan->variable_count; v++)
        cn_problems_free(&plan->variables[v].problems);
    cn_pool_free(plan->pool);
}
