/*
 * Codecs: what the filters of an HDF5 chunk do to its bytes, undone in memory by any thread. One
 * file a codec; the table in codec.c lists them, and nothing else names one. A codec knows no file,
 * no HDF5 call and no other codec.
 */
#ifndef CLIMNORM_CODEC_CODEC_H
#define CLIMNORM_CODEC_CODEC_H

#include "climnorm/catalog.h"
#include "kernels.h"

enum { CN_LIBRARY_BYTES = 64 };

/* One chunk on its way through one codec. */
struct cn_codec_step {
    const struct cn_filter *filter; /* the parameters in the file; NULL when encoding */
    const struct cn_kernels *kernels;
    void **state;            /* the codec's own, one a thread: NULL at first; `close` frees it */
    const unsigned char *in; /* [in_bytes] */
    size_t in_bytes;
    unsigned char *out; /* [capacity], apart from `in`; unset where CN_APPENDS */
    size_t capacity;
    const unsigned char *result; /* set by the codec: in `out`, or for CN_APPENDS in `in` */
    size_t result_bytes;         /* at most `capacity` */
    const char *fault;           /* with CN_BAD_INPUT, what the chunk does; a codec may be exact */
};

struct cn_codec {
    int id;           /* HDF5 filter identifier */
    const char *name; /* as users see it */
    enum {
        CN_COMPRESSES, /* to any length */
        CN_REORDERS,   /* as many bytes as before */
        CN_APPENDS,    /* `appended` bytes behind the data, which stay as they are */
    } kind;
    size_t appended;
    int level_parameter; /* which parameter of the filter is a level; -1: none */

    /* Whether `decode` is right and bounded with these parameters, for chunks of this storage.
     * NULL: always. */
    bool (*accepts)(const struct cn_filter *filter, const struct cn_storage *storage);

    /* Decodes step->in. A codec that compresses fails where the result does not fit `capacity`; the
     * caller compares lengths.
     * Returns: CN_OK. Errors: CN_BAD_INPUT: damaged; CN_BAD_MACHINE: out of memory. */
    enum cn_status (*decode)(struct cn_codec_step *step);

    /* The most bytes that `encode` makes of `bytes`, and encoding itself. setting: the filter's
     * parameter, a level or the width of a value. NULL: this program does not write with it.
     * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. */
    size_t (*bound)(size_t bytes);
    enum cn_status (*encode)(struct cn_codec_step *step, int setting);

    void (*close)(void *state); /* NULL: there is no state */

    /* The library and its version, "zstd 1.5.4", into text. NULL: there is none. */
    void (*library)(char text[CN_LIBRARY_BYTES]);
};

/* All codecs; ends with NULL. */
extern const struct cn_codec *const cn_codecs[];

/* Those that this program also encodes with. */
extern const struct cn_codec cn_deflate, cn_shuffle;

/* Returns: the codec of an HDF5 filter; NULL: there is none. */
const struct cn_codec *cn_codec_find(int id);

#endif
