/*
 * scale-offset (HDF5 filter 6): 4 bytes, little-endian, say in how many bits a value is stored; its
 * smallest value follows, and from byte 21 on the differences from it. Only HDF5 undoes it; it does
 * not look where the bytes end.
 */
#include "codec/codec.h"

/* Of the filter, in this order (HDF5, H5Zscaleoffset.c); a fill value follows. */
enum { SCALE_TYPE, SCALE_FACTOR, VALUES, TYPE_CLASS, VALUE_BYTES, ALL = 20 };
enum { BITS_BYTES = 4, HEADER_BYTES = 21, INTEGERS = 2 };

static bool scaleoffset_accepts(const struct cn_filter *filter, const struct cn_storage *storage)
{
    return filter->parameter_count == ALL &&
           filter->parameters[VALUE_BYTES] == storage->value_bytes;
}

static bool scaleoffset_is_complete(const struct cn_codec_step *step)
{
    const unsigned *at = step->filter->parameters;
    const uint64_t most = UINT64_C(8) * at[VALUE_BYTES];
    uint64_t bits = 0;
    if (at[SCALE_TYPE] == INTEGERS && at[SCALE_FACTOR] == most) /* stored as they are */
        return step->in_bytes >= (uint64_t)at[VALUES] * at[VALUE_BYTES];
    for (size_t k = BITS_BYTES; k-- > 0 && step->in_bytes >= HEADER_BYTES;)
        bits = bits << 8 | step->in[k];
    return step->in_bytes >= HEADER_BYTES && bits <= most &&
           step->in_bytes - HEADER_BYTES >= (at[VALUES] * bits + 7) / 8;
}

const struct cn_codec cn_scaleoffset = {
    .id = 6,
    .name = "scaleoffset",
    .level_parameter = -1,
    .accepts = scaleoffset_accepts,
    .is_complete = scaleoffset_is_complete,
};
