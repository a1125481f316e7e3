/*
 * The run of a job: the variables of the plan, one after another, each through the task graph.
 */
#include "climnorm/job.h"

#include "arena/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "codec/inflate/choose.h"
#include "engine/engine.h"
#include "engine/variable.h"
#include "job/results.h"
#include "job/shared_problems.h"
#include "progress/counters.h"
#include "progress/problems.h"

#include <stdlib.h>
#include <string.h>

static double elapsed_seconds(uint64_t start_ns)
{
    return (double)(cn_now_ns() - start_ns) * 1e-9;
}

static void copy_problems(struct cn_problems *to, const struct cn_problems *from)
{
    for (size_t i = 0; i < from->count; i++)
        cn_problems_add(to, from->items[i].severity, "%s", from->items[i].text);
    to->lost |= from->lost;
}

static enum cn_status run_variable(const struct cn_job *job, size_t index,
                                   const struct cn_arena *arena, const struct cn_watch *watch,
                                   struct cn_variable_result *result)
{
    const struct cn_variable_plan *variable = &job->plan->variables[index];
    struct cn_counters *counters = &job->counters[index];
    enum cn_status status = CN_OK;
    uint64_t start = cn_now_ns();
    cn_show_problem(counters, &result->problems);
    cn_counters_enter(counters, CN_ACTIVE);
    if (!variable->failure && variable->normals_wanted)
        status = cn_variable_run(job->plan, variable, arena, job->kernels, watch, counters, result);
    bool stopped = status == CN_STOPPED; /* by a signal: the variable stays active */
    result->state =
        variable->failure || result->problems.lost || (status && !stopped) ? CN_FAILED : CN_DONE;
    if (stopped && result->normals_written < variable->normals_wanted)
        result->state = CN_ACTIVE;
    else if (variable->normals_wanted && !result->normals_written)
        result->state = CN_FAILED;
    result->wall_s = elapsed_seconds(start);
    if (result->state != CN_ACTIVE)
        cn_counters_enter(counters, result->state);
    return status == CN_BAD_INPUT ? CN_OK : status; /* the next variable may succeed */
}

/* Lists the problems that are known before the run. */
static void list_known_problems(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                                struct cn_variable_result *result)
{
    result->name = variable->variable->name;
    result->model = cn_config_has_several_models(plan->config) ? variable->variable->model : NULL;
    result->label = variable->variable->label;
    result->normals_skipped = variable->normals_skipped;
    result->normals_failed = variable->normals_failed;
    result->normals_unmade = variable->normals_unmade;
    if (variable->failure)
        cn_problems_add(&result->problems, CN_PROBLEM, "%s: %s", result->label, variable->failure);
    copy_problems(&result->problems, &variable->variable->problems);
    copy_problems(&result->problems, &variable->problems);
}

/* Those of all variables, before the first one runs. */
static void say_known_problems(struct cn_progress *progress, const struct cn_result *result)
{
    struct cn_problems lines = {0};
    cn_share_problems(result, &lines);
    cn_say_problems(progress, &lines, 0);
    cn_problems_free(&lines);
}

/* Counts the normals of variables that the run did not reach. */
static void count_unreached(const struct cn_plan *plan, struct cn_result *result)
{
    for (size_t v = 0; v < result->count; v++)
        if (result->variables[v].state == CN_WAITING)
            result->variables[v].normals_unmade += plan->variables[v].normals_wanted;
}

/* Of a run that was not ended early. */
static enum cn_status judge_result(const struct cn_result *result)
{
    size_t problems = cn_problems_count(&result->problems, CN_PROBLEM);
    bool is_lost = result->problems.lost; /* out of memory: some problem is not listed */
    for (size_t v = 0; v < result->count; v++) {
        problems += cn_problems_count(&result->variables[v].problems, CN_PROBLEM);
        is_lost |= result->variables[v].problems.lost;
    }
    return is_lost ? CN_BAD_MACHINE : problems ? CN_BAD_INPUT : CN_OK;
}

enum cn_status cn_job_preview(const struct cn_job *job, struct cn_result *result)
{
    const struct cn_plan *plan = job->plan;
    *result = (struct cn_result){.shard = plan->division.shard, .threads = job->resources.threads};
    result->variables = calloc(plan->variable_count + 1, sizeof *result->variables);
    if (!result->variables)
        return result->status = CN_BAD_MACHINE;
    result->count = plan->variable_count;
    copy_problems(&result->problems, &plan->catalog->problems);
    copy_problems(&result->problems, &job->problems);
    for (size_t v = 0; v < result->count; v++)
        list_known_problems(plan, &plan->variables[v], &result->variables[v]);
    result->status = judge_result(result);
    return CN_OK;
}

/* Without the lock, or a second time, a run would write what it must not and count twice. */
static enum cn_status begin_run(struct cn_job *job, struct cn_error *error)
{
    if (!job->is_run)
        return cn_fail(error, CN_BAD_USAGE,
                       "the job was prepared only for its plan; prepare it with is_run");
    if (job->has_run)
        return cn_fail(error, CN_BAD_USAGE, "the job has run; prepare another");
    job->has_run = true;
    return CN_OK;
}

/* Whether the plan makes some variable in several passes. */
static bool is_cut(const struct cn_plan *plan)
{
    for (size_t v = 0; v < plan->variable_count; v++)
        if (plan->variables[v].pass_count > 1)
            return true;
    return false;
}

/* Whether outputs wait for their next pass. A run that ended early may not have looked at all. */
static bool leaves_unfinished(enum cn_status status, const struct cn_result *result)
{
    bool leaves = status != CN_OK;
    for (size_t v = 0; v < result->count; v++)
        leaves |= result->variables[v].leaves_unfinished;
    return leaves;
}

void cn_job_run(struct cn_job *job, const struct cn_watch *watch, struct cn_result *result)
{
    const struct cn_progress_view view = {.title = job->title,
                                          .counters = job->counters,
                                          .count = job->plan->variable_count,
                                          .threads = job->resources.threads,
                                          .arena_bytes = job->plan->arena_bytes};
    struct cn_arena arena = {0};
    struct cn_error error;
    if (cn_job_preview(job, result))
        return; /* there is no list for the problem */
    watch = cn_watch_or_none(watch);
    enum cn_status status = begin_run(job, &error);
    if (!status) {
        cn_progress_show_run(watch->progress, &view);
        say_known_problems(watch->progress, result);
        result->isa = job->kernels->isa;
        result->inflate = cn_inflate_form()->name;
        status = cn_results_allocate(job, &error);
    }
    if (!status)
        status = cn_arena_open(&arena, job->plan->arena_bytes, &error);
    if (status) {
        const size_t first = result->problems.count;
        cn_problems_add(&result->problems, CN_PROBLEM, "%s", error.text);
        cn_say_problems(watch->progress, &result->problems, first);
    }
    for (size_t v = 0; v < result->count && !status; v++)
        status = run_variable(job, v, &arena, watch, &result->variables[v]);
    cn_arena_close(&arena);
    cn_results_free(job, true);
    count_unreached(job->plan, result);
    memcpy(result->phase_s, job->phase_s, sizeof result->phase_s);
    result->wall_s = elapsed_seconds(job->begun_ns);
    result->status = status ? status : judge_result(result);
    if (is_cut(job->plan))
        job->leaves_unfinished = leaves_unfinished(status, result);
}

void cn_result_free(struct cn_result *result)
{
    for (size_t v = 0; v < result->count; v++) {
        cn_problems_free(&result->variables[v].problems);
        cn_problems_free(&result->variables[v].told);
    }
    cn_problems_free(&result->problems);
    free(result->variables);
    *result = (struct cn_result){0};
}
