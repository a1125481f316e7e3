/*
 * Checks of several values together: regions by name, overlapping periods, roots, and numbers that
 * bound one another. Values that are wrong by themselves are skipped, because they were reported.
 */
#include "base/strbuf.h"
#include "base/suggest.h"
#include "config/builder.h"

#include <stdlib.h>
#include <string.h>

static const struct cn_region *find_builtin(const char *name)
{
    const struct cn_region *region = cn_builtin_regions;
    while (region->name && strcmp(region->name, name) != 0)
        region++;
    return region->name ? region : NULL;
}

/* The first custom region of this name; NULL: there is none. */
static const struct cn_custom_region *find_custom(const struct cn_config_builder *builder,
                                                  const char *name)
{
    const struct cn_custom_region *regions = builder->custom_regions.items;
    for (size_t i = 0; i < builder->custom_regions.count; i++)
        if (regions[i].region.name && strcmp(regions[i].region.name, name) == 0)
            return &regions[i];
    return NULL;
}

static void check_box(struct cn_config_builder *builder, struct cn_custom_region *custom)
{
    struct cn_region *region = &custom->region;
    if (region->lat[0] > region->lat[1])
        cn_config_error(builder, custom->location, "custom_regions.lat",
                        "[%g, %g] runs from north to south; write [%g, %g]", region->lat[0],
                        region->lat[1], region->lat[1], region->lat[0]);
    double west = region->lon[0], east = region->lon[1];
    if (west - east > 360)
        cn_config_error(
            builder, custom->location, "custom_regions.lon",
            "[%g, %g] has its west bound more than a whole turn east of its east bound; "
            "write both from -180 to 180 or from 0 to 360",
            west, east);
    else if (west > east)
        region->lon[0] = west - 360;
}

static void check_custom_regions(struct cn_config_builder *builder)
{
    struct cn_custom_region *regions = builder->custom_regions.items;
    for (size_t i = 0; i < builder->custom_regions.count; i++) {
        struct cn_custom_region *custom = &regions[i];
        check_box(builder, custom);
        const char *name = custom->region.name;
        if (!name)
            continue;
        custom->region.title = custom->region.title ? custom->region.title : name;
        if (find_builtin(name))
            cn_config_error(
                builder, custom->location, "custom_regions.name",
                "\"%s\" is a built-in region and cannot be redefined; choose another name", name);
        const struct cn_custom_region *earlier = find_custom(builder, name);
        if (earlier != custom)
            cn_config_error(builder, custom->location, "custom_regions.name",
                            "\"%s\" is already defined in line %d", name, earlier->location.line);
    }
}

static void report_unknown_region(struct cn_config_builder *builder, const char *name)
{
    const struct cn_custom_region *custom = builder->custom_regions.items;
    struct cn_suggestion suggestion = {.word = name};
    enum { MAX_KNOWN_BYTES = 360 };
    struct cn_strbuf known = {0};
    char hint[CN_SUGGESTION_BYTES];
    for (const struct cn_region *region = cn_builtin_regions; region->name; region++) {
        cn_suggest(&suggestion, region->name);
        cn_strbuf_add(&known, " %s", region->name);
    }
    for (size_t i = 0; i < builder->custom_regions.count; i++) {
        if (!custom[i].region.name || find_builtin(custom[i].region.name))
            continue;
        cn_suggest(&suggestion, custom[i].region.name);
        if (known.length < MAX_KNOWN_BYTES)
            cn_strbuf_add(&known, " %s", custom[i].region.name);
    }
    cn_config_error(
        builder, cn_config_key_state(builder, "regions")->location, "regions",
        "\"%s\" is not a known region%s; known are%s; others are defined in custom_regions", name,
        cn_suggestion_text(&suggestion, hint), cn_strbuf_text(&known));
    builder->out_of_memory |= known.failed;
    cn_strbuf_free(&known);
}

static bool contains_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void check_regions(struct cn_config_builder *builder)
{
    struct cn_config *config = &builder->config;
    const char *const *names = builder->regions.items;
    const struct cn_custom_region *custom = builder->custom_regions.items;
    config->regions =
        cn_pool_alloc(config->pool, builder->regions.count + builder->custom_regions.count,
                      sizeof *config->regions);
    builder->out_of_memory |= !config->regions;
    for (size_t i = 0; config->regions && i < builder->regions.count; i++) {
        const struct cn_region *region = find_builtin(names[i]);
        const struct cn_custom_region *own = region ? NULL : find_custom(builder, names[i]);
        if (own)
            region = &own->region;
        if (region)
            config->regions[config->region_count++] = *region;
        else
            report_unknown_region(builder, names[i]);
    }
    /* A region that is defined is wanted, even if it is not listed. */
    for (size_t j = 0; config->regions && j < builder->custom_regions.count; j++)
        if (custom[j].region.name &&
            !contains_name(names, builder->regions.count, custom[j].region.name))
            config->regions[config->region_count++] = custom[j].region;
    if (!config->region_count && !builder->regions.count && cn_config_has_value(builder, "regions"))
        cn_config_error(
            builder, cn_config_key_state(builder, "regions")->location, "regions",
            "the list is empty and custom_regions defines none; name at least one region, "
            "or leave the key out to get its default");
}

static void check_scenarios(struct cn_config_builder *builder)
{
    struct cn_config *config = &builder->config;
    config->variables = builder->variables.items;
    config->variable_count = builder->variables.count;
    config->scenarios_given = builder->scenarios.items;
    config->scenarios = builder->scenarios.items;
    config->scenario_count = builder->scenarios.count;
    for (size_t i = 0;
         i < config->scenario_count && cn_config_has_value(builder, "input.historical"); i++)
        if (strcmp(config->scenarios[i], config->input.historical) == 0)
            cn_config_error(
                builder, cn_config_key_state(builder, "scenarios")->location, "scenarios",
                "\"%s\" is input.historical, which comes before every scenario; remove it "
                "(an empty list means the historical years alone)",
                config->scenarios[i]);
}

static void check_periods(struct cn_config_builder *builder)
{
    struct cn_config *config = &builder->config;
    const struct cn_custom_period *given = builder->periods.items;
    size_t count = builder->periods.count;
    if (!given || !cn_config_has_value(builder, "normals.periods"))
        return;
    struct cn_period *periods = cn_pool_alloc(config->pool, count, sizeof *periods);
    if (!periods) {
        builder->out_of_memory = true;
        return;
    }
    config->normals.periods = periods;
    config->normals.period_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct cn_period *period = &given[i].period;
        periods[i] = *period;
        if (period->first > period->last) {
            cn_config_error(builder, given[i].location, "normals.periods",
                            "period \"%s\": last (%d) is before first (%d)", period->name,
                            period->last, period->first);
            continue;
        }
        for (size_t j = 0; j < i; j++) {
            const struct cn_period *other = &given[j].period;
            if (other->first <= period->last && period->first <= other->last)
                cn_config_error(builder, given[i].location, "normals.periods",
                                "\"%s\" (%d to %d) overlaps \"%s\" (%d to %d) of line %d",
                                period->name, period->first, period->last, other->name,
                                other->first, other->last, given[j].location.line);
        }
    }
}

static bool is_in_a_period(const struct cn_config *config, int year)
{
    for (size_t i = 0; i < config->normals.period_count; i++)
        if (config->normals.periods[i].first <= year && year <= config->normals.periods[i].last)
            return true;
    return false;
}

/* Default periods hold every year. */
static void check_targets(struct cn_config_builder *builder)
{
    enum { MOST_LISTED_BYTES = 400 };
    struct cn_config *config = &builder->config;
    if (!builder->targets.items || !cn_config_has_value(builder, "normals.targets"))
        return;
    config->normals.targets = builder->targets.items;
    config->normals.target_count = builder->targets.count;
    size_t others = 0;
    int first = 0;
    for (size_t t = 0; config->normals.periods && t < config->normals.target_count; t++)
        if (!is_in_a_period(config, config->normals.targets[t]) && others++ == 0)
            first = config->normals.targets[t];
    if (!others)
        return;
    struct cn_strbuf known = {0};
    for (size_t i = 0; i < config->normals.period_count && known.length < MOST_LISTED_BYTES; i++)
        cn_strbuf_add(&known, "%s%s %d-%d", i ? ", " : "", config->normals.periods[i].name,
                      config->normals.periods[i].first, config->normals.periods[i].last);
    cn_config_error(builder, cn_config_key_state(builder, "normals.targets")->location,
                    "normals.targets", "%d %s in no period of normals.periods (%s)%s", first,
                    others > 1 ? "and others are" : "is", cn_strbuf_text(&known),
                    "; add a period, or leave normals.periods out");
    builder->out_of_memory |= known.failed;
    cn_strbuf_free(&known);
}

static bool is_default(const struct cn_key_state *key_state)
{
    return !key_state->location.line && !key_state->location.override;
}

static void check_min_years(struct cn_config_builder *builder)
{
    if (!cn_config_has_value(builder, "normals.window"))
        return;
    int window = builder->config.normals.window, *min_years = &builder->config.normals.min_years;
    const struct cn_key_state *key_state = cn_config_key_state(builder, "normals.min_years");
    if (is_default(key_state) && *min_years > window)
        *min_years = window;
    else if (key_state->state == CN_SET && *min_years > window)
        cn_config_error(builder, key_state->location, "normals.min_years",
                        "%d years cannot be in a window of %d; lower it or raise normals.window",
                        *min_years, window);
}

/* Whether both paths lead to one folder. Paths of folders that do not exist are compared as text.
 */
static bool same_folder(const char *a, const char *b)
{
    char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
    bool same = strcmp(real_a ? real_a : a, real_b ? real_b : b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

static void check_roots(struct cn_config_builder *builder)
{
    if (!cn_config_has_value(builder, "input.root"))
        return;
    struct cn_config *config = &builder->config;
    config->input.roots = builder->roots.items;
    config->input.root_count = builder->roots.count;
    config->input.root = config->input.roots[0];
    if (config->input.root_count > 1) {
        config->input.root =
            cn_pool_printf(config->pool, "%s and %zu other path%s", config->input.roots[0],
                           config->input.root_count - 1, config->input.root_count > 2 ? "s" : "");
        builder->out_of_memory |= !config->input.root;
    }
    bool is_same = false;
    for (size_t i = 0; i < config->input.root_count && cn_config_has_value(builder, "output.root");
         i++)
        is_same |= same_folder(config->input.roots[i], config->output.root);
    if (is_same)
        cn_config_error(
            builder, cn_config_key_state(builder, "output.root")->location, "output.root",
            "is the folder of input.root: results would lie among the input files; choose "
            "another folder");
}

static void check_models(struct cn_config_builder *builder)
{
    struct cn_config *config = &builder->config;
    const char *const *names = builder->models.items;
    if (!names || !cn_config_has_value(builder, "input.model"))
        return;
    config->input.all_models = contains_name(names, builder->models.count, "*");
    if (config->input.all_models && builder->models.count > 1)
        cn_config_error(builder, cn_config_key_state(builder, "input.model")->location,
                        "input.model",
                        "\"*\" means all models of the tree; remove it, or the other names");
    config->input.models = config->input.all_models ? NULL : names;
    config->input.model_count = config->input.all_models ? 0 : builder->models.count;
}

/* With several models the path names the model. */
static void add_model_folder(struct cn_config_builder *builder)
{
    const char **pattern = &builder->config.output.pattern;
    if (!cn_config_has_value(builder, "output.pattern") ||
        !cn_config_has_several_models(&builder->config) || strstr(*pattern, "{model}"))
        return;
    *pattern = cn_pool_printf(builder->config.pool, "{model}/%s", *pattern);
    builder->out_of_memory |= !*pattern;
}

/* A file of several target years cannot be named after one. */
static void check_pattern(struct cn_config_builder *builder)
{
    static const char field[] = "_{year}";
    if (!cn_config_has_value(builder, "output.pattern") ||
        !cn_config_has_value(builder, "output.layout") ||
        builder->config.output.layout == CN_SINGLE)
        return;
    const struct cn_key_state *key_state = cn_config_key_state(builder, "output.pattern");
    const char **pattern = &builder->config.output.pattern;
    const char *at = strstr(*pattern, field);
    if (is_default(key_state) && at) {
        *pattern = cn_pool_printf(builder->config.pool, "%.*s%s", (int)(at - *pattern), *pattern,
                                  at + strlen(field));
        builder->out_of_memory |= !*pattern;
    } else if (strstr(*pattern, field + 1)) {
        cn_config_error(builder, key_state->location, "output.pattern",
                        "with output.layout = \"stacked\" a file holds several target years; "
                        "remove the field {year}");
    }
}

static void check_select(struct cn_config_builder *builder)
{
    cn_config_check_slices(builder, cn_config_key_state(builder, "input.select")->location,
                           "input.select", &builder->slices);
    builder->config.input.select = builder->slices.items;
    builder->config.input.select_count = builder->slices.count;
}

static void check_units(struct cn_config_builder *builder)
{
    builder->config.output.units = builder->units.items;
    builder->config.output.unit_count = builder->units.count;
}

void cn_config_check(struct cn_config_builder *builder)
{
    check_custom_regions(builder);
    check_regions(builder);
    check_scenarios(builder);
    check_periods(builder);
    check_targets(builder);
    check_min_years(builder);
    check_roots(builder);
    check_models(builder);
    check_pattern(builder);
    check_units(builder);
    check_select(builder);
    if (!builder->out_of_memory)
        add_model_folder(builder);
}
