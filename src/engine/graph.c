/*
 * The task graph. One thread creates all tasks of a variable in the order of the plan. Tasks depend
 * on the slots of the arena: a load waits until its slot is free, a batch until its years are
 * loaded. No other file has task pragmas. Each body is one call, so this file shows all that tasks
 * compete for, and thread sanitizers can follow it.
 */
#include "engine/graph.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/compute.h"
#include "engine/groups.h"
#include "engine/load.h"
#include "engine/output.h"

#include <omp.h>

/* Tasks depend on the items of engine->source_slot_used and result_slot_used, for slabs, group
 * values and results. Opens depend on the first of these, and the end of a batch on the other. Only
 * the addresses count. */
static char hdf5_lock, batch_order;

/* Tasks that may be created and not have ended. A task that waits takes memory, and the time of
 * each task that is created behind it for the same slots. */
enum { MOST_TASKS = 1024, MOST_TASKS_PER_THREAD = 64 };

/* The tasks that the producer has created. */
struct created {
    size_t count;
    size_t *of_batch; /* [batch_count] count at the end of each batch */
    size_t ended;     /* batches that have ended */
};

/* clang-format 14 does not know how to break a depend clause. */
/* clang-format off */
/* Opens run one at a time: together they would only wait for each other at the HDF5 lock. */
static void create_open(struct cn_engine *engine, size_t load)
{
    const struct cn_load_state *state = &engine->loads[load]; /* NOLINT: depend uses it */
#pragma omp task default(none) firstprivate(engine, load) depend(inout : hdf5_lock) \
    depend(iterator(size_t k = 0 : state->slot_count), \
           out : engine->source_slot_used[state->slots[k]])
    cn_load_open(engine, load);
}

static void create_decodes(struct cn_engine *engine, size_t load)
{
    const struct cn_load_state *state = &engine->loads[load];
    for (size_t d = 0; d < state->decode_count; d++) {
        /* Decodes depend on the first slot alone: open and seal depend on all. */
#pragma omp task default(none) firstprivate(engine, load, d) \
    depend(in : engine->source_slot_used[state->slots[0]])
        cn_load_decode(engine, load, d);
    }
#pragma omp task default(none) firstprivate(engine, load) \
    depend(iterator(size_t k = 0 : state->slot_count), \
           inout : engine->source_slot_used[state->slots[k]])
    cn_load_seal(engine, load);
}

/* The group values of a year, from its slab and that of the year before. */
static void create_groups(struct cn_engine *engine, size_t groups)
{
    const struct cn_groups_state *state = &engine->groups[groups]; /* NOLINT: depend uses it */
    const bool *filled = &engine->source_slot_used[state->filled_slot]; /* NOLINT: as above */
#pragma omp task default(none) firstprivate(engine, groups) \
    depend(iterator(size_t k = 0 : state->slot_count), \
           in : engine->source_slot_used[state->slots[k]]) \
    depend(out : *filled)
    cn_groups_open(engine, groups);
    for (size_t t = 0; t < state->tile_count; t++) {
#pragma omp task default(none) firstprivate(engine, groups, t) depend(in : *filled)
        cn_groups_tile(engine, groups, t);
    }
    /* The slabs stay until all tiles have ended. */
#pragma omp task default(none) depend(inout : *filled) \
    depend(iterator(size_t k = 0 : state->slot_count), \
           in : engine->source_slot_used[state->slots[k]])
    {
    }
}

/* A later pass adds to the output files of the same targets, so it encodes when the pass before it
 * has put what it made. */
static void create_encodes(struct cn_engine *engine, size_t batch, const bool *result)
{
    const struct cn_outputs *outputs = engine->outputs;
    const size_t first = outputs->first_of_batch[batch], end = outputs->first_of_batch[batch + 1];
    const struct cn_batch_state *before = /* NOLINT: depend uses it */
        &engine->batches[engine->batches[batch].batch_before];
    (void)result; /* gcc does not see that depend uses it */
    for (size_t n = first; n < end; n++)
        for (size_t e = 0; e < outputs->tasks[n].encode_count; e++) {
#pragma omp task default(none) firstprivate(engine, n, e) depend(in : *result) \
    depend(in : before->is_put)
            cn_output_encode(engine, n, e);
        }
}

static void create_batch(struct cn_engine *engine, size_t batch)
{
    struct cn_batch_state *state = &engine->batches[batch];
    const bool *result = /* NOLINT: depend uses it */
        &engine->result_slot_used[engine->variable->batches[batch].result_slot];
#pragma omp task default(none) firstprivate(engine, batch) \
    depend(iterator(size_t k = 0 : state->slot_count), \
           in : engine->source_slot_used[state->slots[k]]) \
    depend(out : *result)
    cn_batch_gate(engine, batch);
    for (size_t t = 0; t < state->tile_count; t++) {
#pragma omp task default(none) firstprivate(engine, batch, t) depend(in : *result)
        cn_batch_tile(engine, batch, t);
    }
#pragma omp task default(none) firstprivate(engine, batch) \
    depend(iterator(size_t k = 0 : state->slot_count), \
           in : engine->source_slot_used[state->slots[k]]) \
    depend(inout : *result)
    cn_batch_join(engine, batch);
    create_encodes(engine, batch, result);
    /* A normal may wait for those of earlier batches before it is written. */
#pragma omp task default(none) depend(inout : *result) depend(inout : batch_order) \
    depend(out : state->is_put)
    {
    }
}
/* clang-format on */

/* Waits until there is room for more tasks; the producer runs others meanwhile. */
static void wait_for_room(const struct cn_engine *engine, struct created *created, size_t batch)
{
    const size_t of_threads = MOST_TASKS_PER_THREAD * (size_t)engine->threads;
    const size_t most = of_threads > MOST_TASKS ? of_threads : MOST_TASKS;
    while (created->ended < batch && created->count - created->of_batch[created->ended] > most) {
        const struct cn_batch_state *state = &engine->batches[created->ended++]; /* NOLINT */
#pragma omp taskwait depend(in : state->is_put)
    }
}

/* Tasks of a load: open, decodes, seal. */
static size_t load_tasks(const struct cn_engine *engine, size_t load)
{
    return engine->loads[load].decode_count + 2;
}

/* Tasks of groups: open, tiles, end. */
static size_t group_tasks(const struct cn_engine *engine, size_t groups)
{
    return engine->groups[groups].tile_count + 2;
}

/* Tasks of a batch: gate, tiles, join, encodes, end. */
static size_t batch_tasks(const struct cn_engine *engine, size_t batch)
{
    const struct cn_outputs *outputs = engine->outputs;
    size_t count = engine->batches[batch].tile_count + 3;
    for (size_t n = outputs->first_of_batch[batch]; n < outputs->first_of_batch[batch + 1]; n++)
        count += outputs->tasks[n].encode_count;
    return count;
}

/* Whether groups read a slot that a load fills. */
static bool reads_slot_of(const struct cn_engine *engine, size_t groups, size_t load)
{
    const struct cn_groups_state *reader = &engine->groups[groups];
    const struct cn_load_state *filler = &engine->loads[load];
    for (size_t k = 0; k < filler->slot_count; k++)
        for (size_t i = 0; i < reader->slot_count; i++)
            if (filler->slots[k] == reader->slots[i])
                return true;
    return false;
}

/* The next load, if its open can be created before what stands between it and step s; else the
 * number of steps. */
static size_t next_load(const struct cn_engine *engine, size_t s)
{
    const struct cn_step *step = engine->variable->steps;
    const size_t count = engine->variable->step_count;
    size_t next = s + 1;
    while (next < count && step[next].kind == CN_GROUPS)
        next++;
    if (next == count || step[next].kind != CN_LOAD)
        return count;
    for (size_t k = s + 1; k < next; k++)
        if (reads_slot_of(engine, step[k].index, step[next].index))
            return count;
    return next;
}

/* The queue is first in, first out. A load must be opened while the one before it is decoded, not
 * after. So its open is created before the decodes of the other. After a stop no more are created.
 */
static void create_tasks(struct cn_engine *engine, struct created *created)
{
    const struct cn_step *step = engine->variable->steps;
    const size_t count = engine->variable->step_count;
    size_t batches = 0, opened = count; /* the step whose load is open already */
    for (size_t s = 0; s < count && cn_engine_is_running(engine); s++) {
        switch (step[s].kind) {
        case CN_LOAD:
            if (s != opened)
                create_open(engine, step[s].index);
            opened = next_load(engine, s);
            if (opened < count)
                create_open(engine, step[opened].index);
            create_decodes(engine, step[s].index);
            created->count += load_tasks(engine, step[s].index);
            break;
        case CN_GROUPS:
            create_groups(engine, step[s].index);
            created->count += group_tasks(engine, step[s].index);
            break;
        case CN_BATCH:
            create_batch(engine, step[s].index);
            created->count += batch_tasks(engine, step[s].index);
            created->of_batch[batches++] = created->count;
            wait_for_room(engine, created, batches);
            break;
        }
    }
}

enum cn_status cn_graph_run(struct cn_engine *engine, struct cn_error *error)
{
    const size_t batches = engine->variable->batch_count;
    struct created created = {.of_batch =
                                  cn_pool_alloc(engine->pool, batches, sizeof *created.of_batch)};
    if (!created.of_batch)
        return cn_fail_memory(error, "a variable");
    const int dynamic = omp_get_dynamic(), levels = omp_get_max_active_levels();
    omp_set_dynamic(false); /* exactly num_threads, whatever the environment says */
    omp_set_max_active_levels(omp_get_active_level() + 1);
#pragma omp parallel default(none) shared(engine, created) num_threads(engine->threads)
#pragma omp single
    create_tasks(engine, &created);
    omp_set_dynamic(dynamic); /* they are the caller's */
    omp_set_max_active_levels(levels);
    return CN_OK;
}
