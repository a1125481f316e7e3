/*
 * Attributes through netCDF-C, bounded in number and length. Knows their types, not their meanings.
 */
#include "catalog/attributes.h"

#include "base/error.h"
#include "base/pool.h"

#include <netcdf.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} type_table[] = {
    [NC_BYTE] = {"int8", 1},   [NC_CHAR] = {"text", 1},     [NC_SHORT] = {"int16", 2},
    [NC_INT] = {"int32", 4},   [NC_FLOAT] = {"float32", 4}, [NC_DOUBLE] = {"float64", 8},
    [NC_UBYTE] = {"uint8", 1}, [NC_USHORT] = {"uint16", 2}, [NC_UINT] = {"uint32", 4},
    [NC_INT64] = {"int64", 8}, [NC_UINT64] = {"uint64", 8}, [NC_STRING] = {"string", 0},
};

static bool is_known_type(int type)
{
    return type > 0 && (size_t)type < sizeof type_table / sizeof *type_table;
}

size_t cn_type_bytes(int type)
{
    return is_known_type(type) ? type_table[type].bytes : 0;
}

const char *cn_type_name(int type)
{
    return is_known_type(type) ? type_table[type].name : "a user-defined type";
}

const struct cn_attribute *cn_attribute_find(const struct cn_attribute *attributes, size_t count,
                                             const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(attributes[i].name, name) == 0)
            return &attributes[i];
    return NULL;
}

const char *cn_attribute_text(const struct cn_attribute *attributes, size_t count, const char *name)
{
    const struct cn_attribute *attribute = cn_attribute_find(attributes, count, name);
    return attribute && attribute->type == NC_CHAR ? attribute->value : NULL;
}

bool cn_names_hold(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = *name ? strstr(list, name) : NULL; at; at = strstr(at + 1, name))
        if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

double cn_attribute_number(const struct cn_attribute *attribute, size_t i)
{
    switch (attribute->type) {
    case NC_BYTE:
        return ((const int8_t *)attribute->value)[i];
    case NC_UBYTE:
        return ((const uint8_t *)attribute->value)[i];
    case NC_SHORT:
        return ((const int16_t *)attribute->value)[i];
    case NC_USHORT:
        return ((const uint16_t *)attribute->value)[i];
    case NC_INT:
        return ((const int32_t *)attribute->value)[i];
    case NC_UINT:
        return ((const uint32_t *)attribute->value)[i];
    case NC_INT64:
        return (double)((const int64_t *)attribute->value)[i];
    case NC_UINT64:
        return (double)((const uint64_t *)attribute->value)[i];
    case NC_FLOAT:
        return (double)((const float *)attribute->value)[i];
    default:
        return ((const double *)attribute->value)[i];
    }
}

enum cn_status cn_fail_netcdf(struct cn_error *error, const char *what, int code)
{
    return cn_fail(error, CN_BAD_INPUT, "%s: %s; download the file again", what, nc_strerror(code));
}

/* Reads a netCDF-4 string of length 1 as text. */
static int read_string(struct cn_pool *pool, int ncid, int varid, const char *name,
                       struct cn_attribute *attribute)
{
    char *text = NULL;
    int code = nc_get_att_string(ncid, varid, name, &text);
    if (code != NC_NOERR)
        return code;
    attribute->type = NC_CHAR;
    attribute->length = text ? strnlen(text, CN_MAX_ATTRIBUTE_BYTES) : 0;
    attribute->value = cn_pool_strndup(pool, text ? text : "", attribute->length);
    nc_free_string(1, &text);
    return attribute->value ? NC_NOERR : NC_ENOMEM;
}

static int read_attribute(struct cn_pool *pool, int ncid, int varid, const char *name,
                          struct cn_attribute *attribute)
{
    *attribute = (struct cn_attribute){0};
    nc_type type;
    size_t length;
    int code = nc_inq_att(ncid, varid, name, &type, &length);
    if (code != NC_NOERR)
        return code;
    if (type == NC_STRING && length == 1) {
        code = read_string(pool, ncid, varid, name, attribute);
    } else if (cn_type_bytes(type)) {
        if (length > CN_MAX_ATTRIBUTE_BYTES)
            return NC_EATTMETA;
        attribute->type = type;
        attribute->length = length;
        void *value = cn_pool_alloc(pool, length + 1, cn_type_bytes(type));
        if (!value)
            return NC_ENOMEM;
        attribute->value = value;
        code = length ? nc_get_att(ncid, varid, name, value) : NC_NOERR;
    } else {
        attribute->type = type;
        attribute->length = length;
    }
    if (code == NC_NOERR && !(attribute->name = cn_pool_strdup(pool, name)))
        return NC_ENOMEM;
    return code;
}

enum cn_status cn_attributes_read(struct cn_pool *pool, int ncid, int varid,
                                  struct cn_attribute **attributes, size_t *count,
                                  struct cn_error *error)
{
    *count = 0;
    int number, code = nc_inq_varnatts(ncid, varid, &number);
    if (code != NC_NOERR)
        return cn_fail_netcdf(error, "attributes cannot be read", code);
    if (number < 0 || number > CN_MAX_ATTRIBUTES)
        return cn_fail(error, CN_BAD_INPUT, "a variable has %d attributes; at most %d are accepted",
                       number, CN_MAX_ATTRIBUTES);
    struct cn_attribute *items = cn_pool_alloc(pool, (size_t)number, sizeof *items);
    if (!items)
        return cn_fail_memory(error, "attributes");
    size_t bytes = 0;
    for (int i = 0; i < number; i++) {
        char name[NC_MAX_NAME + 1];
        code = nc_inq_attname(ncid, varid, i, name);
        if (code == NC_NOERR)
            code = read_attribute(pool, ncid, varid, name, &items[*count]);
        if (code == NC_ENOMEM)
            return cn_fail_memory(error, "attributes");
        if (code != NC_NOERR)
            return cn_fail_netcdf(error, "an attribute cannot be read", code);
        bytes += items[*count].length * cn_type_bytes(items[*count].type);
        if (bytes > CN_MAX_ATTRIBUTE_BYTES)
            return cn_fail(error, CN_BAD_INPUT, "attributes of a variable are longer than %d bytes",
                           CN_MAX_ATTRIBUTE_BYTES);
        (*count)++;
    }
    *attributes = items;
    return CN_OK;
}

/* Attributes that decide how a variable is read (CF, appendix A). */
static const struct {
    const char *name;
    bool is_text;
} needed[] = {{"units", true},          {"calendar", true},     {"axis", true},
              {"standard_name", true},  {"bounds", true},       {"coordinates", true},
              {"grid_mapping", true},   {"cell_methods", true}, {"_Unsigned", true},
              {"scale_factor", false},  {"add_offset", false},  {"_FillValue", false},
              {"missing_value", false}, {"valid_min", false},   {"valid_max", false},
              {"valid_range", false}};

/* What an attribute is, for people. */
static const char *describe_form(const struct cn_attribute *attribute, char *text, size_t capacity)
{
    if (attribute->type == NC_CHAR)
        snprintf(text, capacity, "text");
    else if (attribute->type == NC_STRING)
        snprintf(text, capacity, "an array of %zu strings", attribute->length);
    else if (cn_type_bytes(attribute->type))
        snprintf(text, capacity, "a number (%s)", cn_type_name(attribute->type));
    else
        snprintf(text, capacity, "of a user-defined type");
    return text;
}

enum cn_status cn_attributes_check(const struct cn_attribute *attributes, size_t count,
                                   const char *variable, struct cn_error *error)
{
    char form[64];
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const struct cn_attribute *found = cn_attribute_find(attributes, count, needed[i].name);
        if (found && (!found->value || (found->type == NC_CHAR) != needed[i].is_text))
            return cn_fail(error, CN_BAD_INPUT,
                           "the attribute %s of '%s' is %s, expected %s; correct it, for example "
                           "with ncatted",
                           needed[i].name, variable, describe_form(found, form, sizeof form),
                           needed[i].is_text ? "text" : "numbers");
    }
    return CN_OK;
}

static bool describe_left_out(struct cn_pool *pool, const struct cn_attribute *attribute,
                              const char *variable, const char **left_out)
{
    char form[64];
    if (**left_out)
        return true;
    describe_form(attribute, form, sizeof form);
    *left_out =
        variable ? cn_pool_printf(pool, "%.100s of '%.100s' is %s", attribute->name, variable, form)
                 : cn_pool_printf(pool, "the global %.100s is %s", attribute->name, form);
    return *left_out;
}

bool cn_attributes_leave_out(struct cn_pool *pool, struct cn_attribute *attributes, size_t *count,
                             const char *variable, const char **left_out)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (attributes[i].value)
            attributes[kept++] = attributes[i];
        else if (!describe_left_out(pool, &attributes[i], variable, left_out))
            return false;
    *count = kept;
    return true;
}

/* A text attribute of the file as a whole; "": there is none; NULL: out of memory. */
static const char *global_text(struct cn_pool *pool, int ncid, const char *name,
                               const char **left_out)
{
    struct cn_attribute attribute;
    int code = read_attribute(pool, ncid, NC_GLOBAL, name, &attribute);
    if (code == NC_ENOMEM)
        return NULL;
    if (code != NC_NOERR)
        return "";
    if (attribute.type == NC_CHAR)
        return attribute.value;
    return describe_left_out(pool, &attribute, NULL, left_out) ? "" : NULL;
}

/* Returns the first of these texts that is not empty; else "". NULL: out of memory. */
static const char *first_text(struct cn_pool *pool, int ncid, const char *const *names,
                              const char **left_out)
{
    const char *text = "";
    for (; text && !*text && *names; names++)
        text = global_text(pool, ncid, *names, left_out);
    return text;
}

enum cn_status cn_file_texts_read(struct cn_pool *pool, int ncid, struct cn_file *file,
                                  struct cn_error *error)
{
#define READ_TEXT(member, ...)                                                             \
    file->member =                                                                         \
        first_text(pool, ncid, (const char *const[]){__VA_ARGS__, NULL}, &file->left_out); \
    if (!file->member)                                                                     \
        return cn_fail_memory(error, "attributes");
    CN_FILE_TEXTS(READ_TEXT)
    return CN_OK;
}
