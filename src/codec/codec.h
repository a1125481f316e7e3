/*
 * A codec undoes one filter of HDF5: it decodes the bytes of a chunk in memory, in any thread. Each
 * codec is a file of its own and a row of the table in table.c. It knows no file, no HDF5 call and
 * no other codec.
 */
#ifndef CLIMNORM_CODEC_CODEC_H
#define CLIMNORM_CODEC_CODEC_H

#include "climnorm/catalog.h"
#include "codec/runs.h"
#include "kernels.h"

enum { CN_LIBRARY_BYTES = 64, CN_MAX_CODECS = 32 };

/* A chunk as a file stores it: after its filters, or the plain little-endian values where the file
 * has none. */
struct cn_encoded {
    const void *bytes;
    size_t size;
};

/* One chunk on its way through one codec. */
struct cn_codec_step {
    const struct cn_filter *filter; /* the parameters in the file; NULL when encoding */
    const struct cn_kernels *kernels;
    void **state;            /* of this codec and thread: NULL at first; `close` frees it */
    const unsigned char *in; /* [in_bytes] */
    size_t in_bytes;
    unsigned char *out; /* [capacity], apart from `in`; unset where CN_APPENDS */
    size_t capacity;
    const struct cn_runs *needed; /* for decode_two: bytes of `out` that are; NULL: all */
    const unsigned char *result;  /* set by the codec: in `out`, or for CN_APPENDS in `in` */
    size_t result_bytes;          /* at most `capacity` */
    const char *fault; /* with CN_BAD_INPUT: what the chunk does wrong; there is a general text */
};

struct cn_codec {
    int id;               /* HDF5's number of the filter */
    const char *name;     /* as users see it */
    enum {                /* what the filter does to bytes */
           CN_COMPRESSES, /* any number of bytes becomes any other */
           CN_REORDERS,   /* their number stays */
           CN_APPENDS,    /* they stay, and `appended` bytes follow */
    } kind;
    size_t appended;
    int level_parameter; /* which parameter of the filter is a level; -1: none */

    /* NULL: the filter has no parameters, or they do not matter.
     * Returns: whether it can have these, for chunks of this storage. Otherwise the functions below
     * must not be called. */
    bool (*accepts)(const struct cn_filter *filter, const struct cn_storage *storage);

    /* Decodes step->in, and sets result and result_bytes. Writes no byte beyond out[capacity]: it
     * fails where the result does not fit. The caller compares lengths. NULL: only HDF5 undoes this
     * filter.
     * Returns: CN_OK. Errors: CN_BAD_INPUT: damaged; CN_BAD_MACHINE: out of memory. */
    enum cn_status (*decode)(struct cn_codec_step *step);

    /* Like `decode`, of two chunks at once; the result may lack bytes that are not needed. A step
     * whose result is NULL afterwards is left to `decode`, which says why. NULL: there is none. */
    void (*decode_two)(struct cn_codec_step steps[2]);
    bool (*is_faster_by_two)(void); /* whether that takes less time on this machine */

    /* For a filter that only HDF5 undoes, and without a look at how many bytes there are.
     * Returns: whether step->in has all that it will read. */
    bool (*is_complete)(const struct cn_codec_step *step);

    /* NULL: this program does not write with the filter.
     * Returns: the most bytes that `encode` makes of `bytes`. */
    size_t (*bound)(size_t bytes);

    /* Encodes step->in. setting: the filter's parameter, a level or the width of a value.
     * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. */
    enum cn_status (*encode)(struct cn_codec_step *step, int setting);

    void (*close)(void *state); /* frees the state; NULL: there is none */

    /* Writes the library and its version, "zstd 1.5.4", to text. NULL: there is none. */
    void (*library)(char text[CN_LIBRARY_BYTES]);
};

/* Those that encode. */
extern const struct cn_codec cn_deflate, cn_shuffle;

#endif
