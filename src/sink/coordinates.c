/*
 * Coordinates after CF 1.8: sections 4 (coordinates) and 7.4 (climatological statistics).
 */
#include "sink/coordinates.h"

#include "products/groups.h"
#include "sink/climatology.h"

#include <netcdf.h>
#include <string.h>

void cn_add_days(struct cn_metadata *metadata, const struct cn_normals_file *file,
                 const struct cn_file_dims *dims)
{
    static const char *const long_names[] = {[CN_DAYOFYEAR] = "day of the year",
                                             [CN_MONTH_DAY] = "day of a year with 29 February",
                                             [CN_DROP] = "day of a year without 29 February"};
    struct cn_file_variable *variable =
        cn_metadata_add(metadata, "dayofyear", NC_INT, 1, &dims->slots);
    int *days = cn_pool_alloc(metadata->pool, (size_t)file->slots, sizeof *days);
    for (int k = 0; days && k < file->slots; k++)
        days[k] = k + 1;
    variable->own_values = days;
    variable->attributes.failed |= !days;
    cn_set_text(&variable->attributes, "long_name", long_names[file->config->normals.leap_day]);
    cn_set_text(&variable->attributes, "units", "1");
    cn_end_shared(&variable->attributes);
}

void cn_describe_target_year(struct cn_attributes *list)
{
    cn_set_text(list, "long_name", "last year of the window");
    cn_set_text(list, "units", "1");
    cn_end_shared(list);
}

/* Sets units and calendar of times or of their bounds. */
static void set_time_units(struct cn_attributes *list, const struct cn_normals_file *file,
                           int reference_year)
{
    cn_set_text(list, "units", cn_pool_printf(list->pool, "days since %04d-01-01", reference_year));
    cn_set_text(list, "calendar", cn_calendar_name(file->variable->calendar));
}

/* That of the window; but one for all stacked files, so that they can be joined along their target
 * years. */
static int find_reference_year(const struct cn_normals_file *file)
{
    enum { COMMON_YEAR = 1850 }; /* as in files of CMIP */
    return file->config->output.layout != CN_SINGLE
               ? COMMON_YEAR
               : cn_reference_year(file->variable->calendar,
                                   cn_file_target(file, 0)->year - file->product->window + 1);
}

/* Computes the values of times [rows][slots] and bounds [rows][slots][2]. */
static void compute_times(const struct cn_normals_file *file, bool is_by_target, int reference_year,
                          double *values, double *bounds)
{
    const enum cn_calendar calendar = file->variable->calendar;
    const enum cn_leap_day rule = file->config->normals.leap_day;
    const int window = file->product->window;
    const int first_year = cn_file_target(file, 0)->year - window + 1;
    for (size_t t = is_by_target ? 0 : file->target_count - 1; t < file->target_count; t++) {
        const int target_year = cn_file_target(file, t)->year;
        const int from_year = is_by_target ? target_year - window + 1 : first_year;
        if (file->product->time != CN_DAY)
            cn_climatology_of_groups(calendar, rule, file->product->time, reference_year, from_year,
                                     target_year, values, bounds);
        else
            cn_climatology(calendar, rule, reference_year, from_year, target_year,
                           cn_file_has_dates(file)
                               ? cn_year_of_dates(calendar, rule, target_year, file->slots)
                               : target_year,
                           file->slots, values, bounds);
        values += file->slots;
        bounds += 2 * file->slots;
    }
}

void cn_add_threshold(struct cn_metadata *metadata, const struct cn_normals_file *file,
                      const char *standard_name)
{
    const struct cn_threshold *threshold = &file->product->threshold;
    struct cn_file_variable *variable = cn_metadata_add(metadata, "threshold", NC_DOUBLE, 0, NULL);
    variable->own_values = &threshold->value;
    if (standard_name)
        cn_set_text(&variable->attributes, "standard_name", standard_name);
    cn_set_text(&variable->attributes, "long_name", "threshold");
    cn_set_text(&variable->attributes, "units", threshold->unit);
    if (standard_name && strstr(standard_name, "temperature"))
        cn_set_text(&variable->attributes, "units_metadata", "temperature: on-scale");
    cn_end_shared(&variable->attributes);
}

void cn_add_times(struct cn_metadata *metadata, const struct cn_normals_file *file,
                  const struct cn_file_dims *dims, bool is_by_target)
{
    const enum cn_time groups = file->product->time;
    const bool is_of_last = file->config->output.layout != CN_SINGLE && !is_by_target;
    const char *long_name = cn_pool_printf(
        metadata->pool, "%s%s%starget year", groups == CN_YEAR ? "" : cn_time_names[groups],
        groups == CN_YEAR ? "" : " of the ", is_of_last ? "last " : "");
    const int shape[] = {dims->lead[0], dims->slots, dims->bnds};
    const int skipped = is_by_target ? 0 : 1;
    const size_t rows = is_by_target ? file->target_count : 1;
    struct cn_file_variable *time =
        cn_metadata_add(metadata, cn_file_has_dates(file) ? "time" : "climatology_time", NC_DOUBLE,
                        2 - skipped, shape + skipped);
    struct cn_file_variable *bnds =
        cn_metadata_add(metadata, "climatology_bnds", NC_DOUBLE, 3 - skipped, shape + skipped);
    const int reference_year = find_reference_year(file);
    size_t count = rows * (size_t)file->slots;
    double *values = cn_pool_alloc(metadata->pool, count, sizeof *values);
    double *bounds = cn_pool_alloc(metadata->pool, count, 2 * sizeof *bounds);
    time->attributes.failed |= !values || !bounds;
    if (values && bounds)
        compute_times(file, is_by_target, reference_year, values, bounds);
    time->own_values = values;
    bnds->own_values = bounds;
    struct cn_attributes *list = &time->attributes;
    cn_set_text(list, "standard_name", "time");
    cn_set_text(list, "long_name", long_name);
    if (cn_file_has_dates(file))
        cn_set_text(list, "axis", "T");
    cn_set_text(list, "climatology", "climatology_bnds");
    cn_end_shared(list);
    set_time_units(list, file, reference_year);
    set_time_units(&bnds->attributes, file, reference_year);
}
