/*
 * deflate (HDF5 filter 1): one zlib stream, RFC 1950, through libdeflate, which checks Adler-32.
 */
#include "codec/codec.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

struct deflate {
    struct libdeflate_decompressor *decompressor;
    struct libdeflate_compressor *compressor; /* of the first level that was asked for */
};

/* NULL: out of memory. */
static struct deflate *deflate_state(struct cn_codec_step *step)
{
    if (!*step->state)
        *step->state = calloc(1, sizeof(struct deflate));
    return *step->state;
}

static enum cn_status decode_deflate(struct cn_codec_step *step)
{
    struct deflate *state = deflate_state(step);
    if (state && !state->decompressor)
        state->decompressor = libdeflate_alloc_decompressor();
    if (!state || !state->decompressor)
        return CN_BAD_MACHINE;
    step->result = step->out;
    return libdeflate_zlib_decompress(state->decompressor, step->in, step->in_bytes, step->out,
                                      step->capacity, &step->result_bytes) == LIBDEFLATE_SUCCESS
               ? CN_OK
               : CN_BAD_INPUT;
}

static size_t deflate_bound(size_t bytes)
{
    return libdeflate_zlib_compress_bound(NULL, bytes);
}

static enum cn_status encode_deflate(struct cn_codec_step *step, int level)
{
    struct deflate *state = deflate_state(step);
    if (state && !state->compressor)
        state->compressor = libdeflate_alloc_compressor(level);
    if (!state || !state->compressor)
        return CN_BAD_MACHINE;
    step->result = step->out;
    step->result_bytes = libdeflate_zlib_compress(state->compressor, step->in, step->in_bytes,
                                                  step->out, step->capacity);
    return CN_OK;
}

static void close_deflate(void *state)
{
    struct deflate *deflate = state;
    if (deflate->decompressor)
        libdeflate_free_decompressor(deflate->decompressor);
    if (deflate->compressor)
        libdeflate_free_compressor(deflate->compressor);
    free(deflate);
}

static void deflate_library(char text[CN_LIBRARY_BYTES])
{
    snprintf(text, CN_LIBRARY_BYTES, "libdeflate %s", LIBDEFLATE_VERSION_STRING);
}

const struct cn_codec cn_deflate = {
    .id = 1,
    .name = "deflate",
    .decode = decode_deflate,
    .bound = deflate_bound,
    .encode = encode_deflate,
    .close = close_deflate,
    .library = deflate_library,
};
