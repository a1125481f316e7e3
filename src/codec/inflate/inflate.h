/*
 * Inflates zlib streams (RFC 1950, RFC 1951), two at a time. It never decides that a stream is
 * damaged: whoever gets none back from it asks libdeflate. docs/inflate.md says how it works.
 */
#ifndef CLIMNORM_CODEC_INFLATE_INFLATE_H
#define CLIMNORM_CODEC_INFLATE_INFLATE_H

#include "codec/runs.h"

#include <stdbool.h>
#include <stddef.h>

/* One zlib stream. */
struct cn_zlib {
    const unsigned char *in; /* [in_bytes] */
    size_t in_bytes;
    unsigned char *out; /* [capacity]; what lies behind the result is undefined afterwards */
    size_t capacity;
    const struct cn_runs *needed; /* within [capacity]: only these bytes come to `out`; NULL: all */
    size_t out_bytes;             /* of the result */
    bool is_right;                /* else there is none */
};

/* The state of a thread: some 25 KB, and two windows. */
struct cn_inflater;

enum { CN_LEAST_WINDOW = 40 << 10 };

/* A way to inflate. */
struct cn_inflate_form {
    const char *name;             /* as CLIMNORM_INFLATE has it */
    const struct cn_loops *loops; /* NULL: libdeflate's */
};

/* window: bytes that a stream of which some are needed is inflated to, at least CN_LEAST_WINDOW.
 * Returns: NULL: out of memory. Owns: free() frees it. */
struct cn_inflater *cn_inflater_new(size_t window);

/* Inflates one or two streams, which do not overlap. form: one with loops. Sets the results. */
void cn_inflate(struct cn_inflater *inflater, const struct cn_inflate_form *form,
                struct cn_zlib *streams, int count);

#endif
