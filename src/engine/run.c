/*
 * A run: the variables of the plan, one after another, each through the task graph.
 */
#include "climnorm/run.h"

#include "arena/arena.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "engine/variable.h"

#include <signal.h>
#include <stdlib.h>

static void copy_problems(struct cn_problems *to, const struct cn_problems *from)
{
    for (size_t i = 0; i < from->count; i++)
        cn_problems_add(to, from->items[i].severity, "%s", from->items[i].text);
    to->lost |= from->lost;
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
    bool stopped = status == CN_STOPPED; /* by a signal: the variable stays active */
    result->state =
        variable->failure || result->problems.lost || (status && !stopped) ? CN_FAILED : CN_DONE;
    if (stopped && result->normals_written < variable->outputs_wanted)
        result->state = CN_ACTIVE;
    else if (variable->outputs_wanted && !result->normals_written)
        result->state = CN_FAILED;
    result->wall_s = (double)(cn_now_ns() - start) * 1e-9;
    if (result->state != CN_ACTIVE)
        cn_counters_enter(counters, result->state);
    return status == CN_BAD_INPUT ? CN_OK : status; /* the next variable may succeed */
}

/* Lists the problems that are known before the run. */
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

/* Normals of variables that the run did not reach count as failed. */
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
            return 3; /* out of memory: some problem is not listed */
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
    if (result->count) /* those of the search belong to no variable: the first one lists them */
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
    if (status && result->count) /* without a result exit code 3 says it */
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
