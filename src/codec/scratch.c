/*
 * Scratch memory of one thread.
 */
#include "codec/scratch.h"

#include "codec/table.h"

#include <stdlib.h>

enum { ALIGNMENT = 64, GRANULE = 4096 };

unsigned char *cn_scratch_get(struct cn_scratch *scratch, int which, size_t bytes)
{
    if (scratch->capacity[which] < bytes || !scratch->bytes[which]) {
        free(scratch->bytes[which]);
        const size_t capacity = bytes / GRANULE * GRANULE + GRANULE;
        scratch->bytes[which] = capacity > bytes ? aligned_alloc(ALIGNMENT, capacity) : NULL;
        scratch->capacity[which] = scratch->bytes[which] ? capacity : 0;
    }
    return scratch->bytes[which];
}

void **cn_scratch_state(struct cn_scratch *scratch, const struct cn_codec *codec)
{
    size_t k = 0;
    while (cn_codecs[k] != codec)
        k++;
    return &scratch->codec_states[k];
}

size_t cn_scratch_encode(struct cn_scratch *scratch, const struct cn_codec *codec, int setting,
                         const void *in, size_t in_bytes, void *out, size_t capacity)
{
    struct cn_codec_step step = {.state = cn_scratch_state(scratch, codec),
                                 .in = in,
                                 .in_bytes = in_bytes,
                                 .out = out,
                                 .capacity = capacity};
    return codec->encode(&step, setting) ? 0 : step.result_bytes;
}

void cn_scratch_empty(struct cn_scratch *scratch)
{
    for (int k = 0; k < CN_SCRATCH_BUFFERS; k++) {
        free(scratch->bytes[k]);
        scratch->bytes[k] = NULL;
        scratch->capacity[k] = 0;
    }
}

void cn_scratch_free(struct cn_scratch *scratch)
{
    cn_scratch_empty(scratch);
    for (size_t k = 0; cn_codecs[k]; k++)
        if (scratch->codec_states[k])
            cn_codecs[k]->close(scratch->codec_states[k]);
    *scratch = (struct cn_scratch){0};
}
