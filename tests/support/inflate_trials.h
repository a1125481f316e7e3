/*
 * The comparison of a form of inflating with libdeflate, between pages that cannot be accessed.
 */
#ifndef CLIMNORM_TESTS_INFLATE_TRIALS_H
#define CLIMNORM_TESTS_INFLATE_TRIALS_H

#include "codec/inflate/choose.h"

#include "deflate_writer.h"
#include "dice.h"

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
    bool has_needed;
    struct cn_runs needed; /* the bytes that are asked for; else all are */
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

/* Whether the bytes that are needed are right, and no other was written to. */
static inline bool has_needed_alone(const struct trial *trial, const unsigned char *out)
{
    static unsigned char expected[MOST_CAPACITY];
    memset(expected, 0xa5, trial->capacity);
    for (size_t k = 0; k < cn_runs_count(&trial->needed); k++) {
        const size_t run = cn_run_begin(&trial->needed, k);
        for (size_t b = run; b < run + trial->needed.length && b < trial->out_bytes; b++)
            expected[b] = trial->out[b];
    }
    return !memcmp(expected, out, trial->capacity);
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
        filled[k] = trial->has_needed ? trial->capacity /* not what another form left */
                    : trial->is_right ? trial->out_bytes
                                      : 0;
        memset(out, 0xa5, filled[k]);
        if (!at_end)
            memset(out + trial->capacity, 0x5a, BEHIND);
        streams[k] = (struct cn_zlib){
            .in = in, .in_bytes = trial->in_bytes, .out = out, .capacity = trial->capacity};
        if (trial->has_needed)
            streams[k].needed = &trial->needed;
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
        if (streams[k].is_right && !trial->has_needed &&
            memcmp(streams[k].out, trial->out, trial->out_bytes) != 0)
            return "has other bytes";
        if (streams[k].is_right && trial->has_needed && !has_needed_alone(trial, streams[k].out))
            return "has other bytes where some are needed";
        if (memcmp(streams[k].in, trial->in, trial->in_bytes) != 0)
            return "changed its input";
        for (int b = 0; b < BEHIND && !at_end; b++)
            if (streams[k].out[trial->capacity + (size_t)b] != 0x5a)
                return "wrote behind its output";
    }
    return NULL;
}

/* Runs within the capacity. Every second time none: all bytes are asked for. */
static inline void draw_needed(struct trial *trial)
{
    size_t extent = trial->capacity;
    struct cn_runs *needed = &trial->needed;
    trial->has_needed = one_in(2) && extent > 1000;
    if (!trial->has_needed)
        return;
    for (int d = 0; d < 3; d++) {
        needed->count[d] = (size_t)(d < 2 ? roll(1, 4) : PICK(1, 2, 9, 30));
        needed->stride[d] = extent /= needed->count[d];
    }
    needed->length = (size_t)roll(1, (int)extent);
    needed->first = (size_t)roll(0, (int)(extent - needed->length));
}

static inline void set_trial(struct trial *trial, const struct draft *draft, size_t capacity)
{
    trial->in = draft->in;
    trial->in_bytes = draft->in_bytes;
    trial->may_be_left = draft->may_overrun;
    trial->capacity = capacity;
    draw_needed(trial);
}

#endif
