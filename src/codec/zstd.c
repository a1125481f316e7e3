/*
 * Zstandard (HDF5 filter 32015, registered with The HDF Group): one frame, RFC 8878.
 */
#include "codec/codec.h"

#include <stdio.h>
#include <string.h>
#include <zstd.h>

static void close_zstd(void *state)
{
    ZSTD_freeDCtx(state);
}

/* Takes one frame of today's format only: libzstd's decoders for older formats are little tested
 * against damage. Libzstd decodes straight to `out`, however large a window the frame asks for. */
static enum cn_status decode_zstd(struct cn_codec_step *step)
{
    if (!*step->state)
        *step->state = ZSTD_createDCtx();
    if (!*step->state)
        return CN_BAD_MACHINE;
    if (step->in_bytes <= 4 || memcmp(step->in, "\x28\xb5\x2f\xfd", 4) != 0 ||
        ZSTD_findFrameCompressedSize(step->in, step->in_bytes) != step->in_bytes)
        return CN_BAD_INPUT;
    step->result = step->out;
    step->result_bytes =
        ZSTD_decompressDCtx(*step->state, step->out, step->capacity, step->in, step->in_bytes);
    return ZSTD_isError(step->result_bytes) ? CN_BAD_INPUT : CN_OK;
}

static void zstd_library(char text[CN_LIBRARY_BYTES])
{
    snprintf(text, CN_LIBRARY_BYTES, "zstd %s", ZSTD_versionString());
}

const struct cn_codec cn_zstd = {
    .id = 32015,
    .name = "zstd",
    .decode = decode_zstd,
    .close = close_zstd,
    .library = zstd_library,
};
