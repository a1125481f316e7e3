/*
 * Puts the lists of an output file together. This file calls no netCDF function.
 */
#include "sink/describe.h"

#include "base/error.h"
#include "base/netcdf_constants.h"
#include "catalog/attributes.h"
#include "products/groups.h"
#include "products/statistics.h"
#include "sink/cell_methods.h"
#include "sink/cells.h"
#include "sink/coordinates.h"
#include "sink/global_attributes.h"
#include "sink/layouts/layout.h"
#include "sink/standard_names.h"
#include "sink/wording.h"

#include <ctype.h>
#include <netcdf.h>
#include <string.h>

static const struct cn_layout_rules *const layouts[] = {
    [CN_SINGLE] = &cn_single_layout, [CN_STACKED] = &cn_stacked_layout};

/* The names of the fields, and what they name. */
struct field_names {
    const char *values, *counts;
    const char *coordinates; /* ""; NULL: out of memory */
    const char *mapping;     /* NULL: there is none */
};

/* Values in the source's unit are called as they are; others by their product, with the variable
 * before it where that alone is no name of CF 1.8, section 2.3, or taken. Coordinates leave free
 * what begins with the variable. False: out of memory. */
static bool name_fields(const struct cn_metadata *metadata, const struct cn_normals_file *file,
                        struct field_names *names)
{
    const size_t length = strlen(file->variable->name);
    const bool has_source_unit = cn_file_has_source_unit(file);
    char *name = cn_pool_printf(metadata->pool, "%s_%s", file->variable->name, file->product->name);
    if (!name)
        return false;
    char *product = name + length + 1;
    for (char *at = product; *at; at++)
        *at = *at == '-' ? '_' : *at;
    names->values = has_source_unit ? file->variable->name : name;
    names->counts = cn_pool_printf(metadata->pool, "%s_count", names->values);
    if (!has_source_unit && names->counts && isalpha((unsigned char)*product) &&
        !cn_metadata_has(metadata, product, 0, NULL) &&
        !cn_metadata_has(metadata, names->counts + length + 1, 0, NULL)) {
        names->values = product;
        names->counts += length + 1;
    }
    return names->counts;
}

/* A field's chunk is a stretch of day slots of one target year, with all cells. */
static struct cn_file_variable *add_values(struct cn_metadata *metadata,
                                           const struct cn_normals_file *file,
                                           const struct cn_file_dims *dims, const char *name,
                                           int type)
{
    const struct cn_region_cells *region = file->region;
    const size_t cells[] = {region->chunk_slots, region->row_count, region->column_count};
    const int last[] = {dims->slots, dims->cells[0], dims->cells[1]};
    const int lead = dims->lead_count, rank = lead + 1 + dims->cell_rank;
    int shape[CN_MAX_FILE_RANK] = {0};
    for (int d = 0; d < rank; d++)
        shape[d] = d < lead ? dims->lead[d] : last[d - lead];
    struct cn_file_variable *field = cn_metadata_add(metadata, name, type, rank, shape);
    for (int d = 0; d < rank; d++)
        field->chunk[d] = d < lead ? 1 : cells[d - lead];
    field->is_field = true;
    field->slot_dim = lead;
    metadata->field_count++;
    return field;
}

/* coverage_content_type: ACDD wants it for each variable with data. */
static void end_field(struct cn_attributes *list, const struct field_names *names,
                      const char *content_type)
{
    cn_set_text(list, "coverage_content_type", content_type);
    if (!names->coordinates || *names->coordinates)
        cn_set_text(list, "coordinates", names->coordinates);
    if (names->mapping)
        cn_set_text(list, "grid_mapping", names->mapping);
    cn_end_shared(list);
}

/* The words of CF. What it has none for becomes a remark, because its checkers refuse others. */
static struct cn_over_words find_method_words(struct cn_attributes *list,
                                              const struct cn_product *product)
{
    const char *change = cn_change_phrase(list->pool, product);
    struct cn_over_words words = {
        .method = cn_over_method(&product->over),
        .within = cn_is_of_daily_values(product) ? NULL : cn_withins[product->within].method};
    char noun[CN_OVER_BYTES];
    if (!change) {
        list->failed = true;
        return words;
    }
    cn_over_noun(&product->over, noun);
    if (!words.method)
        words.remark =
            cn_pool_printf(list->pool, "%s over years%s%s", noun, *change ? ", " : "", change);
    else if (*change)
        words.remark = change;
    list->failed |= !words.method && !words.remark;
    return words;
}

/* NULL: the source has none. */
static const char *known_standard_name(const struct cn_file *source)
{
    const char *name =
        cn_attribute_text(source->attributes, source->attribute_count, "standard_name");
    return cn_says_something(name) ? name : NULL;
}

/* What the values are: names and unit. */
static void describe_quantity(struct cn_attributes *list, const struct cn_normals_file *file,
                              const struct cn_file *newest)
{
    const struct cn_product *product = file->product;
    const struct cn_attribute *source = newest->attributes;
    const char *known = known_standard_name(newest);
    const char *standard_name = cn_product_standard_name(list->pool, known, product, &list->failed);
    const char *long_name = cn_attribute_text(source, newest->attribute_count, "long_name");
    const char *metadata = cn_temperature_metadata(known, product);
    if (!standard_name)
        cn_remove_attribute(list, "standard_name");
    else if (standard_name != known)
        cn_set_text(list, "standard_name", standard_name);
    if (!cn_says_something(long_name) || !cn_is_source_quantity(product) ||
        product->change != CN_NO_CHANGE)
        cn_set_text(list, "long_name",
                    cn_long_name(list->pool, product,
                                 cn_says_something(long_name) ? long_name : file->variable->name));
    if (!cn_file_has_source_unit(file))
        cn_set_text(list, "units", product->unit.name);
    if (metadata)
        cn_set_text(list, "units_metadata", metadata);
    else if (!cn_is_source_quantity(product))
        cn_remove_attribute(list, "units_metadata");
}

static void add_statistic(struct cn_metadata *metadata, const struct cn_normals_file *file,
                          const struct cn_file_dims *dims, const struct cn_file *newest,
                          const struct field_names *names)
{
    static const float fill_value = CN_FILL_VALUE;
    const struct cn_attribute *source = newest->attributes;
    const size_t count = newest->attribute_count;
    struct cn_attributes *list =
        &add_values(metadata, file, dims, names->values, NC_FLOAT)->attributes;
    cn_copy_attributes(list, source, count);
    describe_quantity(list, file, newest);
    const struct cn_over_words over = find_method_words(list, file->product);
    cn_set_text(list, "cell_methods",
                cn_cell_methods(list->pool, cn_attribute_text(source, count, "cell_methods"),
                                file->variable->name, &over, cn_file_has_dates(file)));
    cn_set_value(list, "_FillValue", NC_FLOAT, 1, &fill_value);
    cn_set_value(list, "missing_value", NC_FLOAT, 1, &fill_value);
    if (file->config->output.counts)
        cn_set_text(list, "ancillary_variables", names->counts);
    end_field(list, names, "modelResult");
}

static void add_counts(struct cn_metadata *metadata, const struct cn_normals_file *file,
                       const struct cn_file_dims *dims, const struct field_names *names)
{
    const int type = cn_field_bytes(file, 1) == sizeof(int16_t) ? NC_SHORT : NC_INT;
    struct cn_attributes *list = &add_values(metadata, file, dims, names->counts, type)->attributes;
    cn_set_text(list, "standard_name", "number_of_observations");
    cn_set_text(list, "long_name",
                file->product->pool > 1 ? "number of values of the sample"
                                        : "number of source years with a value");
    cn_set_text(list, "units", "1");
    end_field(list, names, "qualityInformation");
}

/* Adds coordinates that are not those of an axis, or say what the axis of days is. Returns their
 * names; NULL: out of memory. */
static const char *add_coordinates(struct cn_metadata *metadata, const struct cn_normals_file *file,
                                   const struct cn_file_dims *dims,
                                   const struct cn_layout_rules *layout,
                                   const struct cn_file *newest)
{
    const char *names = layout->add_targets(metadata, file, dims);
    if (file->product->time == CN_DAY)
        names = cn_append_name(metadata->pool, names,
                               cn_file_has_dates(file) ? "dayofyear" : "climatology_time");
    if (!file->product->threshold.unit)
        return names;
    cn_add_threshold(metadata, file,
                     cn_threshold_standard_name(metadata->pool, known_standard_name(newest),
                                                file->product,
                                                &metadata->variables[0].attributes.failed));
    return cn_append_name(metadata->pool, names, "threshold");
}

enum cn_status cn_describe_file(struct cn_pool *pool, const struct cn_normals_file *file,
                                struct cn_metadata *metadata, struct cn_error *error)
{
    const struct cn_layout_rules *layout = layouts[file->config->output.layout];
    const bool has_dates = cn_file_has_dates(file);
    struct cn_file_dims dims = {0};
    struct cn_sources from;
    struct field_names names;
    *metadata = (struct cn_metadata){.pool = pool};
    if (!cn_sources_find(pool, file, 0, file->target_count, &from))
        return cn_fail_memory(error, "attributes");
    if (!from.newest)
        return cn_fail(error, CN_BAD_INPUT, "%s: no source year could be used", file->path);
    struct cn_attributes *global = &cn_metadata_add(metadata, "/", 0, 0, NULL)->attributes;
    layout->add_lead(metadata, file, &dims);
    dims.slots = cn_metadata_add_dim(
        metadata, (struct cn_file_dim){has_dates ? "time" : "dayofyear", (size_t)file->slots,
                                       .is_unlimited = has_dates && !dims.lead_count});
    cn_add_cell_dims(metadata, file, &dims);
    cn_describe_shared(global, file, &from);
    cn_describe_own(global, file, &from);
    if (file->product->time == CN_DAY)
        cn_add_days(metadata, file, &dims);
    const char *cells = cn_add_cells(metadata, file, &dims, from.newest, &names.mapping);
    names.coordinates = add_coordinates(metadata, file, &dims, layout, from.newest);
    if (!cells || *cells)
        names.coordinates = cn_append_name(pool, names.coordinates, cells);
    if (!name_fields(metadata, file, &names))
        return cn_fail_memory(error, "attributes");
    add_statistic(metadata, file, &dims, from.newest, &names);
    if (file->config->output.counts)
        add_counts(metadata, file, &dims, &names);
    for (size_t v = 0; v < metadata->count; v++)
        if (metadata->variables[v].attributes.failed)
            return cn_fail_memory(error, "attributes");
    return CN_OK;
}
