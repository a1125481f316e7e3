/*
 * Missing values are decided on raw values, before unpacking. Unpacking is in double, and the slab
 * value is rounded once. The loops are kernels; their rules are made here. docs/numbers.md, "From
 * stored values to numbers", says what is right.
 */
#include "source/unpack.h"

#include <float.h>
#include <math.h>
#include <netcdf.h>

_Static_assert(sizeof((struct cn_unpacking *)0)->missing == sizeof((struct cn_packing *)0)->missing,
               "all missing values of a file have room in the kernel's rules");

static enum cn_number number_of(const struct cn_storage *storage)
{
    switch (storage->type) {
    case NC_BYTE:
    case NC_UBYTE:
        return storage->is_unsigned ? CN_UINT8 : CN_INT8;
    case NC_SHORT:
    case NC_USHORT:
        return storage->is_unsigned ? CN_UINT16 : CN_INT16;
    case NC_INT:
    case NC_UINT:
        return storage->is_unsigned ? CN_UINT32 : CN_INT32;
    case NC_FLOAT:
        return CN_FLOAT32;
    default: /* NC_DOUBLE: the catalog lets no other type through */
        return CN_FLOAT64;
    }
}

struct cn_unpacking cn_unpacking_rules(const struct cn_file *file)
{
    const struct cn_packing *packing = &file->packing;
    const bool after = packing->valid_unpacked;
    struct cn_unpacking rules = {
        .type = number_of(&file->storage),
        .raw_min = after ? -DBL_MAX : fmax(packing->valid_min, -DBL_MAX),
        .raw_max = after ? DBL_MAX : fmin(packing->valid_max, DBL_MAX),
        .missing_count = packing->missing_count,
        .packed = packing->packed,
        .scale = packing->scale,
        .offset = packing->offset,
        .min = after ? packing->valid_min : -INFINITY,
        .max = after ? packing->valid_max : INFINITY,
    };
    for (size_t m = 0; m < packing->missing_count; m++)
        rules.missing[m] = packing->missing[m];
    return rules;
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
