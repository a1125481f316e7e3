/*
 * A run: the variables of the plan, one after another, each through the task graph.
 */
#include "engine/engine.h"

#include "base/machine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH_SHARE = 8 }; /* of the machine's memory: what large decodes hold together */

static void copy_problems(struct cn_problems *to, const struct cn_problems *from)
{
    for (size_t i = 0; i < from->count; i++)
        cn_problems_add(to, from->items[i].severity, "%s", from->items[i].text);
    to->lost |= from->lost;
}

static enum cn_status prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    engine->year_dropped =
        cn_pool_alloc(engine->pool, variable->variable->year_count, sizeof *engine->year_dropped);
    engine->slot_used = cn_pool_alloc(engine->pool, variable->year_slots + variable->result_slots,
                                      sizeof *engine->slot_used);
    engine->file_read =
        cn_pool_alloc(engine->pool, engine->plan->catalog->file_count, sizeof *engine->file_read);
    engine->workers = aligned_alloc(_Alignof(struct cn_thread_state),
                                    (size_t)engine->threads * sizeof *engine->workers);
    if (engine->workers) /* before anything can fail: they are freed whatever happens */
        memset(engine->workers, 0, (size_t)engine->threads * sizeof *engine->workers);
    if (!engine->year_dropped || !engine->slot_used || !engine->file_read || !engine->workers)
        return cn_fail_memory(error, "a variable");
    enum cn_status status = cn_loads_prepare(engine, error);
    if (!status)
        status = cn_batches_prepare(engine, error);
    if (!status)
        status = cn_outputs_prepare(engine, error);
    if (!status)
        status = cn_publisher_start(engine, error);
    if (!status)
        status = cn_readahead_start(engine, error);
    return status;
}

static void collect(struct cn_engine *engine)
{
    struct cn_variable_result *result = engine->result;
    uint64_t first = atomic_load(&engine->load_first_ns), last = 0, compute_ns = 0, write_ns = 0;
    for (int t = 0; engine->workers && t < engine->threads; t++) {
        const struct cn_thread_state *worker = &engine->workers[t];
        last = worker->load_last_ns > last ? worker->load_last_ns : last;
        compute_ns += worker->compute_ns;
        write_ns += worker->write_ns;
    }
    for (size_t f = 0; engine->file_read && f < engine->plan->catalog->file_count; f++)
        result->files_read += atomic_load(&engine->file_read[f]);
    result->bytes_read = cn_bytes_read(engine->counters);
    result->load_s = last > first ? (double)(last - first) * 1e-9 : 0;
    result->compute_s = (double)compute_ns * 1e-9;
    result->write_s = (double)write_ns * 1e-9;
    result->normals_written = cn_counted(&engine->counters->files_written);
    result->normals_failed += engine->variable->outputs_wanted - result->normals_written;
}

enum cn_status cn_variable_run(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                               const struct cn_arena *arena, const struct cn_kernels *kernels,
                               const struct cn_run_hooks *hooks, struct cn_counters *counters,
                               struct cn_variable_result *result)
{
    struct cn_engine engine = {.plan = plan,
                               .variable = variable,
                               .kernels = kernels,
                               .arena = arena,
                               .hooks = hooks,
                               .counters = counters,
                               .result = result,
                               .threads = plan->threads,
                               .report_lock = PTHREAD_MUTEX_INITIALIZER,
                               .pool = cn_pool_new()};
    struct cn_error error;
    cn_budget_begin(&engine.scratch, cn_machine_memory() / SCRATCH_SHARE);
    enum cn_status status =
        engine.pool ? prepare(&engine, &error) : cn_fail_memory(&error, "a variable");
    if (status)
        cn_engine_abort(&engine, &error);
    else
        cn_graph_run(&engine);
    cn_readahead_finish(&engine);
    cn_publisher_finish(&engine);
    collect(&engine);
    cn_loads_free(&engine);
    cn_outputs_free(&engine);
    for (int t = 0; engine.workers && t < engine.threads; t++)
        cn_scratch_free(&engine.workers[t].scratch);
    free(engine.workers);
    cn_pool_free(engine.pool);
    cn_budget_end(&engine.scratch);
    pthread_mutex_destroy(&engine.report_lock);
    return (enum cn_status)atomic_load(&engine.stop);
}

static enum cn_status run_variable(const struct cn_plan *plan, size_t index,
                                   const struct cn_arena *arena, const struct cn_kernels *kernels,
                                   const struct cn_run_hooks *hooks,
                                   struct cn_variable_result *result)
{
    const struct cn_variable_plan *variable = &plan->variables[index];
    struct cn_counters *counters = &hooks->counters[index];
    enum cn_status status = CN_OK;
    uint64_t start = cn_now_ns();
    for (size_t i = 0; i < result->problems.count; i++)
        cn_progress_say(hooks->progress, "%s%s",
                        result->problems.items[i].severity == CN_PROBLEM ? "! " : "warning: ",
                        result->problems.items[i].text);
    counters->files_total = variable->outputs_wanted;
    counters->normals_skipped = variable->outputs_skipped;
    for (size_t l = 0; l < variable->load_count; l++)
        counters->years_total += variable->loads[l].year_count;
    counters->bytes_to_read = variable->bytes_to_read;
    counters->bytes_to_write = variable->space.most;
    cn_show_problem(counters, &result->problems);
    cn_counters_enter(counters, CN_ACTIVE);
    if (!variable->failure && variable->outputs_wanted)
        status = cn_variable_run(plan, variable, arena, kernels, hooks, counters, result);
    bool stopped = status == CN_STOPPED; /* by a signal: it stays active */
    result->state =
        variable->failure || result->problems.lost || (status && !stopped) ? CN_FAILED : CN_DONE;
    if (stopped && result->normals_written < variable->outputs_wanted)
        result->state = CN_ACTIVE;
    else if (variable->outputs_wanted && !result->normals_written)
        result->state = CN_FAILED;
    result->wall_s = (double)(cn_now_ns() - start) * 1e-9;
    if (result->state != CN_ACTIVE)
        cn_counters_enter(counters, result->state);
    return status == CN_BAD_INPUT ? CN_OK : status; /* the next variable may be better */
}

/* Problems that are known before anything runs. */
static void list_known_problems(const struct cn_variable_plan *variable,
                                struct cn_variable_result *result)
{
    result->name = variable->variable->name;
    result->normals_skipped = variable->outputs_skipped;
    result->normals_failed = variable->outputs_failed;
    if (variable->failure)
        cn_problems_add(&result->problems, CN_PROBLEM, "%s: %s", result->name, variable->failure);
    copy_problems(&result->problems, &variable->variable->problems);
    copy_problems(&result->problems, &variable->problems);
}

/* What was not made was not made, whatever the reason. */
static void count_unreached(const struct cn_plan *plan, struct cn_run_result *result)
{
    for (size_t v = 0; v < result->count; v++)
        if (result->variables[v].state == CN_WAITING)
            result->variables[v].normals_failed += plan->variables[v].outputs_wanted;
}

static int exit_code(const struct cn_run_hooks *hooks, const struct cn_run_result *result,
                     enum cn_status status)
{
    if (status == CN_STOPPED)
        return 128 + (hooks->stop ? atomic_load(hooks->stop) : SIGINT);
    if (status)
        return 3;
    int code = 0;
    for (size_t v = 0; v < result->count; v++) {
        if (result->variables[v].problems.lost)
            return 3; /* out of memory, and what was wrong is not known any more */
        if (cn_problems_count(&result->variables[v].problems, CN_PROBLEM))
            code = 2;
    }
    return code;
}

enum cn_status cn_run_preview(const struct cn_plan *plan, struct cn_run_result *result)
{
    *result = (struct cn_run_result){.threads = plan->threads};
    result->variables = calloc(plan->variable_count + 1, sizeof *result->variables);
    if (!result->variables)
        return CN_BAD_MACHINE;
    result->count = plan->variable_count;
    if (result->count) /* those of the tree belong to no variable: the first one tells */
        copy_problems(&result->variables[0].problems, &plan->catalog->problems);
    for (size_t v = 0; v < result->count; v++)
        list_known_problems(&plan->variables[v], &result->variables[v]);
    result->exit_code = exit_code(NULL, result, CN_OK);
    return CN_OK;
}

void cn_run(const struct cn_plan *plan, const struct cn_run_hooks *hooks,
            struct cn_run_result *result)
{
    const struct cn_kernels *kernels = NULL;
    struct cn_arena arena = {0};
    struct cn_error error;
    uint64_t start = cn_now_ns();
    enum cn_status status = cn_run_preview(plan, result);
    if (!status)
        status = cn_kernels_select(&kernels, &error);
    result->isa = kernels ? kernels->isa : NULL;
    if (!status)
        status = cn_arena_open(&arena, plan->arena_bytes, &error);
    if (status && result->count) /* without results, memory ran out: exit code 3 tells */
        cn_problems_add(&result->variables[0].problems, CN_PROBLEM, "%s", error.text);
    for (size_t v = 0; v < result->count && !status; v++)
        status = run_variable(plan, v, &arena, kernels, hooks, &result->variables[v]);
    cn_arena_close(&arena);
    count_unreached(plan, result);
    result->wall_s = (double)(cn_now_ns() - start) * 1e-9;
    result->exit_code = exit_code(hooks, result, status);
}

void cn_result_free(struct cn_run_result *result)
{
    for (size_t v = 0; v < result->count; v++)
        cn_problems_free(&result->variables[v].problems);
    free(result->variables);
    *result = (struct cn_run_result){0};
}
