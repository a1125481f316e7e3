/*
 * Buffers of one thread. They are not held across tasks, so a thread has one set.
 */
#include "source/file_reader.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>

unsigned char *cn_scratch_get(struct cn_scratch *scratch, int which, size_t bytes)
{
    if (scratch->room[which] < bytes) {
        free(scratch->bytes[which]);
        size_t room = (bytes + 4095) / 4096 * 4096;
        scratch->bytes[which] = room >= bytes ? aligned_alloc(64, room) : NULL;
        scratch->room[which] = scratch->bytes[which] ? room : 0;
    }
    return scratch->bytes[which];
}

void cn_scratch_empty(struct cn_scratch *scratch)
{
    for (int k = 0; k < 3; k++) {
        free(scratch->bytes[k]);
        scratch->bytes[k] = NULL;
        scratch->room[k] = 0;
    }
}

void cn_scratch_free(struct cn_scratch *scratch)
{
    cn_scratch_empty(scratch);
    if (scratch->decompressor)
        libdeflate_free_decompressor(scratch->decompressor);
    if (scratch->compressor)
        libdeflate_free_compressor(scratch->compressor);
    ZSTD_freeDCtx(scratch->zstd);
    *scratch = (struct cn_scratch){0};
}
