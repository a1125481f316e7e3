/*
 * The state that all tasks of one variable share, and what every task body needs: whether to go on,
 * where to report, its thread's scratch. What is decided before the run is in the plan. Here is
 * what becomes known while running. Each module of the engine keeps its own state behind a pointer.
 */
#ifndef CLIMNORM_ENGINE_ENGINE_H
#define CLIMNORM_ENGINE_ENGINE_H

#include "arena/arena.h"
#include "base/clock.h"
#include "climnorm/plan.h"
#include "climnorm/result.h"
#include "climnorm/watch.h"
#include "codec/scratch.h"
#include "engine/budget.h"
#include "engine/queue.h"

#include <pthread.h>

/* One thread's own state, in cache lines of its own. What is plain is read by others only
 * after the graph has ended. */
struct cn_thread_state {
    _Alignas(64) struct cn_scratch scratch;
    uint64_t load_last_ns; /* when its last decode ended */
};

struct cn_engine {
    const struct cn_plan *plan;
    const struct cn_variable_plan *variable;
    const struct cn_kernels *kernels;
    const struct cn_arena *arena;
    const struct cn_watch *watch;
    struct cn_counters *counters;
    struct cn_variable_result *result;
    struct cn_pool *pool; /* of the whole engine; tasks allocate nothing in it */
    int threads;
    bool is_resumed; /* an earlier run has made some of the passes */
    bool is_again;   /* the program makes outputs that it has made before */

    struct cn_load_state *loads;        /* [variable->load_count] */
    struct cn_load_indexes *indexes;    /* of the files that loads read */
    struct cn_groups_state *groups;     /* [variable->group_count] */
    struct cn_batch_state *batches;     /* [variable->batch_count] */
    struct cn_outputs *outputs;         /* the files to make */
    struct cn_queue publisher;          /* of written files */
    struct cn_readahead *readahead;     /* NULL before the start and after the end */
    struct cn_reports *reports;         /* problems that are not reported yet */
    struct cn_implausible *implausible; /* values that are told at the end */
    struct cn_too_large *too_large;     /* the same */
    struct cn_found_values *found;      /* results that have a value */
    struct cn_thread_state *workers;    /* [threads] */
    struct cn_budget large_scratch;     /* of decodes that need much of it */

    atomic_bool *year_dropped;    /* [year_count] could not be read */
    atomic_size_t **damaged_from; /* [year_count][part_count] the first instant, in its file, of
                                     what cannot be read of a part; SIZE_MAX: none */
    atomic_bool *year_failed;     /* [year_count] counted as such */
    bool *source_slot_used;       /* [year_slots + group_slots] counted in arena_used */
    bool *result_slot_used;       /* [result_slots] the same */
    atomic_bool *file_read;       /* [catalog->file_count] opened for its data */

    atomic_int stop; /* enum cn_status: why no new work begins; CN_OK: go on */
    atomic_uint_fast64_t stop_ns;
    atomic_uint_fast64_t load_first_ns;
    pthread_mutex_t report_lock; /* of result->problems and machine_error */
    struct cn_error machine_error;
};

/* Notices a request to stop, and reports it once.
 * Returns: whether new work may begin. */
bool cn_engine_is_running(struct cn_engine *engine);

/* When a request to stop was first seen. Does not stop the engine.
 * Returns: 0: there is no request. */
uint64_t cn_engine_stop_requested_ns(struct cn_engine *engine);

/* Returns: the state of the calling thread, which must be one of the graph's. */
struct cn_thread_state *cn_engine_thread(const struct cn_engine *engine);

/* Adds to a counter, in the calling thread's line. */
void cn_engine_count(const struct cn_engine *engine, enum cn_counter counter, uint64_t more);

#endif
