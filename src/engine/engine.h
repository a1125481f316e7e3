/*
 * One variable on its way through the engine: the state that its tasks share. What is decided
 * stands in the plan; here stands only what becomes known while running.
 */
#ifndef CLIMNORM_ENGINE_ENGINE_H
#define CLIMNORM_ENGINE_ENGINE_H

#include "arena/arena.h"
#include "base/clock.h"
#include "climnorm/run.h"
#include "codec/scratch.h"
#include "engine/budget.h"
#include "sink/output_file.h"
#include "source/bytes.h"
#include "source/file_reader.h"

#include <pthread.h>

/* A stretch of units of one read: the work of one decode task. */
struct cn_decode {
    size_t read; /* in the load's reads */
    size_t first_unit, unit_count;
    atomic_int state;         /* readahead.c: who reads its bytes */
    struct cn_buffer *buffer; /* what was read ahead for it, until it is decoded */
};

struct cn_load_state {
    struct cn_reader *reads; /* one per file of the load */
    atomic_bool *failed;     /* [read_count] reported already */
    size_t read_count;
    struct cn_decode *decodes;
    size_t decode_count;
    size_t *slots; /* [slot_count] year slots, one per year: the dependences */
    size_t slot_count;
    bool first_use; /* no year was in these slots before; set by open */
};

/* One file to make. */
struct cn_output_task {
    size_t batch, target, region; /* target: index in the plan */
    atomic_size_t encodes_left;
    size_t encode_count;
    struct cn_encoded *means, *counts; /* [slots]; counts NULL when not asked for */
};

struct cn_batch_state {
    const float **slabs; /* [row_count] NULL: year left out; set by the gate */
    bool *computed;      /* [target_count] its window has enough years; set by the gate */
    size_t *slots;       /* distinct year slots: the dependences */
    size_t slot_count;
    size_t first_output_task, output_task_count;
    size_t tile_count;
    bool first_use; /* no batch was in its result slot before; set by the gate */
};

/* What one thread has for itself, in cache lines of its own. The sums are plain: nobody else looks
 * at them before the graph has ended. */
struct cn_thread_state {
    _Alignas(64) struct cn_scratch scratch;
    uint64_t compute_ns, write_ns; /* spent in bodies */
    uint64_t load_last_ns;         /* when its last decode ended */
};

struct cn_engine {
    const struct cn_plan *plan;
    const struct cn_variable_plan *variable;
    const struct cn_kernels *kernels;
    const struct cn_arena *arena;
    const struct cn_run_hooks *hooks;
    struct cn_counters *counters;
    struct cn_variable_result *result;
    int threads;

    struct cn_load_state *loads;
    struct cn_batch_state *batches;
    struct cn_output_task *output_tasks;
    size_t output_task_count;
    struct cn_skeleton *skeletons;   /* [region_count] */
    atomic_bool *year_dropped;       /* [year_count] could not be read */
    bool *slot_used;                 /* [year_slots + result_slots] counted in arena_used */
    atomic_bool *file_read;          /* [catalog->file_count] opened for data */
    struct cn_thread_state *workers; /* [threads] */
    struct cn_publisher *publisher;
    struct cn_readahead *readahead;
    struct cn_budget scratch; /* of large decodes */

    atomic_int stop; /* enum cn_status: why no new work is begun; CN_OK: go on */
    atomic_uint_fast64_t stop_ns;
    atomic_uint_fast64_t load_first_ns;
    pthread_mutex_t report_lock; /* result->problems, machine_error */
    struct cn_error machine_error;
    struct cn_pool *pool;
};

/* Whether new work may begin; also hears a request to stop. */
bool cn_engine_is_running(struct cn_engine *engine);
/* When a request to stop was first heard; 0: there is none. Changes nothing else. */
uint64_t cn_engine_stop_requested_ns(struct cn_engine *engine);
/* Lists a problem, says it, and shows it if it is the variable's first. */
void cn_engine_report(struct cn_engine *engine, const char *text);
/* An error ends the job: the first one is kept, but one of the machine outweighs others. */
void cn_engine_abort(struct cn_engine *engine, const struct cn_error *error);
struct cn_thread_state *cn_engine_thread(struct cn_engine *engine); /* the calling thread's */
struct cn_scratch *cn_engine_scratch(struct cn_engine *engine);     /* the calling thread's */

/* The first problem of a list goes to the display; its text stays until the run has ended. */
void cn_show_problem(struct cn_counters *counters, const struct cn_problems *problems);

/* The bodies of the tasks, one call each. */
enum cn_status cn_loads_prepare(struct cn_engine *engine, struct cn_error *error);
void cn_load_open(struct cn_engine *engine, size_t load);
void cn_load_decode(struct cn_engine *engine, size_t load, size_t index);
void cn_load_seal(struct cn_engine *engine, size_t load);
void cn_loads_free(struct cn_engine *engine);

enum cn_status cn_batches_prepare(struct cn_engine *engine, struct cn_error *error);
void cn_batch_gate(struct cn_engine *engine, size_t batch);
void cn_batch_tile(struct cn_engine *engine, size_t batch, size_t tile);
void cn_batch_join(struct cn_engine *engine, size_t batch);

enum cn_status cn_outputs_prepare(struct cn_engine *engine, struct cn_error *error);
/* Encodes a share of a file's chunks; the last share also writes the file. */
void cn_output_encode(struct cn_engine *engine, size_t output_task, size_t share);
void cn_outputs_free(struct cn_engine *engine);

/* The threads that read ahead of the decodes. */
enum cn_status cn_readahead_start(struct cn_engine *engine, struct cn_error *error);
/* The reads of `load` are open, and are decoded after those that came before. */
void cn_readahead_take(struct cn_engine *engine, size_t load);
/* A decode begins: what was read for it, or NULL; waits for what is being read. */
const struct cn_prefetched *cn_readahead_claim(struct cn_engine *engine, struct cn_decode *decode);
/* The decode has ended. */
void cn_readahead_release(struct cn_engine *engine, struct cn_decode *decode);
void cn_readahead_finish(struct cn_engine *engine);

/* The threads that sync and rename finished files; they only wait for I/O. Some seconds after a
 * request to stop they remove what still waits, and the job's stop says so. */
enum cn_status cn_publisher_start(struct cn_engine *engine, struct cn_error *error);
/* Publishes a written temporary, later and elsewhere; here only because memory ran out or threads.
 */
void cn_publisher_take(struct cn_engine *engine, const struct cn_normal_file *file,
                       const char *temporary);
void cn_publisher_finish(struct cn_engine *engine);

/* One variable's program through the graph; returns why the run cannot go on, or CN_OK. The
 * counters are zero; *result gets what was measured, its problems are added to. */
enum cn_status cn_variable_run(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                               const struct cn_arena *arena, const struct cn_kernels *kernels,
                               const struct cn_run_hooks *hooks, struct cn_counters *counters,
                               struct cn_variable_result *result);

/* Runs the task graph with job->threads threads. */
void cn_graph_run(struct cn_engine *engine);

#endif
