/*
 * Attributes by name, in the order of their first setting. Calls no netCDF function.
 */
#include "sink/attribute_list.h"

#include "base/ascii.h"
#include "catalog/attributes.h"

#include <netcdf.h>
#include <string.h>

/* They would be wrong in an output file. */
static const char *const uncopied_names[] = {
    /* How values are stored. */
    "scale_factor", "add_offset", "packing", "packing_convert", "units_packed", "lossy_compression",
    "keepbits",
    /* Other variables. */
    "coordinates", "bounds", "climatology", "cell_measures", "ancillary_variables", "grid_mapping",
    "formula_terms", "associated_files",
    /* One file. */
    "tracking_id", "filename", "file_name", "input_file", "input_files", "checksum", "md5",
    "data_min", "data_max", "minimum", "maximum",
    /* Variables that are no fields of means: times, flags, station lists, shapes (CF, appendix A).
     */
    "axis", "calendar", "leap_month", "leap_year", "month_lengths", "flag_values", "flag_masks",
    "flag_meanings", "compress", "cf_role", "instance_dimension", "sample_dimension", "geometry",
    "geometry_type", "interior_ring", "node_coordinates", "node_count", "nodes", "part_node_count",
    "computed_standard_name"};

/* So do names that begin so, in capitals or not. */
static const char *const uncopied_beginnings[] = {
    "_", /* of netCDF: NetCDF User's Guide, appendix A */
    "valid_",  "actual_",   "missing_",    "unpacked_",          "quantiz",
    "quantis", "bitround",  "bitgroom",    "least_significant_", "number_of_significant_",
    "history", "creation_", "date_created"};

/* CF has them as texts that say something. */
static const char *const text_names[] = {"standard_name", "long_name", "title",      "comment",
                                         "institution",   "source",    "references", "positive"};

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

void cn_set_value(struct cn_attributes *list, const char *name, int type, size_t length,
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

void cn_remove_attribute(struct cn_attributes *list, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) != 0)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

bool cn_says_something(const char *text)
{
    return text && text[strspn(text, " \t\n\v\f\r")];
}

void cn_set_text(struct cn_attributes *list, const char *name, const char *text)
{
    cn_set_value(list, name, NC_CHAR, text ? strlen(text) : 0, text);
}

static void *copy_value(struct cn_attributes *list, const void *value, size_t bytes)
{
    void *copy = cn_pool_alloc(list->pool, 1, bytes);
    if (copy)
        memcpy(copy, value, bytes);
    return copy;
}

void cn_set_int(struct cn_attributes *list, const char *name, int value)
{
    cn_set_value(list, name, NC_INT, 1, copy_value(list, &value, sizeof value));
}

void cn_set_double(struct cn_attributes *list, const char *name, double value)
{
    cn_set_value(list, name, NC_DOUBLE, 1, copy_value(list, &value, sizeof value));
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_copied(const struct cn_attribute *source)
{
    const char *name = source->name;
    if (is_among(name, uncopied_names, sizeof uncopied_names / sizeof *uncopied_names))
        return false;
    if (is_among(name, text_names, sizeof text_names / sizeof *text_names) &&
        !cn_says_something(cn_attribute_text(source, 1, name)))
        return false;
    for (size_t i = 0; i < sizeof uncopied_beginnings / sizeof *uncopied_beginnings; i++)
        if (cn_begins_with(name, uncopied_beginnings[i]))
            return false;
    return true;
}

void cn_copy_attributes(struct cn_attributes *list, const struct cn_attribute *source, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_copied(&source[i]))
            append_attribute(list, source[i]);
}

void cn_end_shared(struct cn_attributes *list)
{
    list->shared = list->count;
}
