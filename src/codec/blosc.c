/*
 * Blosc 1 (HDF5 filter 32001, registered with The HDF Group): one buffer of c-blosc, which says by
 * itself how it was shuffled and compressed.
 */
#include "codec/codec.h"

#include <blosc.h>
#include <stdio.h>

static enum cn_status decode_blosc(struct cn_codec_step *step)
{
    size_t bytes, stored, block;
    if (step->in_bytes < BLOSC_MIN_HEADER_LENGTH)
        return CN_BAD_INPUT;
    blosc_cbuffer_sizes(step->in, &bytes, &stored, &block);
    if (stored != step->in_bytes || bytes > step->capacity ||
        blosc_cbuffer_validate(step->in, step->in_bytes, &bytes) < 0)
        return CN_BAD_INPUT;
    const int got = blosc_decompress_ctx(step->in, step->out, step->capacity, 1);
    step->result = step->out;
    step->result_bytes = got < 0 ? 0 : (size_t)got;
    return got >= 0 && step->result_bytes == bytes ? CN_OK : CN_BAD_INPUT;
}

static void blosc_library(char text[CN_LIBRARY_BYTES])
{
    snprintf(text, CN_LIBRARY_BYTES, "c-blosc %s", blosc_get_version_string());
}

const struct cn_codec cn_blosc = {
    .id = 32001,
    .name = "blosc",
    .level_parameter = 4,
    .decode = decode_blosc,
    .library = blosc_library,
};
