/*
 * LZ4 (HDF5 filter 32004, registered with The HDF Group): the decoded size in 8 bytes, the size of
 * a block in 4, then each block behind its stored size in 4, all big-endian. A block that is stored
 * in as many bytes as it decodes to is not compressed.
 */
#include "codec/codec.h"

#include <limits.h>
#include <lz4.h>
#include <stdio.h>
#include <string.h>

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
    uint64_t number = 0;
    for (size_t k = 0; k < count; k++)
        number = number << 8 | bytes[k];
    return number;
}

static bool decode_lz4_block(const unsigned char *in, size_t stored, unsigned char *out,
                             size_t bytes)
{
    if (stored == bytes)
        memcpy(out, in, bytes);
    return stored == bytes || (stored <= INT_MAX && bytes <= INT_MAX &&
                               LZ4_decompress_safe((const char *)in, (char *)out, (int)stored,
                                                   (int)bytes) == (int)bytes);
}

static enum cn_status decode_lz4(struct cn_codec_step *step)
{
    enum { SIZE_BYTES = 8, BLOCK_BYTES = 4 };
    const unsigned char *in = step->in, *end = in + step->in_bytes;
    if (step->in_bytes < SIZE_BYTES + BLOCK_BYTES)
        return CN_BAD_INPUT;
    const uint64_t size = big_endian(in, SIZE_BYTES);
    const uint64_t block = big_endian(in + SIZE_BYTES, BLOCK_BYTES);
    if (size > step->capacity || (block == 0 && size > 0))
        return CN_BAD_INPUT;
    in += SIZE_BYTES + BLOCK_BYTES;
    for (uint64_t done = 0; done < size; done += block) {
        if (end - in < BLOCK_BYTES)
            return CN_BAD_INPUT;
        const size_t stored = (size_t)big_endian(in, BLOCK_BYTES);
        const size_t bytes = (size_t)(block < size - done ? block : size - done);
        in += BLOCK_BYTES;
        if (stored > (size_t)(end - in) || !decode_lz4_block(in, stored, step->out + done, bytes))
            return CN_BAD_INPUT;
        in += stored;
    }
    step->result = step->out;
    step->result_bytes = (size_t)size;
    return CN_OK;
}

static void lz4_library(char text[CN_LIBRARY_BYTES])
{
    snprintf(text, CN_LIBRARY_BYTES, "lz4 %s", LZ4_versionString());
}

const struct cn_codec cn_lz4 = {
    .id = 32004,
    .name = "lz4",
    .level_parameter = -1,
    .decode = decode_lz4,
    .library = lz4_library,
};
