/*
 * Scratch memory of one thread: buffers that grow on demand and are kept, and the states of codecs.
 * No task holds them across a wait, so a thread has one set.
 */
#ifndef CLIMNORM_CODEC_SCRATCH_H
#define CLIMNORM_CODEC_SCRATCH_H

#include "codec/codec.h"

#include <stdatomic.h>

enum { CN_SCRATCH_BUFFERS = 5, CN_AHEAD_BUFFER = CN_SCRATCH_BUFFERS - 1 };

/* A chunk whose last filter was undone ahead, together with another's. */
struct cn_ahead {
    size_t unit;
    const unsigned char *stored; /* before */
    const unsigned char *bytes;  /* after; NULL: nothing was undone ahead */
    size_t size;
};

struct cn_scratch {
    unsigned char *bytes[CN_SCRATCH_BUFFERS];
    size_t capacity[CN_SCRATCH_BUFFERS];
    void *codec_states[CN_MAX_CODECS]; /* in the order of cn_codecs */

    /* Of src/source: */
    uint64_t bytes_read;                  /* of input files */
    uint64_t chunks_read, chunks_decoded; /* for the first time; all times */
    uint64_t wait_ns;                     /* for their disk */
    struct cn_ahead ahead[2];
    const struct cn_prefetched *prefetched; /* of the units that are decoded now; NULL: none */
    const atomic_int *stop;                 /* not 0: decoding may end early; NULL: it never does */
};

/* At least `bytes` bytes of buffer `which`, at least one, whose content is undefined.
 * Returns: the buffer; NULL: out of memory. Owns: the scratch, until the next call for `which`. */
unsigned char *cn_scratch_get(struct cn_scratch *scratch, int which, size_t bytes);

/* Returns: where a codec keeps its state of this thread. */
void **cn_scratch_state(struct cn_scratch *scratch, const struct cn_codec *codec);

/* Encodes `in` to out[capacity], which holds at least codec->bound(in_bytes).
 * Returns: the bytes written; 0: out of memory. */
size_t cn_scratch_encode(struct cn_scratch *scratch, const struct cn_codec *codec, int setting,
                         const void *in, size_t in_bytes, void *out, size_t capacity);

/* Frees the buffers; they grow again on demand. */
void cn_scratch_empty(struct cn_scratch *scratch);
void cn_scratch_free(struct cn_scratch *scratch);

#endif
