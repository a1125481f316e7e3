/*
 * n-bit (HDF5 filter 5): the significant bits of all values, one after another. Only HDF5 undoes
 * it, because it also converts such values; it does not look where the bytes end.
 */
#include "codec/codec.h"

/* Of the filter, for numbers, in this order (HDF5, H5Znbit.c). */
enum { COUNT, IS_PLAIN, VALUES, TYPE_CLASS, VALUE_BYTES, BYTE_ORDER, VALUE_BITS, FIRST_BIT, ALL };

static bool nbit_accepts(const struct cn_filter *filter, const struct cn_storage *storage)
{
    return filter->parameter_count == ALL &&
           filter->parameters[VALUE_BYTES] == storage->value_bytes &&
           filter->parameters[VALUE_BITS] <= 8 * storage->value_bytes;
}

static bool nbit_is_complete(const struct cn_codec_step *step)
{
    const unsigned *at = step->filter->parameters;
    const uint64_t bits = at[IS_PLAIN] ? 8 * at[VALUE_BYTES] : at[VALUE_BITS];
    return step->in_bytes >= (at[VALUES] * bits + 7) / 8;
}

const struct cn_codec cn_nbit = {
    .id = 5,
    .name = "nbit",
    .level_parameter = -1,
    .accepts = nbit_accepts,
    .is_complete = nbit_is_complete,
};
