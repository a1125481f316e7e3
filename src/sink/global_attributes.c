/*
 * Global attributes: those of CF 1.8 section 2.6, those of ACDD 1.3 that the program can know, and
 * where the normals come from. No path, host, thread count or command line is stored. Whoever
 * publishes files knows what is missing: creator, publisher, naming authority.
 */
#include "sink/global_attributes.h"

#include "base/format.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "catalog/attributes.h"
#include "products/statistics.h"
#include "sink/digest.h"
#include "sink/wording.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *region_title(const struct cn_region *region)
{
    return region->title ? region->title : region->name;
}

/* Sets a text that a source file may lack. */
static void set_known(struct cn_attributes *list, const char *name, const char *text)
{
    if (cn_says_something(text))
        cn_set_text(list, name, text);
}

/* The least and the greatest of `count` values, of which NaN do not count. */
static void find_range(const double *values, size_t count, double range[2])
{
    range[0] = range[1] = values[0];
    for (size_t i = 1; i < count; i++) {
        range[0] = fmin(range[0], values[i]);
        range[1] = fmax(range[1], values[i]);
    }
}

/* Finds the widest stretch of the circle without longitudes, which must be wider than a part.
 * *begin: where it begins, from 0 on. Returns its width; 0: there is none. */
static double find_empty_stretch(const double *lons, size_t count, double *begin)
{
    enum { CIRCLE_PARTS = 720 };
    double least[CIRCLE_PARTS], most[CIRCLE_PARTS]; /* longitude in each part */
    double last = NAN, widest = 0;
    for (size_t p = 0; p < CIRCLE_PARTS; p++)
        least[p] = most[p] = NAN;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(lons[i]))
            continue;
        const double lon = lons[i] - 360 * floor(lons[i] / 360);
        const size_t p = (size_t)(lon * (CIRCLE_PARTS / 360.0)) % CIRCLE_PARTS;
        least[p] = fmin(least[p], lon);
        most[p] = fmax(most[p], lon);
    }
    for (size_t p = 0; p < 2 * CIRCLE_PARTS; p++) { /* twice: the stretch may hold 0 */
        const size_t part = p % CIRCLE_PARTS;
        const double turn = p < CIRCLE_PARTS ? 0 : 360;
        if (isnan(least[part]))
            continue;
        if (least[part] + turn - last > widest) {
            widest = least[part] + turn - last;
            *begin = last;
        }
        last = most[part] + turn;
    }
    return widest;
}

/* The range of longitudes in any order, from west to east. Returns whether it is not that of the
 * numbers, as another one round the circle is much narrower: it begins at -180 … 180 then. */
static bool find_lon_range(const double *lons, size_t count, double range[2])
{
    enum { LEAST_GAIN = 10 }; /* degrees; global grids keep their own range */
    double begin = 0;
    find_range(lons, count, range);
    if (!(range[1] - range[0] > 180)) /* no stretch is wider than the one around these */
        return false;
    const double empty = find_empty_stretch(lons, count, &begin);
    if (360 - empty > range[1] - range[0] - LEAST_GAIN)
        return false;
    range[0] = begin + empty;
    range[0] -= 360 * floor((range[0] + 180) / 360);
    range[1] = range[0] + 360 - empty;
    return true;
}

/* Where the cells are: their centres, and the edges of the box around them. Across the date line
 * ACDD has geospatial_lon_min > geospatial_lon_max. */
static void describe_space(struct cn_attributes *list, const struct cn_region_cells *region,
                           size_t corners)
{
    double lat[2], lon[2];
    find_range(region->lat, cn_region_lats(region), lat);
    const bool is_regular = region->kind == CN_REGULAR;
    bool is_turned = false;
    if (is_regular)
        find_range(region->lon, cn_region_lons(region), lon);
    else
        is_turned = find_lon_range(region->lon, cn_region_lons(region), lon);
    cn_set_double(list, "geospatial_lat_min", lat[0]);
    cn_set_double(list, "geospatial_lat_max", lat[1]);
    cn_set_text(list, "geospatial_lat_units", "degrees_north");
    cn_set_double(list, "geospatial_lon_min", lon[0]);
    cn_set_double(list, "geospatial_lon_max", is_turned && lon[1] > 180 ? lon[1] - 360 : lon[1]);
    cn_set_text(list, "geospatial_lon_units", "degrees_east");
    if (!region->lat_bounds || !region->lon_bounds)
        return;
    find_range(region->lat_bounds, corners * cn_region_lats(region), lat);
    if (is_regular)
        find_range(region->lon_bounds, corners * cn_region_lons(region), lon);
    else
        find_lon_range(region->lon_bounds, corners * cn_region_lons(region), lon);
    cn_set_text(list, "geospatial_bounds", /* well-known text, latitude first as ACDD has it */
                cn_pool_printf(list->pool, "POLYGON ((%g %g, %g %g, %g %g, %g %g, %g %g))", lat[0],
                               lon[0], lat[0], lon[1], lat[1], lon[1], lat[1], lon[0], lat[0],
                               lon[0]));
}

/* ISO 8601. */
static const char *const resolutions[] = {
    [CN_DAY] = "P1D", [CN_MONTH] = "P1M", [CN_SEASON] = "P3M", [CN_YEAR] = "P1Y"};

/* The rules that decide which values of the years enter a result, by the keys of the config. Those
 * that only decide which years are used are left out, as of the digest: a file that is kept where
 * they changed is that of a fresh run. */
static void describe_rules(struct cn_attributes *list, const struct cn_normals_file *file)
{
    const struct cn_product *product = file->product;
    cn_set_text(list, "leap_day", cn_leap_day_names[file->config->normals.leap_day]);
    if (product->time != CN_DAY)
        cn_set_double(list, "min_days", file->config->normals.min_days);
    cn_set_int(list, "min_values", product->min_values);
    if (product->pool > 1)
        cn_set_int(list, "pool", product->pool);
    if (product->over.statistic == CN_QUANTILE)
        cn_set_text(list, "quantiles", cn_quantile_method_names[file->config->normals.quantiles]);
}

void cn_describe_shared(struct cn_attributes *list, const struct cn_normals_file *file,
                        const struct cn_sources *from)
{
    const struct cn_region *region = file->region->region;
    const struct cn_file *newest = from->newest;
    char noun[CN_OVER_BYTES];
    cn_over_noun(&file->product->over, noun);
    cn_set_text(list, "Conventions", "CF-1.8, ACDD-1.3");
    const char *model = file->variable->model;
    cn_set_text(list, "source",
                cn_says_something(newest->source) ? newest->source
                : *model                          ? model
                                                  : "not stated by the source files");
    set_known(list, "institution", newest->institution);
    set_known(list, "contributor_name", newest->institution);
    if (cn_says_something(newest->institution))
        cn_set_text(list, "contributor_role", "producer of the source data");
    set_known(list, "references", newest->references);
    cn_set_text(list, "license",
                cn_says_something(newest->license) ? newest->license
                                                   : "not stated by the source files");
    set_known(list, "project", newest->project);
    set_known(list, "program", newest->program);
    set_known(list, "metadata_link", newest->metadata_link);
    set_known(list, "acknowledgement", newest->acknowledgement);
    cn_set_text(list, "processing_level",
                cn_pool_printf(list->pool, "%sclimatological %s of %s",
                               file->product->change == CN_NO_CHANGE ? "" : "change of ", noun,
                               cn_group_values_phrase(file->product)));
    cn_set_text(list, "standard_name_vocabulary", "CF standard names");
    cn_set_text(list, "comment",
                file->product->pool > 1
                    ? "climatology_bnds holds the day that each value is for; its sample also has "
                      "the days around it that the attribute pool counts."
                    : "climatology_bnds holds the days that each value stands for.");
    describe_space(list, file->region, cn_grid_corners(&file->variable->grid));
    cn_set_text(list, "time_coverage_resolution", resolutions[file->product->time]);
    describe_rules(list, file);
    cn_set_text(list, "region", region->name);
    cn_set_text(list, "region_name", region_title(region));
    set_known(list, "model", model);
    set_known(list, "variant", file->variable->variant);
    cn_set_text(list, "variable", file->variable->name);
    cn_set_text(list, "product", file->product->name);
    cn_set_text(list, "climnorm_version", CLIMNORM_VERSION);
    cn_end_shared(list);
}

/* "ssp245"; where targets differ, all that there are: "historical, ssp245". NULL: out of memory. */
static const char *list_scenarios(struct cn_pool *pool, const struct cn_normals_file *file)
{
    const char *list = cn_file_target(file, 0)->scenario, *last = list;
    for (size_t t = 1; list && t < file->target_count; t++) {
        const char *scenario = cn_file_target(file, t)->scenario;
        if (strcmp(scenario, last) != 0)
            list = cn_pool_printf(pool, "%s, %s", list, scenario);
        last = scenario;
    }
    return list;
}

/* The base name of the path, and what is known of the model and the variant. NULL: out of memory.
 */
static const char *make_id(struct cn_pool *pool, const struct cn_normals_file *file)
{
    const char *slash = strrchr(file->path, '/'), *base = slash ? slash + 1 : file->path;
    size_t length = strlen(base);
    if (length > 3 && strcmp(base + length - 3, ".nc") == 0)
        length -= 3;
    const char *model = file->variable->model, *variant = file->variable->variant;
    return cn_pool_printf(pool, "%.*s%s%s%s%s", (int)length, base, *model ? "_" : "", model,
                          *variant ? "_" : "", variant);
}

/* Which years the file covers; years of seasons begin with December. The IOOS compliance checker
 * takes no start and end beside times of two dimensions. */
static void describe_coverage(struct cn_attributes *list, const struct cn_normals_file *file,
                              int first_year, int last_year)
{
    if (file->target_count == 1 || cn_file_has_dates(file)) {
        const bool is_early = file->product->time == CN_SEASON;
        cn_set_text(list, "time_coverage_start",
                    cn_pool_printf(list->pool, "%04d-%s-01T00:00:00Z", first_year - is_early,
                                   is_early ? "12" : "01"));
        cn_set_text(list, "time_coverage_end",
                    cn_pool_printf(list->pool, "%04d-%s-01T00:00:00Z", last_year + !is_early,
                                   is_early ? "12" : "01"));
    }
    cn_set_text(list, "time_coverage_duration",
                cn_pool_printf(list->pool, "P%dY", last_year - first_year + 1));
}

/* What each value is for. */
static const char *const groups_of_year[] = {[CN_DAY] = "each day of the year",
                                             [CN_MONTH] = "each month of the year",
                                             [CN_SEASON] = "each season of the year",
                                             [CN_YEAR] = "the whole year"};

/* "Climate normal: mean over the years 1991-2020 of monthly means of …, for each month of the
 * year." NULL: out of memory. */
static const char *summarize(struct cn_pool *pool, const struct cn_normals_file *file,
                             const char *statistic, const char *quantity, const char *scenarios)
{
    const struct cn_product *product = file->product;
    const bool is_plain = cn_is_of_daily_values(product);
    const char *change = cn_change_phrase(pool, product);
    const char *subject =
        !is_plain ? cn_subject(pool, product, quantity)
                  : cn_pool_printf(pool, "%s%s",
                                   strncmp(quantity, "Daily ", 6) == 0 ? "" : "daily ", quantity);
    if (!subject || !change)
        return NULL;
    const char *model = file->variable->model, *variant = file->variable->variant;
    return cn_pool_printf(pool, "Climate normal: %s of %s%s%s (%s%s%s), for %s.%s%s%s", statistic,
                          subject, *model ? " of " : "", model, scenarios, *variant ? ", " : "",
                          variant, groups_of_year[product->time],
                          *change ? " Values are changes: " : "", change, *change ? "." : "");
}

/* One line of what was done, then the history of the source. NULL: out of memory. */
static const char *tell_history(struct cn_pool *pool, const struct cn_normals_file *file,
                                const char *date, const char *statistic, const char *source)
{
    const struct cn_product *product = file->product;
    const char *name = file->variable->name, *change = cn_change_phrase(pool, product);
    const bool is_plain = cn_is_of_daily_values(product);
    const char *subject =
        is_plain ? cn_pool_printf(pool, "%s by day slot", name) : cn_subject(pool, product, name);
    if (!subject || !change)
        return NULL;
    return cn_pool_printf(
        pool, "%s climnorm %s: %s of %s (%s), region %s%s%s%s%s", date, CLIMNORM_VERSION, statistic,
        subject, cn_leap_day_names[file->config->normals.leap_day], file->region->region->name,
        *change ? ", " : "", change, *source ? "\n" : "", source);
}

/* The baseline's window is the same for all targets. */
static void describe_baseline(struct cn_attributes *list, const struct cn_normals_file *file)
{
    const int window = file->product->window, last = file->product->baseline;
    int years = 0;
    for (int k = 0; k < window; k++)
        years += cn_is_year_used(file, 0, cn_file_window(file) + (size_t)k);
    cn_set_text(list, "baseline_years",
                cn_pool_printf(list->pool, "%d-%d", last - window + 1, last));
    cn_set_int(list, "number_of_baseline_years", years);
}

static bool has_scalar(const struct cn_grid *grid, const char *name)
{
    bool has = false;
    for (size_t k = 0; k < grid->variable_count; k++)
        has |= grid->variables[k].along == CN_SCALAR && strcmp(grid->variables[k].name, name) == 0;
    return has;
}

/* What input.select chose that no scalar coordinate says: "number = index 1; expver = all". */
static void describe_selected(struct cn_attributes *list, const struct cn_grid *grid,
                              const struct cn_file *newest)
{
    struct cn_strbuf text = {0};
    for (size_t k = 0; k < newest->other_dim_count; k++) {
        const struct cn_other_dim *dim = &newest->other_dims[k];
        if (*dim->read && !has_scalar(grid, dim->name))
            cn_strbuf_add(&text, "%s%s = %s", text.length ? "; " : "", dim->name,
                          strncmp(dim->read, "all ", 4) == 0 ? "all" : dim->read);
    }
    if (!text.length)
        return;
    char *shown = cn_strbuf_to_pool(&text, list->pool);
    if (shown)
        cn_make_printable(shown);
    cn_set_text(list, "selected", shown);
}

void cn_describe_own(struct cn_attributes *list, const struct cn_normals_file *file,
                     const struct cn_sources *from)
{
    struct cn_pool *pool = list->pool;
    const struct cn_file *newest = from->newest;
    const char *name = file->variable->name, *scenarios = list_scenarios(pool, file);
    const char *model = file->variable->model;
    const char *long_name =
        cn_attribute_text(newest->attributes, newest->attribute_count, "long_name");
    const char *quantity = cn_says_something(long_name) ? long_name : name;
    const char *standard_name =
        cn_attribute_text(newest->attributes, newest->attribute_count, "standard_name");
    const bool has_standard_name = cn_says_something(standard_name);
    const int window = file->product->window;
    const int first = cn_file_target(file, 0)->year - window + 1;
    const int last = cn_file_target(file, file->target_count - 1)->year;
    const char *statistic = cn_statistic_phrase(pool, file);
    char date[CN_DATE_BYTES];
    cn_creation_date(date);
    if (!statistic || !scenarios) {
        list->failed = true;
        return;
    }
    cn_set_text(list, "title", cn_title(pool, file));
    cn_set_text(list, "summary", summarize(pool, file, statistic, quantity, scenarios));
    cn_set_text(list, "keywords",
                cn_pool_printf(pool, "climate normal, climatology, %s%s%s%s%s, %s",
                               has_standard_name ? standard_name : "",
                               has_standard_name ? ", " : "", name, *model ? ", " : "", model,
                               scenarios));
    cn_set_text(list, "id", make_id(pool, file));
    cn_set_text(list, "date_created", cn_pool_strdup(pool, date));
    describe_coverage(list, file, first, last);
    cn_set_text(list, "period", cn_file_target(file, 0)->period);
    if (file->product->change != CN_NO_CHANGE)
        describe_baseline(list, file);
    describe_selected(list, &file->variable->grid, newest);
    cn_set_text(list, "history", tell_history(pool, file, date, statistic, newest->history));
    struct cn_digests digests;
    cn_sink_digests(file, &digests);
    cn_set_text(list, "climnorm_config_digest", cn_pool_strdup(pool, digests.config));
    cn_set_text(list, "climnorm_inputs_digest", cn_pool_strdup(pool, digests.inputs));
}
