/*
 * Packing: the attribute conventions of the NetCDF User's Guide, CF sections 8.1 and 2.5.1. All
 * arithmetic is in double, which holds raw values of every supported type exactly. Reads no file.
 */
#include "catalog/packing.h"

#include "base/ascii.h"
#include "base/error.h"
#include "catalog/attributes.h"

#include <math.h>
#include <netcdf.h>

struct stored_variable {
    const struct cn_attribute *attributes;
    size_t count;
    int type;
    bool is_integer, is_unsigned;
    size_t bytes;
    enum cn_status status; /* of the attributes read so far */
    struct cn_error *error;
};

struct valid_range {
    double min, max;
};

static bool is_integer(int type)
{
    return type != NC_FLOAT && type != NC_DOUBLE && type != NC_CHAR;
}

/* Returns: the numeric attribute `name` of `length` elements; 0: one or more. NULL: there is none.
 * Errors: variable->status; the first stays. */
static const struct cn_attribute *find_numbers(struct stored_variable *variable, const char *name,
                                               size_t length)
{
    const struct cn_attribute *attribute =
        cn_attribute_find(variable->attributes, variable->count, name);
    if (!attribute || variable->status)
        return NULL;
    if (attribute->type == NC_CHAR)
        variable->status =
            cn_fail(variable->error, CN_BAD_INPUT,
                    "%s is text, expected a number; correct it, for example with ncatted", name);
    else if (attribute->length == 0 || (length && attribute->length != length))
        variable->status =
            cn_fail(variable->error, CN_BAD_INPUT, "%s has %zu elements, expected %zu", name,
                    attribute->length, length ? length : 1);
    return attribute;
}

/* Casts a value to the storage type. An integer that fits the bits but not the sign becomes the one
 * with the same bits. False: no raw value can equal it, or it is missing in any case. */
static bool cast_to_raw(const struct stored_variable *variable, double value, double *raw)
{
    if (!isfinite(value))
        return false;
    if (!variable->is_integer) {
        *raw = variable->type == NC_FLOAT ? (double)(float)value : value;
        return isfinite(*raw);
    }
    double span = ldexp(1, 8 * (int)variable->bytes);
    value = trunc(value);
    if (value < -span / 2 || value >= span)
        return false;
    if (variable->is_unsigned && value < 0)
        value += span;
    else if (!variable->is_unsigned && value >= span / 2)
        value -= span;
    *raw = value;
    return true;
}

static void add_missing(struct cn_packing *packing, const struct stored_variable *variable,
                        double value)
{
    double raw;
    if (!cast_to_raw(variable, value, &raw))
        return;
    for (size_t i = 0; i < packing->missing_count; i++)
        if (packing->missing[i] == raw)
            return;
    packing->missing[packing->missing_count++] = raw;
}

/* The fill value that netCDF libraries write where no data were written. 0: of 1-byte types every
 * value may be data. NC_FILL_FLOAT and NC_FILL_DOUBLE are the same number. */
static const double default_fill[NC_STRING + 1] = {
    [NC_SHORT] = NC_FILL_SHORT, [NC_USHORT] = NC_FILL_USHORT, [NC_INT] = NC_FILL_INT,
    [NC_UINT] = NC_FILL_UINT,   [NC_FLOAT] = NC_FILL_DOUBLE,  [NC_DOUBLE] = NC_FILL_DOUBLE,
};

static enum cn_status read_missing(struct stored_variable *variable, struct cn_packing *packing)
{
    const struct cn_attribute *fill = find_numbers(variable, "_FillValue", 1);
    const struct cn_attribute *missing = find_numbers(variable, "missing_value", 0);
    if (variable->status)
        return variable->status;
    if (fill)
        add_missing(packing, variable, cn_attribute_number(fill, 0));
    else if (default_fill[variable->type] != 0)
        add_missing(packing, variable, default_fill[variable->type]);
    if (missing && missing->length > CN_MAX_MISSING - 1)
        return cn_fail(variable->error, CN_BAD_INPUT,
                       "missing_value has %zu elements; at most %d are kept", missing->length,
                       CN_MAX_MISSING - 1);
    for (size_t i = 0; missing && i < missing->length; i++)
        add_missing(packing, variable, cn_attribute_number(missing, i));
    return CN_OK;
}

static enum cn_status read_scale(struct stored_variable *variable, struct cn_packing *packing)
{
    const struct cn_attribute *scale = find_numbers(variable, "scale_factor", 1);
    const struct cn_attribute *offset = find_numbers(variable, "add_offset", 1);
    if (variable->status)
        return variable->status;
    packing->packed = scale || offset;
    packing->scale = scale ? cn_attribute_number(scale, 0) : 1;
    packing->offset = offset ? cn_attribute_number(offset, 0) : 0;
    if (!isfinite(packing->scale) || packing->scale == 0 || !isfinite(packing->offset))
        return cn_fail(variable->error, CN_BAD_INPUT,
                       "scale_factor %g and add_offset %g do not unpack values: expected finite "
                       "numbers, the scale not 0",
                       packing->scale, packing->offset);
    return CN_OK;
}

/* The wider type of scale_factor and add_offset; 0: there is neither. */
static int packing_type(const struct stored_variable *variable)
{
    static const char *const names[] = {"scale_factor", "add_offset"};
    int type = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct cn_attribute *attribute =
            cn_attribute_find(variable->attributes, variable->count, names[i]);
        if (attribute && cn_type_bytes(attribute->type) > cn_type_bytes(type))
            type = attribute->type;
    }
    return type;
}

/* The outermost double that is rounded to the same float32. */
static double widen_limit(double value, bool is_max)
{
    const float rounded = (float)value;
    const double next = (double)nextafterf(rounded, is_max ? INFINITY : -INFINITY);
    const double half = ((double)rounded + next) / 2;
    if (!isfinite(half))
        return value;
    return (float)half == rounded ? half : nextafter(half, (double)rounded);
}

/* A value that equals the limit once both are rounded to the narrower of their types is inside. Of
 * unpacked values that is float32, the type of slabs. */
static double settle_limit(const struct stored_variable *variable, int type, bool is_unpacked,
                           bool is_max, double value)
{
    if (is_unpacked)
        return widen_limit(value, is_max);
    if (variable->type == NC_FLOAT)
        return (double)(float)value;
    if (type == NC_FLOAT)
        return widen_limit(value, is_max);
    if (cn_type_bytes(type) == variable->bytes && variable->is_integer && is_integer(type))
        cast_to_raw(variable, value, &value); /* 254 may be written as -2 */
    return value;
}

/* Narrows the limits. They are in packed units; in unpacked ones where their type is that of
 * scale_factor and add_offset, and not the storage type (NetCDF User's Guide, valid_range). */
static void narrow_range(const struct stored_variable *variable,
                         const struct cn_attribute *attribute, size_t i, bool is_max,
                         struct valid_range *packed, struct valid_range *unpacked)
{
    double value = cn_attribute_number(attribute, i);
    const bool is_unpacked =
        attribute->type == packing_type(variable) && attribute->type != variable->type;
    struct valid_range *limits = is_unpacked ? unpacked : packed;
    if (isnan(value))
        return;
    value = settle_limit(variable, attribute->type, is_unpacked, is_max, value);
    if (is_max && value < limits->max)
        limits->max = value;
    else if (!is_max && value > limits->min)
        limits->min = value;
}

static enum cn_status read_valid(struct stored_variable *variable, struct cn_packing *packing)
{
    const struct cn_attribute *range = find_numbers(variable, "valid_range", 2);
    const struct cn_attribute *min = find_numbers(variable, "valid_min", 1);
    const struct cn_attribute *max = find_numbers(variable, "valid_max", 1);
    if (variable->status)
        return variable->status;
    struct valid_range packed = {-INFINITY, INFINITY}, unpacked = packed;
    if (range) {
        narrow_range(variable, range, 0, false, &packed, &unpacked);
        narrow_range(variable, range, 1, true, &packed, &unpacked);
    }
    if (min)
        narrow_range(variable, min, 0, false, &packed, &unpacked);
    if (max)
        narrow_range(variable, max, 0, true, &packed, &unpacked);

    packing->valid_unpacked =
        packing->packed && (unpacked.min > -INFINITY || unpacked.max < INFINITY);
    if (packing->valid_unpacked) { /* limits of both kinds: a negative scale swaps them */
        double a = packed.min * packing->scale + packing->offset;
        double b = packed.max * packing->scale + packing->offset;
        packed = packing->scale > 0 ? (struct valid_range){a, b} : (struct valid_range){b, a};
    }
    packing->valid_min = fmax(packed.min, unpacked.min);
    packing->valid_max = fmin(packed.max, unpacked.max);
    return CN_OK;
}

enum cn_status cn_packing_read(const struct cn_attribute *attributes, size_t count, int type,
                               struct cn_packing *packing, bool *is_unsigned,
                               struct cn_error *error)
{
    *packing = (struct cn_packing){0};
    struct stored_variable variable = {.attributes = attributes,
                                       .count = count,
                                       .type = type,
                                       .is_integer = is_integer(type),
                                       .bytes = cn_type_bytes(type),
                                       .error = error};
    if (variable.is_integer) {
        const char *flag = cn_attribute_text(attributes, count, "_Unsigned");
        variable.is_unsigned = type == NC_UBYTE || type == NC_USHORT || type == NC_UINT;
        if (flag)
            variable.is_unsigned = cn_equal_ascii(flag, "true");
    }
    *is_unsigned = variable.is_unsigned;
    enum cn_status status = read_scale(&variable, packing);
    if (!status)
        status = read_missing(&variable, packing);
    return status ? status : read_valid(&variable, packing);
}
