/*
 * deflate (HDF5 filter 1): one zlib stream, RFC 1950, with its Adler-32. libdeflate encodes,
 * decides which streams are damaged, and inflates where no form of ours is faster.
 */
#include "codec/codec.h"
#include "codec/inflate/choose.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

struct deflate {
    struct libdeflate_decompressor *decompressor;
    struct cn_inflater *inflater;
    struct libdeflate_compressor *compressor; /* of the first level that was asked for */
};

/* NULL: out of memory. */
static struct deflate *deflate_state(struct cn_codec_step *step)
{
    if (!*step->state)
        *step->state = calloc(1, sizeof(struct deflate));
    return *step->state;
}

enum { WINDOW = 192 << 10 }; /* two stay in a cache of level 2; measured */

/* Whether a window is faster than `out`: where that is large, and little of it is needed. */
static bool use_window(const struct cn_codec_step *step)
{
    const struct cn_runs *needed = step->needed;
    return needed && step->capacity >= 4 * WINDOW &&
           cn_runs_count(needed) * needed->length <= step->capacity / 2;
}

static void decode_two_deflate(struct cn_codec_step steps[2])
{
    struct deflate *state = deflate_state(steps);
    struct cn_zlib streams[2];
    if (state && !state->inflater)
        state->inflater = cn_inflater_new(WINDOW);
    if (!state || !state->inflater)
        return;
    for (int k = 0; k < 2; k++)
        streams[k] = (struct cn_zlib){.in = steps[k].in,
                                      .in_bytes = steps[k].in_bytes,
                                      .out = steps[k].out,
                                      .capacity = steps[k].capacity,
                                      .needed = use_window(&steps[k]) ? steps[k].needed : NULL};
    cn_inflate(state->inflater, cn_inflate_form(), streams, 2);
    for (int k = 0; k < 2; k++)
        if (streams[k].is_right) {
            steps[k].result = steps[k].out;
            steps[k].result_bytes = streams[k].out_bytes;
        }
}

static bool has_form(void)
{
    return cn_inflate_form()->loops;
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
    free(deflate->inflater);
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
    .decode_two = decode_two_deflate,
    .is_faster_by_two = has_form,
    .bound = deflate_bound,
    .encode = encode_deflate,
    .close = close_deflate,
    .library = deflate_library,
};
