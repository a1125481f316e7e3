/*
 * Puts the lists of an output file together. This file calls no netCDF function.
 */
#include "sink/describe.h"

#include "base/error.h"
#include "base/netcdf_constants.h"
#include "catalog/attributes.h"
#include "products/statistics.h"
#include "sink/cell_methods.h"
#include "sink/coordinates.h"
#include "sink/global_attributes.h"
#include "sink/layouts/layout.h"

#include <netcdf.h>

static const struct cn_layout_rules *const layouts[] = {
    [CN_SINGLE] = &cn_single_layout, [CN_STACKED] = &cn_stacked_layout};

/* A field's chunk is a stretch of day slots of one target year, with all cells. */
static struct cn_file_variable *add_values(struct cn_metadata *metadata,
                                           const struct cn_normals_file *file,
                                           const struct cn_file_dims *dims, const char *name,
                                           int type)
{
    const struct cn_region_cells *region = file->region;
    const size_t cells[] = {region->chunk_slots, region->lat_count, region->lon_count};
    const int last[] = {dims->slots, dims->lat, dims->lon};
    const int lead = dims->lead_count;
    int shape[CN_MAX_FILE_RANK] = {0};
    for (int d = 0; d < lead; d++)
        shape[d] = dims->lead[d];
    for (int d = 0; d < 3; d++)
        shape[lead + d] = last[d];
    struct cn_file_variable *field = cn_metadata_add(metadata, name, type, lead + 3, shape);
    for (int d = 0; d < lead + 3; d++)
        field->chunk[d] = d < lead ? 1 : cells[d - lead];
    field->is_field = true;
    metadata->field_count++;
    return field;
}

/* coverage_content_type: ACDD wants it for each variable with data. */
static void end_field(struct cn_attributes *list, const char *coordinates, const char *content_type)
{
    cn_set_text(list, "coverage_content_type", content_type);
    cn_set_text(list, "coordinates", coordinates);
    cn_set_text(list, "grid_mapping", CN_GRID_MAPPING);
    cn_end_shared(list);
}

static void add_statistic(struct cn_metadata *metadata, const struct cn_normals_file *file,
                          const struct cn_file_dims *dims, const struct cn_file *newest,
                          const char *coordinates, const char *count_name)
{
    static const float fill_value = CN_FILL_VALUE;
    const struct cn_attribute *source = newest->attributes;
    const size_t count = newest->attribute_count;
    struct cn_attributes *list =
        &add_values(metadata, file, dims, file->variable->name, NC_FLOAT)->attributes;
    cn_copy_attributes(list, source, count);
    if (!cn_says_something(cn_attribute_text(source, count, "long_name")))
        cn_set_text(list, "long_name", file->variable->name);
    struct cn_over_words over = {.method = cn_over_method(&file->product->over)};
    if (!over.method) { /* the checkers of CF refuse words that CF lacks */
        char noun[CN_OVER_BYTES];
        cn_over_noun(&file->product->over, noun);
        over.remark = cn_pool_printf(list->pool, "%s over years", noun);
    }
    list->failed |= !over.method && !over.remark;
    cn_set_text(list, "cell_methods",
                cn_cell_methods(list->pool, cn_attribute_text(source, count, "cell_methods"),
                                file->variable->name, &over,
                                file->config->output.axis == CN_DATES));
    cn_set_value(list, "_FillValue", NC_FLOAT, 1, &fill_value);
    cn_set_value(list, "missing_value", NC_FLOAT, 1, &fill_value);
    if (file->config->output.counts)
        cn_set_text(list, "ancillary_variables", count_name);
    end_field(list, coordinates, "modelResult");
}

static void add_counts(struct cn_metadata *metadata, const struct cn_normals_file *file,
                       const struct cn_file_dims *dims, const char *coordinates,
                       const char *count_name)
{
    const int type = cn_field_bytes(file, 1) == sizeof(int16_t) ? NC_SHORT : NC_INT;
    struct cn_attributes *list = &add_values(metadata, file, dims, count_name, type)->attributes;
    cn_set_text(list, "standard_name", "number_of_observations");
    cn_set_text(list, "long_name",
                file->product->pool > 1 ? "number of values of the sample"
                                        : "number of source years with a value");
    cn_set_text(list, "units", "1");
    end_field(list, coordinates, "qualityInformation");
}

enum cn_status cn_describe_file(struct cn_pool *pool, const struct cn_normals_file *file,
                                struct cn_metadata *metadata, struct cn_error *error)
{
    const struct cn_layout_rules *layout = layouts[file->config->output.layout];
    const bool has_dates = file->config->output.axis == CN_DATES;
    struct cn_file_dims dims = {0};
    struct cn_sources from;
    const char *count_name = cn_pool_printf(pool, "%s_count", file->variable->name);
    *metadata = (struct cn_metadata){.pool = pool};
    if (!count_name || !cn_sources_find(pool, file, 0, file->target_count, &from))
        return cn_fail_memory(error, "attributes");
    if (!from.newest)
        return cn_fail(error, CN_BAD_INPUT, "%s: no source year could be used", file->path);
    struct cn_attributes *global = &cn_metadata_add(metadata, "/", 0, 0, NULL)->attributes;
    layout->add_lead(metadata, file, &dims);
    dims.slots = cn_metadata_add_dim(
        metadata, (struct cn_file_dim){has_dates ? "time" : "dayofyear", (size_t)file->slots,
                                       .is_unlimited = has_dates && !dims.lead_count});
    dims.lat = cn_metadata_add_dim(metadata, (struct cn_file_dim){"lat", file->region->lat_count});
    dims.lon = cn_metadata_add_dim(metadata, (struct cn_file_dim){"lon", file->region->lon_count});
    dims.bnds = cn_metadata_add_dim(metadata, (struct cn_file_dim){"bnds", 2});
    cn_describe_shared(global, file, &from);
    cn_describe_own(global, file, &from);
    cn_add_days(metadata, file, &dims);
    cn_add_cells(metadata, file, &dims, from.newest);
    const char *coordinates = layout->add_targets(metadata, file, &dims);
    add_statistic(metadata, file, &dims, from.newest, coordinates, count_name);
    if (file->config->output.counts)
        add_counts(metadata, file, &dims, coordinates, count_name);
    for (size_t v = 0; v < metadata->count; v++)
        if (metadata->variables[v].attributes.failed)
            return cn_fail_memory(error, "attributes");
    return CN_OK;
}
