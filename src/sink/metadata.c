/*
 * The attributes of an output file. Those that describe the normal are stored twice, on the
 * variable and on the file, because tools that merge files or extract variables keep only one of
 * the two. This file calls no netCDF function, and stores no path, host, thread count or command
 * line.
 */
#include "sink/metadata.h"

#include "base/error.h"
#include "base/format.h"
#include "base/netcdf_constants.h"
#include "base/strbuf.h"
#include "catalog/attributes.h"
#include "catalog/file_names.h"
#include "sink/cell_methods.h"
#include "sink/climatology.h"
#include "sink/digest.h"

#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Attributes that say how the source is stored or name other variables of its file. They would be
 * wrong in an output file. */
static const char *const uncopied_names[] = {
    "scale_factor", "add_offset", "actual_range",  "missing_value",
    "coordinates",  "bounds",     "cell_measures", "ancillary_variables",
    "grid_mapping", "history",    "tracking_id",
};

static const float fill_value = CN_FILL_VALUE;

const char *const cn_dim_names[CN_DIMS] = {"dayofyear", "lat", "lon", "bnds"};

/* The files that the used years come from, each once, in time order. `newest`: of the last year. */
struct contributors {
    const struct cn_file **files;
    size_t count;
    const struct cn_file *newest;
};

static void append_attribute(struct cn_attributes *list, struct cn_attribute attribute)
{
    struct cn_attribute *items =
        cn_pool_grow(list->pool, list->items, list->count, &list->capacity, sizeof *items);
    if (!items) {
        list->failed = true;
        return;
    }
    list->items = items;
    items[list->count++] = attribute;
}

/* Replaces the attribute of that name, or appends one. The value is not copied; NULL: whoever made
 * it was out of memory. */
static void set_attribute(struct cn_attributes *list, const char *name, int type, size_t length,
                          const void *value)
{
    struct cn_attribute attribute = {name, type, length, value};
    list->failed |= !value;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0) {
            list->items[i] = attribute;
            return;
        }
    }
    append_attribute(list, attribute);
}

static void set_text(struct cn_attributes *list, const char *name, const char *text)
{
    set_attribute(list, name, NC_CHAR, text ? strlen(text) : 0, text);
}

static void set_int(struct cn_attributes *list, const char *name, int value)
{
    int *copy = cn_pool_alloc(list->pool, 1, sizeof *copy);
    if (copy)
        *copy = value;
    set_attribute(list, name, NC_INT, 1, copy);
}

/* A name that begins with an underscore belongs to netCDF (NetCDF User's Guide, appendix A). */
static bool is_copied(const char *name)
{
    for (size_t i = 0; i < sizeof uncopied_names / sizeof *uncopied_names; i++)
        if (strcmp(name, uncopied_names[i]) == 0)
            return false;
    return name[0] != '_' && strncmp(name, "valid_", 6) != 0;
}

static void copy_attributes(struct cn_attributes *list, const struct cn_attribute *source,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_copied(source[i].name))
            append_attribute(list, source[i]);
}

static const struct cn_source_year *window_year(const struct cn_normal_file *file, int i)
{
    return cn_window_year(file->variable, file->target, i);
}

static bool is_used(const struct cn_normal_file *file, int i)
{
    return window_year(file, i) && (!file->year_used || file->year_used[i]);
}

static bool find_contributors(struct cn_pool *pool, const struct cn_normal_file *file,
                              struct contributors *found)
{
    size_t parts = 0;
    for (int i = 0; i < file->config->normals.window; i++)
        parts += is_used(file, i) ? window_year(file, i)->part_count : 0;
    *found =
        (struct contributors){.files = cn_pool_alloc(pool, parts, sizeof(const struct cn_file *))};
    bool *listed = cn_pool_alloc(pool, file->catalog->file_count, sizeof *listed);
    if (!found->files || !listed)
        return false;
    for (int i = 0; i < file->config->normals.window; i++) {
        const struct cn_source_year *year = window_year(file, i);
        for (size_t p = 0; is_used(file, i) && p < year->part_count; p++) {
            found->newest = year->parts[p].file;
            bool *is_listed = &listed[found->newest - file->catalog->files];
            if (!*is_listed)
                found->files[found->count++] = found->newest;
            *is_listed = true;
        }
    }
    return true;
}

/* Lists the years of the window that were not used: "1983 1991". *used: how many years remain.
 * NULL: out of memory. */
static char *list_missing_years(struct cn_pool *pool, const struct cn_normal_file *file, int *used)
{
    struct cn_strbuf text = {0};
    int window = file->config->normals.window;
    *used = 0;
    for (int i = 0; i < window; i++)
        if (is_used(file, i))
            ++*used;
        else
            cn_strbuf_add(&text, text.length ? " %d" : "%d", file->target->year - window + 1 + i);
    return cn_strbuf_to_pool(&text, pool);
}

static char *list_base_names(struct cn_pool *pool, const struct contributors *from)
{
    struct cn_strbuf text = {0};
    for (size_t i = 0; i < from->count; i++)
        cn_strbuf_add(&text, i ? " %s" : "%s", from->files[i]->base);
    return cn_strbuf_to_pool(&text, pool);
}

static int compare_file_versions(const void *left, const void *right)
{
    const struct cn_file *a = *(const struct cn_file *const *)left;
    const struct cn_file *b = *(const struct cn_file *const *)right;
    return cn_version_compare(a->version_major, a->version_minor, b->version_major,
                              b->version_minor);
}

/* The distinct versions, ascending: "1.0 1.1". */
static char *list_versions(struct cn_pool *pool, const struct contributors *from)
{
    const struct cn_file **sorted =
        cn_pool_alloc(pool, from->count, sizeof(const struct cn_file *));
    struct cn_strbuf text = {0};
    if (!sorted)
        return NULL;
    for (size_t i = 0; i < from->count; i++)
        sorted[i] = from->files[i];
    qsort(sorted, from->count, sizeof(const struct cn_file *), compare_file_versions);
    for (size_t i = 0; i < from->count; i++)
        if (i == 0 || compare_file_versions(&sorted[i - 1], &sorted[i]) != 0)
            cn_strbuf_add(&text, i ? " %d.%d" : "%d.%d", sorted[i]->version_major,
                          sorted[i]->version_minor);
    return cn_strbuf_to_pool(&text, pool);
}

static const char *region_title(const struct cn_region *region)
{
    return region->title ? region->title : region->name;
}

static char *source_years(struct cn_pool *pool, const struct cn_normal_file *file)
{
    int last = file->target->year;
    return cn_pool_printf(pool, "%d-%d", last - file->config->normals.window + 1, last);
}

/* What this normal is, and which years and files it was made of. */
static void describe_normal(struct cn_attributes *list, const struct cn_normal_file *file,
                            const struct contributors *from)
{
    struct cn_pool *pool = list->pool;
    const struct cn_region *region = file->region->region;
    int used = 0;
    const char *missing = list_missing_years(pool, file, &used);
    set_int(list, "target_year", file->target->year);
    set_text(list, "source_years", source_years(pool, file));
    set_int(list, "number_of_years", used);
    if (!missing || *missing)
        set_text(list, "missing_source_years", missing);
    set_text(list, "source_versions", list_versions(pool, from));
    set_text(list, "source_files", list_base_names(pool, from));
    set_text(list, "leap_day", cn_leap_day_names[file->config->normals.leap_day]);
    set_text(list, "region", region->name);
    set_text(list, "region_name", region_title(region));
    set_text(list, "period", file->target->period);
    set_text(list, "scenario", file->target->scenario);
    set_text(list, "model", file->catalog->model);
    set_text(list, "variant", file->catalog->variant);
}

static void build_global(struct cn_attributes *list, const struct cn_normal_file *file,
                         const struct contributors *from)
{
    struct cn_pool *pool = list->pool;
    const struct cn_file *newest = from->newest;
    const char *name = file->variable->name, *years = source_years(pool, file);
    const struct cn_region *region = file->region->region;
    int window = file->config->normals.window;
    char date[CN_DATE_BYTES];
    if (!years)
        list->failed = true;
    set_text(list, "Conventions", "CF-1.10");
    list->shared = list->count;
    set_text(list, "title",
             cn_pool_printf(pool, "%d-year daily normal of %s, %s, %s", window, name, years,
                            region_title(region)));
    set_text(list, "source", *newest->source ? newest->source : file->catalog->model);
    if (*newest->institution)
        set_text(list, "institution", newest->institution);
    set_text(list, "climnorm_version", CLIMNORM_VERSION);
    set_text(list, "history",
             cn_pool_printf(pool,
                            "%s climnorm %s: mean over the years %s of %s by day slot (%s), "
                            "region %s%s%s",
                            cn_creation_date(date), CLIMNORM_VERSION, years, name,
                            cn_leap_day_names[file->config->normals.leap_day], region->name,
                            *newest->history ? "\n" : "", newest->history));
    describe_normal(list, file, from);
    struct cn_digests digests;
    cn_sink_digests(file, &digests);
    set_text(list, "climnorm_config_digest", cn_pool_strdup(pool, digests.config));
    set_text(list, "climnorm_inputs_digest", cn_pool_strdup(pool, digests.inputs));
}

static void build_mean(struct cn_attributes *list, const struct cn_normal_file *file,
                       const struct contributors *from, const char *count_name)
{
    const struct cn_file *newest = from->newest;
    copy_attributes(list, newest->attributes, newest->attribute_count);
    set_text(list, "cell_methods",
             cn_cell_methods(
                 list->pool,
                 cn_attribute_text(newest->attributes, newest->attribute_count, "cell_methods"),
                 file->variable->name));
    set_attribute(list, "_FillValue", NC_FLOAT, 1, &fill_value);
    set_attribute(list, "missing_value", NC_FLOAT, 1, &fill_value);
    set_text(list, "coordinates", "time");
    if (count_name)
        set_text(list, "ancillary_variables", count_name);
    list->shared = list->count;
    describe_normal(list, file, from);
}

static void build_counts(struct cn_attributes *list)
{
    set_text(list, "standard_name", "number_of_observations");
    set_text(list, "long_name", "number of source years with a value");
    set_text(list, "units", "1");
    set_text(list, "coordinates", "time");
    list->shared = list->count;
}

static void build_time(struct cn_attributes *list, const struct cn_normal_file *file)
{
    int year = cn_reference_year(file->variable->calendar, file->target->year,
                                 file->config->normals.window);
    set_text(list, "standard_name", "time");
    set_text(list, "long_name", "day of the target year");
    list->shared = list->count;
    set_text(list, "units", cn_pool_printf(list->pool, "days since %04d-01-01", year));
    set_text(list, "calendar", cn_calendar_name(file->variable->calendar));
    set_text(list, "climatology", "climatology_bnds");
}

/* Has no units: CDO would take "1" for the unit of a time axis. */
static void build_dayofyear(struct cn_attributes *list, enum cn_leap_day rule)
{
    set_text(list, "long_name",
             rule == CN_DAYOFYEAR   ? "day of the year"
             : rule == CN_MONTH_DAY ? "day of a year with 29 February"
                                    : "day of a year without 29 February");
    list->shared = list->count;
}

static void build_axis(struct cn_attributes *list, const struct cn_attribute *source, size_t count,
                       const char *name, const char *units, const char *axis, const char *bounds)
{
    copy_attributes(list, source, count);
    set_text(list, "standard_name", name);
    if (!cn_attribute_text(source, count, "long_name"))
        set_text(list, "long_name", name);
    set_text(list, "units", units);
    set_text(list, "axis", axis);
    if (bounds)
        set_text(list, "bounds", bounds);
    list->shared = list->count;
}

/* The variables of a file in the order of their definition. */
enum { FILE_ITSELF, DAYOFYEAR, LAT, LON, LAT_BNDS, LON_BNDS, TIME, CLIMATOLOGY_BNDS, MEAN, COUNT };

static const struct cn_file_variable file_variables[CN_FILE_VARIABLES] = {
    [FILE_ITSELF] = {.name = "/"},
    [DAYOFYEAR] = {"dayofyear", NC_INT, 1, {CN_DIM_DAYOFYEAR}},
    [LAT] = {"lat", NC_DOUBLE, 1, {CN_DIM_LAT}},
    [LON] = {"lon", NC_DOUBLE, 1, {CN_DIM_LON}},
    [LAT_BNDS] = {"lat_bnds", NC_DOUBLE, 2, {CN_DIM_LAT, CN_DIM_BNDS}},
    [LON_BNDS] = {"lon_bnds", NC_DOUBLE, 2, {CN_DIM_LON, CN_DIM_BNDS}},
    [TIME] = {"time", NC_DOUBLE, 1, {CN_DIM_DAYOFYEAR}},
    [CLIMATOLOGY_BNDS] = {"climatology_bnds", NC_DOUBLE, 2, {CN_DIM_DAYOFYEAR, CN_DIM_BNDS}},
    [MEAN] = {NULL, NC_FLOAT, 3, {CN_DIM_DAYOFYEAR, CN_DIM_LAT, CN_DIM_LON}},
    [COUNT] = {NULL, NC_SHORT, 3, {CN_DIM_DAYOFYEAR, CN_DIM_LAT, CN_DIM_LON}},
};

/* Completes all[CN_FILE_VARIABLES] but for attributes and chunks. name NULL: the file lacks the
 * variable. False: out of memory. */
static bool fill_variables(struct cn_pool *pool, const struct cn_normal_file *file,
                           struct cn_file_variable *all)
{
    const struct cn_region_cells *region = file->region;
    size_t slots = (size_t)file->slots;
    int *days = cn_pool_alloc(pool, slots, sizeof *days);
    double *time = cn_pool_alloc(pool, slots, sizeof *time);
    double *bounds = cn_pool_alloc(pool, slots, 2 * sizeof *bounds);
    const char *count_name = cn_pool_printf(pool, "%s_count", file->variable->name);
    if (!days || !time || !bounds || !count_name)
        return false;
    for (int k = 0; k < file->slots; k++)
        days[k] = k + 1;
    cn_climatology(file->variable->calendar, file->config->normals.leap_day, file->target->year,
                   file->config->normals.window, file->slots, time, bounds);
    memcpy(all, file_variables, sizeof file_variables);
    all[DAYOFYEAR].shared_values = days;
    all[LAT].shared_values = region->lat;
    all[LON].shared_values = region->lon;
    all[LAT_BNDS].shared_values = region->lat_bounds;
    all[LON_BNDS].shared_values = region->lon_bounds;
    all[TIME].own_values = time;
    all[CLIMATOLOGY_BNDS].own_values = bounds;
    if (!region->lat_bounds)
        all[LAT_BNDS].name = NULL;
    if (!region->lon_bounds)
        all[LON_BNDS].name = NULL;
    all[MEAN].name = file->variable->name;
    all[COUNT].name = file->config->output.counts ? count_name : NULL;
    return true;
}

enum cn_status cn_metadata_build(struct cn_pool *pool, const struct cn_normal_file *file,
                                 const struct cn_encoded *means, const struct cn_encoded *counts,
                                 struct cn_metadata *metadata, struct cn_error *error)
{
    const struct cn_region_cells *region = file->region;
    struct cn_file_variable all[CN_FILE_VARIABLES];
    struct contributors from;
    if (!fill_variables(pool, file, all) || !find_contributors(pool, file, &from))
        return cn_fail_memory(error, "attributes");
    const struct cn_file *newest = from.newest;
    if (!newest)
        return cn_fail(error, CN_BAD_INPUT, "%s: no source year could be used", file->path);
    for (size_t v = 0; v < CN_FILE_VARIABLES; v++)
        all[v].attributes.pool = pool;
    all[MEAN].chunks = means;
    all[COUNT].chunks = counts;
    build_global(&all[FILE_ITSELF].attributes, file, &from);
    build_mean(&all[MEAN].attributes, file, &from, all[COUNT].name);
    build_counts(&all[COUNT].attributes);
    build_dayofyear(&all[DAYOFYEAR].attributes, file->config->normals.leap_day);
    build_time(&all[TIME].attributes, file);
    build_axis(&all[LAT].attributes, newest->lat_attributes, newest->lat_attribute_count,
               "latitude", "degrees_north", "Y", all[LAT_BNDS].name);
    build_axis(&all[LON].attributes, newest->lon_attributes, newest->lon_attribute_count,
               "longitude", "degrees_east", "X", all[LON_BNDS].name);
    *metadata = (struct cn_metadata){
        .dim_lengths = {(size_t)file->slots, region->lat_count, region->lon_count, 2}};
    for (size_t v = 0; v < CN_FILE_VARIABLES; v++) {
        if (all[v].attributes.failed)
            return cn_fail_memory(error, "attributes");
        if (all[v].name)
            metadata->variables[metadata->count++] = all[v];
    }
    return CN_OK;
}
