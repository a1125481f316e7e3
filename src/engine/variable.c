/*
 * One variable: the engine is prepared, the task graph runs, and the result is collected.
 */
#include "engine/variable.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/compute.h"
#include "engine/damage.h"
#include "engine/found.h"
#include "engine/graph.h"
#include "engine/groups.h"
#include "engine/implausible.h"
#include "engine/load.h"
#include "engine/output.h"
#include "engine/publisher.h"
#include "engine/readahead.h"
#include "engine/report.h"
#include "engine/too_large.h"
#include "plan/schedule.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH_SHARE = 8 }; /* of the machine's memory: all large decodes together */

/* Prepares what lasts for all attempts. */
static enum cn_status prepare_engine(struct cn_engine *engine, struct cn_error *error)
{
    const size_t years = engine->variable->variable->year_count;
    engine->year_failed = cn_pool_alloc(engine->pool, years, sizeof *engine->year_failed);
    engine->file_read =
        cn_pool_alloc(engine->pool, engine->plan->catalog->file_count, sizeof *engine->file_read);
    engine->workers = aligned_alloc(_Alignof(struct cn_thread_state),
                                    (size_t)engine->threads * sizeof *engine->workers);
    if (engine->workers) /* at once: they are freed also after a failure */
        memset(engine->workers, 0, (size_t)engine->threads * sizeof *engine->workers);
    if (!engine->year_failed || !engine->file_read || !engine->workers)
        return cn_fail_memory(error, "a variable");
    enum cn_status status = cn_damage_prepare(engine, error);
    if (!status)
        status = cn_reports_prepare(engine, error);
    if (!status)
        status = cn_implausible_prepare(engine, error);
    if (!status)
        status = cn_too_large_prepare(engine, error);
    if (!status)
        status = cn_found_prepare(engine, error);
    cn_publisher_start(engine);
    return status;
}

/* Runs the program of engine->variable. */
static enum cn_status attempt(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    engine->source_slot_used =
        cn_pool_alloc(engine->pool, variable->year_slots + variable->group_slots, sizeof(bool));
    engine->result_slot_used = cn_pool_alloc(engine->pool, variable->result_slots, sizeof(bool));
    if (!engine->source_slot_used || !engine->result_slot_used)
        return cn_fail_memory(error, "a variable");
    enum cn_status status = cn_loads_prepare(engine, error);
    if (!status)
        status = cn_groups_prepare(engine, error);
    if (!status)
        status = cn_batches_prepare(engine, error);
    if (!status)
        status = cn_outputs_prepare(engine, error);
    if (!status)
        status = cn_readahead_start(engine, error);
    if (!status)
        status = cn_graph_run(engine, error);
    cn_readahead_finish(engine);
    return status;
}

static void free_attempt(struct cn_engine *engine)
{
    cn_loads_free(engine);
    cn_outputs_free(engine);
    engine->loads = NULL;
    engine->groups = NULL;
    engine->batches = NULL;
    engine->outputs = NULL;
    engine->indexes = NULL;
}

/* Makes the plan of another attempt for files whose passes used different years, because a later
 * pass could not read one. *again: NULL: there are no such files. */
static enum cn_status plan_again(const struct cn_engine *engine, struct cn_variable_plan **again,
                                 struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t years = variable->variable->year_count;
    bool is_stale = false;
    *again = NULL;
    for (size_t o = 0; o < variable->output_count; o++)
        is_stale |= engine->outputs->files[o].is_stale;
    if (!is_stale)
        return CN_OK;
    struct cn_variable_plan *made = cn_pool_alloc(engine->pool, 1, sizeof *made);
    struct cn_output *outputs =
        cn_pool_alloc(engine->pool, variable->output_count, sizeof *outputs);
    bool *unreadable = cn_pool_alloc(engine->pool, years, sizeof *unreadable);
    if (!made || !outputs || !unreadable)
        return cn_fail_memory(error, "a variable");
    for (size_t y = 0; y < years; y++)
        unreadable[y] = atomic_load(&engine->year_dropped[y]);
    for (size_t o = 0; o < variable->output_count; o++) {
        outputs[o] = variable->outputs[o];
        outputs[o].wanted = engine->outputs->files[o].is_stale;
    }
    *made = *variable;
    made->outputs = outputs;
    made->unreadable = unreadable;
    *again = made;
    return cn_plan_again(engine->plan, engine->pool, engine->arena->bytes, made, error);
}

/* Counts what a program reads and encodes. */
static void count_work(const struct cn_variable_plan *variable, struct cn_counters *counters)
{
    const double times = variable->bytes_to_decode_once ? (double)variable->bytes_to_decode /
                                                              (double)variable->bytes_to_decode_once
                                                        : 0;
    cn_count(counters, CN_BYTES_TO_READ, (uint64_t)((double)variable->bytes_to_read * times));
    for (size_t l = 0; l < variable->load_count; l++)
        cn_count(counters, CN_YEARS_TOTAL, variable->loads[l].year_count);
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        const enum cn_time time = cn_batch_sample(variable, batch)->time;
        const struct cn_layout *layout = &variable->passes[batch->pass].results[time];
        for (size_t t = batch->first_target; t < batch->first_target + batch->target_count; t++)
            for (size_t n = 0; n < cn_normal_count(variable, &variable->targets[t]); n++) {
                const struct cn_region_cells *region = &layout->regions[n % layout->region_count];
                if (region->row_count && cn_is_normal_wanted(variable, &variable->targets[t], n))
                    cn_count(counters, CN_BYTES_TO_ENCODE,
                             region->chunk_count * region->chunk_cells * sizeof(float));
            }
    }
}

/* Forgets what the attempt before has found of the outputs that are made again. */
static void forget_values(struct cn_engine *engine, const struct cn_variable_plan *again)
{
    for (size_t t = 0; t < again->target_count; t++)
        for (size_t n = 0; n < cn_normal_count(again, &again->targets[t]); n++)
            if (cn_is_normal_wanted(again, &again->targets[t], n)) {
                cn_found_forget(engine, t, n);
                cn_too_large_forget(engine, t, n);
            }
}

/* Attempts until no file has to be made again: each attempt knows of one more year that cannot be
 * read. */
static enum cn_status make_all(struct cn_engine *engine, struct cn_error *error)
{
    struct cn_variable_plan *again;
    enum cn_status status = attempt(engine, error);
    while (!status && cn_engine_is_running(engine)) {
        status = plan_again(engine, &again, error);
        if (status || !again)
            break;
        free_attempt(engine);
        engine->variable = again;
        engine->is_again = true;
        forget_values(engine, again);
        cn_count(engine->counters, CN_NORMALS_AGAIN, again->normals_wanted);
        count_work(again, engine->counters);
        status = attempt(engine, error);
    }
    free_attempt(engine);
    return status;
}

static void collect_result(struct cn_engine *engine, const struct cn_variable_plan *variable)
{
    struct cn_variable_result *result = engine->result;
    uint64_t first = atomic_load(&engine->load_first_ns), last = 0;
    for (int t = 0; engine->workers && t < engine->threads; t++) {
        const struct cn_thread_state *worker = &engine->workers[t];
        last = worker->load_last_ns > last ? worker->load_last_ns : last;
    }
    for (size_t f = 0; engine->file_read && f < engine->plan->catalog->file_count; f++)
        result->files_read += atomic_load(&engine->file_read[f]);
    result->bytes_read = cn_counted(engine->counters, CN_BYTES_READ);
    result->passes = cn_counted(engine->counters, CN_PASSES);
    result->chunks_read = cn_counted(engine->counters, CN_CHUNKS_READ);
    result->chunks_decoded = cn_counted(engine->counters, CN_CHUNKS_DECODED);
    result->load_s = last > first ? (double)(last - first) * 1e-9 : 0;
    result->compute_s = 1e-9 * (double)cn_counted(engine->counters, CN_COMPUTE_NS);
    result->write_s = 1e-9 * (double)cn_counted(engine->counters, CN_WRITE_NS);
    result->normals_written = cn_counted(engine->counters, CN_NORMALS_WRITTEN);
    const uint64_t missing = variable->normals_wanted - result->normals_written;
    const uint64_t unmade = cn_counted(engine->counters, CN_NORMALS_UNMADE);
    uint64_t failed = missing - (unmade < missing ? unmade : missing);
    if (atomic_load(&engine->stop)) { /* what no task came to has not failed */
        failed = cn_counted(engine->counters, CN_NORMALS_FAILED);
        failed = failed < missing ? failed : missing;
    }
    result->normals_failed += failed;
    result->normals_unmade += missing - failed;
}

/* Counts what the steps before the first batch read, and what those after the last load make. */
static void count_ends(const struct cn_variable_plan *variable, struct cn_counters *counters)
{
    size_t first = 0, end = variable->step_count;
    for (; first < end && variable->steps[first].kind == CN_LOAD; first++)
        cn_count(counters, CN_YEARS_FIRST,
                 variable->loads[variable->steps[first].index].year_count);
    for (; end > first && variable->steps[end - 1].kind == CN_BATCH; end--) {
        const struct cn_batch *batch = &variable->batches[variable->steps[end - 1].index];
        for (size_t t = 0; t < batch->target_count; t++)
            cn_count(counters, CN_NORMALS_LAST,
                     cn_wanted_normals(variable, &variable->targets[batch->first_target + t]));
    }
}

void cn_variable_count_totals(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                              struct cn_counters *counters)
{
    cn_count(counters, CN_NORMALS_TOTAL, variable->normals_wanted);
    cn_count(counters, CN_NORMALS_KEPT, variable->normals_skipped);
    cn_count(counters, CN_ARENA_BOUND, plan->arena_bytes);
    if (variable->failure || !variable->normals_wanted)
        return;
    count_work(variable, counters);
    cn_count(counters, CN_PASSES, variable->pass_count);
    cn_count(counters, CN_PASSES_MADE, variable->resume.passes_done);
    const struct cn_pass *pass = cn_first_pass(variable);
    for (size_t l = 0; variable->pass_count > 1 && l < pass->load_count; l++)
        cn_count(counters, CN_YEARS_OF_PASS, variable->loads[pass->first_load + l].year_count);
    count_ends(variable, counters);
}

enum cn_status cn_variable_run(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                               const struct cn_arena *arena, const struct cn_kernels *kernels,
                               const struct cn_watch *watch, struct cn_counters *counters,
                               struct cn_variable_result *result)
{
    struct cn_engine engine = {.plan = plan,
                               .variable = variable,
                               .kernels = kernels,
                               .arena = arena,
                               .watch = watch,
                               .counters = counters,
                               .result = result,
                               .threads = plan->resources.threads,
                               .is_resumed = variable->resume.passes_done > 0,
                               .report_lock = PTHREAD_MUTEX_INITIALIZER,
                               .pool = cn_pool_new()};
    struct cn_error error;
    cn_budget_init(&engine.large_scratch, plan->resources.machine_memory / SCRATCH_SHARE);
    enum cn_status status =
        engine.pool ? prepare_engine(&engine, &error) : cn_fail_memory(&error, "a variable");
    if (!status)
        status = make_all(&engine, &error);
    if (status)
        cn_engine_abort(&engine, &error);
    cn_publisher_finish(&engine);
    cn_reports_finish(&engine);
    collect_result(&engine, variable);
    cn_reports_free(&engine);
    cn_implausible_finish(&engine);
    cn_too_large_finish(&engine);
    for (int t = 0; engine.workers && t < engine.threads; t++)
        cn_scratch_free(&engine.workers[t].scratch);
    free(engine.workers);
    cn_pool_free(engine.pool);
    cn_budget_destroy(&engine.large_scratch);
    pthread_mutex_destroy(&engine.report_lock);
    return (enum cn_status)atomic_load(&engine.stop);
}
