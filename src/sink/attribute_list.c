/*
 * Attributes by name, in the order of their first setting. Calls no netCDF function.
 */
#include "sink/attribute_list.h"

#include "catalog/attributes.h"

#include <netcdf.h>
#include <string.h>

/* They would be wrong in an output file. */
static const char *const uncopied_names[] = {
    /* How values are stored. */
    "scale_factor", "add_offset", "actual_range", "missing_value", "least_significant_digit",
    "number_of_significant_digits", "quantization", "quantization_nsd", "quantization_nsb",
    /* Other variables. */
    "coordinates", "bounds", "climatology", "cell_measures", "ancillary_variables", "grid_mapping",
    "formula_terms", "associated_files",
    /* One file. */
    "history", "tracking_id", "creation_date",
    /* Variables that are no fields of means: times, flags, station lists, shapes (CF, appendix A).
     */
    "axis", "calendar", "leap_month", "leap_year", "month_lengths", "flag_values", "flag_masks",
    "flag_meanings", "compress", "cf_role", "instance_dimension", "sample_dimension", "geometry",
    "geometry_type", "interior_ring", "node_coordinates", "node_count", "nodes", "part_node_count",
    "computed_standard_name"};

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

/* A name that begins with an underscore belongs to netCDF (NetCDF User's Guide, appendix A). */
static bool is_copied(const struct cn_attribute *source)
{
    const char *name = source->name;
    if (is_among(name, uncopied_names, sizeof uncopied_names / sizeof *uncopied_names))
        return false;
    if (is_among(name, text_names, sizeof text_names / sizeof *text_names) &&
        !cn_says_something(cn_attribute_text(source, 1, name)))
        return false;
    return name[0] != '_' && strncmp(name, "valid_", 6) != 0;
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
