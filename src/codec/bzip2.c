/*
 * bzip2 (HDF5 filter 307, registered with The HDF Group): one bzip2 stream.
 */
#include "codec/codec.h"

#include <bzlib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static enum cn_status decode_bzip2(struct cn_codec_step *step)
{
    unsigned bytes = step->capacity < UINT_MAX ? (unsigned)step->capacity : UINT_MAX;
    if (step->in_bytes > UINT_MAX)
        return CN_BAD_INPUT;
    const int result = BZ2_bzBuffToBuffDecompress((char *)step->out, &bytes, (char *)step->in,
                                                  (unsigned)step->in_bytes, 0, 0);
    step->result = step->out;
    step->result_bytes = bytes;
    return result == BZ_OK ? CN_OK : result == BZ_MEM_ERROR ? CN_BAD_MACHINE : CN_BAD_INPUT;
}

static void bzip2_library(char text[CN_LIBRARY_BYTES])
{
    const char *version = BZ2_bzlibVersion(); /* "1.0.8, 13-Jul-2019" */
    snprintf(text, CN_LIBRARY_BYTES, "bzip2 %.*s", (int)strcspn(version, ","), version);
}

const struct cn_codec cn_bzip2 = {
    .id = 307,
    .name = "bzip2",
    .decode = decode_bzip2,
    .library = bzip2_library,
};
