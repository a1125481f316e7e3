/*
 * The comparison of a form of inflating with libdeflate, between pages that cannot be accessed.
 */
#ifndef CLIMNORM_TESTS_INFLATE_TRIALS_H
#define CLIMNORM_TESTS_INFLATE_TRIALS_H

#include "codec/inflate/choose.h"

#include "deflate_writer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    MOST_CAPACITY = DRAFT_ROOM * 2, /* of a trial */
    BEHIND = 64                     /* bytes that are watched where no page is */
};

/* A stream, what it is inflated to, and what libdeflate says of it. libdeflate 1.14 accepts codes
 * whose last repetition goes on beyond the last codeword, later ones do not; the forms leave them
 * to it. */
struct trial {
    const unsigned char *in;
    size_t in_bytes, capacity;
    bool may_be_left; /* to libdeflate */
    bool is_right;
    size_t out_bytes;
    unsigned char out[MOST_CAPACITY];
};

static inline void judge_trial(struct trial *trial, struct libdeflate_decompressor *judge)
{
    trial->is_right =
        libdeflate_zlib_decompress(judge, trial->in, trial->in_bytes, trial->out, trial->capacity,
                                   &trial->out_bytes) == LIBDEFLATE_SUCCESS;
}

/* Memory between pages that cannot be accessed. */
struct fenced {
    unsigned char *begin, *end;
};

static inline struct fenced fenced_new(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (bytes + page - 1) / page * page;
    unsigned char *pages =
        mmap(NULL, used + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, used, PROT_READ | PROT_WRITE))
        abort();
    return (struct fenced){pages + page, pages + page + used};
}

struct fences {
    struct fenced in[2], out[2];
};

static uint64_t left_to_libdeflate; /* counts them */

static inline struct fences fences_new(void)
{
    struct fences fences;
    for (int k = 0; k < 2; k++) {
        fences.in[k] = fenced_new(DRAFT_ROOM + BEHIND);
        fences.out[k] = fenced_new(MOST_CAPACITY + BEHIND);
    }
    return fences;
}

/* Inflates one or two streams and compares with the judge's. at_end: memory ends behind input and
 * output; else it begins there.
 * Returns: NULL; or what is wrong. */
static inline const char *difference(const struct fences *fences, struct cn_inflater *inflater,
                                     const struct cn_inflate_form *form,
                                     struct trial *const *trials, int count, bool at_end)
{
    struct cn_zlib streams[2];
    size_t filled[2];
    for (int k = 0; k < count; k++) {
        const struct trial *trial = trials[k];
        unsigned char *in = at_end ? fences->in[k].end - trial->in_bytes : fences->in[k].begin;
        unsigned char *out = at_end ? fences->out[k].end - trial->capacity : fences->out[k].begin;
        memcpy(in, trial->in, trial->in_bytes);
        filled[k] = trial->is_right ? trial->out_bytes : 0; /* not what another form left */
        memset(out, 0xa5, filled[k]);
        if (!at_end)
            memset(out + trial->capacity, 0x5a, BEHIND);
        streams[k] = (struct cn_zlib){
            .in = in, .in_bytes = trial->in_bytes, .out = out, .capacity = trial->capacity};
    }
    cn_inflate(inflater, form, streams, count);
    for (int k = 0; k < count; k++) {
        const struct trial *trial = trials[k];
        if (streams[k].is_right && !trial->is_right)
            return "accepts what libdeflate rejects";
        if (!streams[k].is_right && trial->is_right && !trial->may_be_left)
            return "rejects what libdeflate accepts";
        left_to_libdeflate += trial->is_right && !streams[k].is_right;
        if (streams[k].is_right && streams[k].out_bytes != trial->out_bytes)
            return "has another length";
        if (streams[k].is_right && memcmp(streams[k].out, trial->out, trial->out_bytes) != 0)
            return "has other bytes";
        if (memcmp(streams[k].in, trial->in, trial->in_bytes) != 0)
            return "changed its input";
        for (int b = 0; b < BEHIND && !at_end; b++)
            if (streams[k].out[trial->capacity + (size_t)b] != 0x5a)
                return "wrote behind its output";
    }
    return NULL;
}

static inline void set_trial(struct trial *trial, const struct draft *draft, size_t capacity)
{
    trial->in = draft->in;
    trial->in_bytes = draft->in_bytes;
    trial->may_be_left = draft->may_overrun;
    trial->capacity = capacity;
}

#endif
