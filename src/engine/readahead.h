/*
 * Reading ahead: threads that read what is not in the page cache before the decodes need it. So a
 * cold disk works while other threads inflate. They decode nothing. What they cannot read is left
 * to the decode.
 */
#ifndef CLIMNORM_ENGINE_READAHEAD_H
#define CLIMNORM_ENGINE_READAHEAD_H

#include "engine/engine.h"
#include "source/bytes.h"

/* A stretch of units of one reader: the work of one decode task. */
struct cn_decode {
    struct cn_queue_item item;
    struct cn_reader *reader;
    size_t load; /* of the plan */
    size_t first_unit, unit_count;
    uint64_t address, size;   /* of its bytes, where they are read ahead */
    atomic_int state;         /* readahead.c: who reads its bytes */
    struct cn_buffer *buffer; /* what was read ahead, until the decode releases it */
};

/* Starts the threads. Where none can be started, decodes read for themselves.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the caller calls cn_readahead_finish,
 * also after a failure. */
enum cn_status cn_readahead_start(struct cn_engine *engine, struct cn_error *error);

/* Queues the decodes of an opened load, at most once per load of the plan. They must outlive the
 * threads. */
void cn_readahead_add(struct cn_engine *engine, struct cn_decode *decodes, size_t count);

/* Called when a decode begins. Waits where its bytes are being read.
 * Returns: the bytes that were read ahead; NULL: the decode reads for itself.
 * Owns: the caller calls cn_readahead_release either way. */
const struct cn_prefetched *cn_readahead_claim(struct cn_engine *engine, struct cn_decode *decode);
void cn_readahead_release(struct cn_engine *engine, struct cn_decode *decode);

/* Ends the threads and frees all. May be called twice. */
void cn_readahead_finish(struct cn_engine *engine);

#endif
