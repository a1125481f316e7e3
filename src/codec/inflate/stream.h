/*
 * One zlib stream while it is inflated, and the loops that decode its blocks.
 */
#ifndef CLIMNORM_CODEC_INFLATE_STREAM_H
#define CLIMNORM_CODEC_INFLATE_STREAM_H

#include "codec/inflate/codes.h"

struct cn_zlib;

struct cn_stream {
    struct cn_bits bits;
    const struct cn_zlib *zlib;
    unsigned char *first, *next, *end; /* of what comes out: in zlib->out, or in a window */
    unsigned char *summed;             /* until there, `sum` is its Adler-32 */
    uint32_t sum;
    size_t before; /* bytes of the result before `first` */
    size_t run;    /* of those needed, the next one */
    bool is_last;  /* the block */
    enum {
        CN_BEFORE_BLOCK,
        CN_IN_BLOCK, /* at a symbol that a loop may decode */
        CN_AT_EDGE,  /* at one that no loop decodes: rare, or near the end of input or output */
        CN_ENDED,    /* behind the last block */
        CN_FAILED
    } state;
    struct cn_codes codes;
};

/* A step of a loop decodes at most so many bytes from so many, and writes and reads at most so many
 * beyond them. */
enum { CN_STEP_OUT = 64 + 258, CN_STEP_IN = 64 + 8, CN_BEYOND_OUT = 320, CN_BEYOND_IN = 80 };

/* Returns: the steps that surely stay within input and output, from there on. */
static inline size_t cn_steps_left(const struct cn_stream *stream, uint64_t position,
                                   const unsigned char *next)
{
    const size_t out = (size_t)(stream->end - next), in = stream->bits.in_bytes;
    const size_t at = (size_t)(position >> 3);
    const size_t of_out = out < CN_BEYOND_OUT ? 0 : (out - CN_BEYOND_OUT) / CN_STEP_OUT;
    const size_t of_in =
        in < at || in - at < CN_BEYOND_IN ? 0 : (in - at - CN_BEYOND_IN) / CN_STEP_IN;
    return of_out < of_in ? of_out : of_in;
}

/* Decode streams that are in a block, until one comes to an edge. */
struct cn_loops {
    void (*one)(struct cn_stream *stream);
    void (*two)(struct cn_stream *first, struct cn_stream *second);
};

extern const struct cn_loops cn_loops_portable, cn_loops_bmi2, cn_loops_avx512;

#endif
