/*
 * Missing values are decided on raw values, before unpacking; unpacking is in double; the slab
 * value is rounded once. Spec: docs/config.md, "What counts as missing".
 */
#include "source/unpack.h"

#include <float.h>
#include <math.h>
#include <netcdf.h>
#include <string.h>

/* One loop per storage type: raw values to double. */
#define LOAD_AS(type)                                                        \
    for (size_t k = 0; k < count; k++) {                                     \
        type raw;                                                            \
        memcpy(&raw, bytes + (first + k * stride) * sizeof raw, sizeof raw); \
        out[k] = (double)raw;                                                \
    }                                                                        \
    break

static void load_raw(const struct cn_storage *storage, const unsigned char *bytes, size_t first,
                     size_t stride, size_t count, double *out)
{
    bool is_unsigned = storage->is_unsigned;
    switch (storage->type) {
    case NC_BYTE:
    case NC_UBYTE:
        if (is_unsigned) {
            LOAD_AS(uint8_t);
        }
        LOAD_AS(int8_t);
    case NC_SHORT:
    case NC_USHORT:
        if (is_unsigned) {
            LOAD_AS(uint16_t);
        }
        LOAD_AS(int16_t);
    case NC_INT:
    case NC_UINT:
        if (is_unsigned) {
            LOAD_AS(uint32_t);
        }
        LOAD_AS(int32_t);
    case NC_FLOAT:
        LOAD_AS(float);
    default: /* NC_DOUBLE: the catalog lets no other type through */
        LOAD_AS(double);
    }
}

static bool is_missing(const struct cn_packing *packing, double raw)
{
    if (!isfinite(raw))
        return true;
    if (!packing->valid_unpacked && !(raw >= packing->valid_min && raw <= packing->valid_max))
        return true;
    for (size_t m = 0; m < packing->missing_count; m++)
        if (raw == packing->missing[m])
            return true;
    return false;
}

void cn_unpack(const struct cn_file *file, const unsigned char *bytes, size_t first, size_t stride,
               size_t count, double *out)
{
    const struct cn_packing *packing = &file->packing;
    load_raw(&file->storage, bytes, first, stride, count, out);
    for (size_t k = 0; k < count; k++) {
        if (is_missing(packing, out[k])) {
            out[k] = NAN;
            continue;
        }
        if (packing->packed)
            out[k] = out[k] * packing->scale + packing->offset;
        if (packing->valid_unpacked &&
            !(out[k] >= packing->valid_min && out[k] <= packing->valid_max))
            out[k] = NAN;
    }
}

float cn_slab_value(double value)
{
    float rounded = (float)value;
    return isfinite(rounded) ? rounded : NAN;
}

/* The smallest float >= bound (up), or the largest <= bound. */
static float float_bound(double bound, bool up)
{
    if (bound >= FLT_MAX)
        return up && bound > FLT_MAX ? INFINITY : FLT_MAX;
    if (bound <= -FLT_MAX)
        return !up && bound < -FLT_MAX ? -INFINITY : -FLT_MAX;
    float rounded = (float)bound;
    if (up && (double)rounded < bound)
        return nextafterf(rounded, INFINITY);
    if (!up && (double)rounded > bound)
        return nextafterf(rounded, -INFINITY);
    return rounded;
}

struct cn_float_missing cn_float_rules(const struct cn_packing *packing)
{
    struct cn_float_missing rules = {.min = float_bound(packing->valid_min, true),
                                     .max = float_bound(packing->valid_max, false)};
    for (size_t m = 0; m < packing->missing_count; m++)
        if ((double)(float)packing->missing[m] == packing->missing[m])
            rules.values[rules.count++] = (float)packing->missing[m];
    return rules;
}
