/*
 * Blosc 1 (HDF5 filter 32001, registered with The HDF Group): one buffer of c-blosc, which says by
 * itself how it was shuffled and compressed.
 */
#include "codec/codec.h"

#include <blosc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* c-blosc writes to its memory without a look whether it got it. Without volatile, a compiler may
 * leave out the allocation and assume that it succeeds. */
static bool has_blosc_memory(size_t block)
{
    void *volatile some = malloc(2 * block + BLOSC_MAX_TYPESIZE * sizeof(int32_t));
    const bool is_there = some;
    free(some);
    return is_there;
}

static enum cn_status decode_blosc(struct cn_codec_step *step)
{
    size_t bytes, stored, block;
    if (step->in_bytes < BLOSC_MIN_HEADER_LENGTH)
        return CN_BAD_INPUT;
    blosc_cbuffer_sizes(step->in, &bytes, &stored, &block);
    if (stored != step->in_bytes || bytes > step->capacity || block > step->capacity)
        return CN_BAD_INPUT;
    if (!has_blosc_memory(block))
        return CN_BAD_MACHINE;
    errno = 0; /* the compressors inside do not tell why they fail */
    const int got = blosc_decompress_ctx(step->in, step->out, step->capacity, 1);
    step->result = step->out;
    step->result_bytes = bytes;
    return got >= 0 && (size_t)got == bytes ? CN_OK
           : errno == ENOMEM                ? CN_BAD_MACHINE
                                            : CN_BAD_INPUT;
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
