/*
 * The steps from a config to a schedule, in the order in which a user can correct errors: input,
 * outputs, memory, disk space. Prints nothing.
 */
#include "climnorm/job.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "catalog/file_names.h"
#include "codec/inflate/choose.h"
#include "engine/variable.h"
#include "job/diskspace.h"
#include "job/existing.h"
#include "job/results.h"
#include "job/unfinished.h"
#include "kernels.h"
#include "plan/shards.h"
#include "sink/claims.h"
#include "sink/lock.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SCENARIOS = 20 }; /* in the title */

static void end_phase(struct cn_job *job)
{
    const uint64_t now_ns = cn_now_ns();
    job->phase_s[job->phase] += (double)(now_ns - job->phase_ns) * 1e-9;
    job->phase_ns = now_ns;
}

static void enter(struct cn_job *job, const struct cn_watch *watch, enum cn_phase phase)
{
    end_phase(job);
    job->phase = phase;
    cn_progress_enter(watch->progress, phase);
}

static enum cn_status read_catalog(struct cn_job *job, const struct cn_watch *watch,
                                   struct cn_error *error)
{
    enter(job, watch, CN_PHASE_EXAMINING);
    enum cn_status status =
        cn_catalog_read(job->config, &job->resources, watch, &job->catalog, error);
    if (status == CN_BAD_USAGE) {
        const struct cn_error reason = *error;
        cn_fail(error, status, "%s: %s", job->config->origin.input_root, reason.text);
    }
    return status;
}

/* Leaves in the plan what the shard makes, if the job is divided. */
static enum cn_status take_shard(struct cn_job *job, const struct cn_shard *shard,
                                 struct cn_error *error)
{
    if (!shard->count)
        return CN_OK;
    if (shard->number < 1 || shard->number > shard->count || shard->count > CN_MAX_SHARDS)
        return cn_fail(error, CN_BAD_USAGE, "there is no shard %zu of %zu", shard->number,
                       shard->count);
    return cn_plan_take_shard(job->plan, shard, error);
}

/* Takes the lock. waits: until its holder gives it back; each try takes about a second. */
static enum cn_status lock_output_root(struct cn_job *job, const struct cn_watch *watch, bool waits,
                                       struct cn_error *error)
{
    const char *root = job->config->output.root;
    struct cn_lock_found found;
    enter(job, watch, CN_PHASE_WAITING);
    for (;;) {
        enum cn_status status =
            cn_sink_lock(root, &job->plan->division.shard, watch->stop, &job->lock, &found, error);
        job->killed_runs = job->leaves_unfinished = found.killed_runs;
        if (!status || !found.holder[0])
            return status;
        struct cn_error text;
        cn_fail(&text, CN_OK, "waiting for %s, which writes to %s", found.holder, root);
        if (cn_watch_stopped(watch))
            return cn_fail(error, CN_STOPPED, "stopped while %s", text.text);
        if (!waits)
            return status;
        cn_progress_note(watch->progress, "%s", text.text);
    }
}

/* Files that are there and are not what this job makes. Not with "overwrite", which asks for it. */
static void warn_of_replaced(struct cn_job *job)
{
    size_t replaced = 0;
    const char *example = NULL;
    for (size_t v = 0; v < job->plan->variable_count; v++)
        for (size_t o = 0; o < job->plan->variables[v].output_count; o++) {
            const struct cn_output *output = &job->plan->variables[v].outputs[o];
            if (output->wanted && output->bytes_there && replaced++ == 0)
                example = output->path;
        }
    if (replaced && job->config->output.existing == CN_SKIP)
        cn_problems_add(&job->problems, CN_WARNING,
                        "%s: %zu %s of other input or settings, or damaged, and will be replaced "
                        "(such as %s)",
                        job->config->output.root, replaced,
                        replaced == 1 ? "file there is" : "files there are", example);
}

static enum cn_status find_existing(struct cn_job *job, const struct cn_watch *watch,
                                    struct cn_error *error)
{
    enter(job, watch, CN_PHASE_EXISTING);
    enum cn_status status = cn_find_existing(job->plan, &job->resources, watch, error);
    if (!status)
        warn_of_replaced(job);
    return status;
}

/* Adds the model, or how many there are. */
static void add_title_models(const struct cn_plan *plan, const struct cn_variable *first,
                             struct cn_strbuf *title)
{
    size_t count = plan->variable_count > 0;
    for (size_t v = 1; v < plan->variable_count; v++)
        count +=
            strcmp(plan->variables[v].variable->model, plan->variables[v - 1].variable->model) != 0;
    if (count > 1)
        cn_strbuf_add(title, "%zu models", count);
    else
        cn_strbuf_add(title, "%s", first->model);
}

/* Adds the scenarios of a variable that are not in the list yet. */
static void add_title_scenarios(const struct cn_plan *plan, const struct cn_variable *variable,
                                const char *listed[MOST_SCENARIOS], size_t *count,
                                struct cn_strbuf *title)
{
    for (size_t t = 0; t < variable->timeline_count && *count < MOST_SCENARIOS; t++) {
        const char *scenario = variable->timelines[t].scenario;
        scenario = scenario ? scenario : plan->config->input.historical;
        if (cn_text_index(scenario, listed, *count) < *count)
            continue;
        listed[(*count)++] = scenario;
        cn_strbuf_add(title, " %s", scenario);
    }
}

/* "NorESM2-LM ssp245 · CONUS AK HI · shard 2/8"; NULL: out of memory. */
static const char *make_title(const struct cn_plan *plan)
{
    struct cn_strbuf title = {0};
    const char *listed[MOST_SCENARIOS];
    size_t scenarios = 0;
    const struct cn_variable *first = plan->variable_count
                                          ? plan->variables[0].variable
                                          : &plan->catalog->variables[0]; /* of another shard */
    add_title_models(plan, first, &title);
    add_title_scenarios(plan, first, listed, &scenarios, &title);
    for (size_t v = 1; v < plan->variable_count; v++)
        add_title_scenarios(plan, plan->variables[v].variable, listed, &scenarios, &title);
    cn_strbuf_add(&title, " ·");
    for (size_t r = 0; r < plan->config->region_count; r++)
        cn_strbuf_add(&title, " %s", plan->config->regions[r].name);
    if (plan->division.shard.count)
        cn_strbuf_add(&title, " · shard %zu/%zu", plan->division.shard.number,
                      plan->division.shard.count);
    return cn_strbuf_to_pool(&title, plan->pool);
}

/* Makes what a display shows. */
static enum cn_status make_view(struct cn_job *job, struct cn_error *error)
{
    const struct cn_plan *plan = job->plan;
    size_t bytes = (plan->variable_count + 1) * sizeof *job->counters;
    job->counters = aligned_alloc(_Alignof(struct cn_counters), bytes);
    job->title = make_title(plan);
    if (!job->counters || !job->title)
        return cn_fail_memory(error, "the run");
    memset(job->counters, 0, bytes);
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable *variable = plan->variables[v].variable;
        job->counters[v].name = variable->name;
        job->counters[v].model =
            cn_config_has_several_models(plan->config) ? variable->model : NULL;
        cn_variable_count_totals(plan, &plan->variables[v], &job->counters[v]);
    }
    return CN_OK;
}

/* Makes the schedule of a job that makes files. */
static enum cn_status schedule_files(struct cn_job *job, const struct cn_job_options *options,
                                     const struct cn_watch *watch, struct cn_error *error)
{
    enum cn_status status =
        options->is_run ? lock_output_root(job, watch, options->waits, error) : CN_OK;
    if (!status)
        status = find_existing(job, watch, error);
    if (!status)
        status = cn_find_unfinished(job->plan, &job->resources, options->is_run, watch, error);
    if (!status)
        status = cn_plan_schedule(job->plan, &job->resources, error);
    if (status)
        return status;
    if (options->is_run)
        job->leaves_unfinished =
            cn_drop_unfinished(job->plan, job->killed_runs && !job->plan->division.shard.count);
    cn_diskspace_inquire(job->config->output.root, &job->space);
    return options->is_run ? cn_job_check_space(job, error) : CN_OK;
}

/* The same of a job in memory. */
static enum cn_status schedule_values(struct cn_job *job, struct cn_error *error)
{
    struct cn_resources left = job->resources;
    const enum cn_status status = cn_results_plan(job, &left, error);
    return status ? status : cn_plan_schedule(job->plan, &left, error);
}

/* First what is reported before the search. */
static enum cn_status check_choices(struct cn_job *job, struct cn_error *error)
{
    const struct cn_inflate_form *form;
    if (!job->config->output.root)
        return cn_fail(error, CN_BAD_USAGE,
                       "%s: output.root is missing: a job that makes files needs it",
                       job->config->path);
    const enum cn_status status = cn_kernels_select(&job->kernels, error); /* CLIMNORM_ISA */
    return status ? status : cn_inflate_select(&form, error);              /* CLIMNORM_INFLATE */
}

static enum cn_status run_steps(struct cn_job *job, const struct cn_job_options *options,
                                const struct cn_watch *watch, struct cn_error *error)
{
    enum cn_status status = check_choices(job, error);
    if (!status)
        status = read_catalog(job, watch, error);
    if (!status)
        status = cn_plan_targets(job->config, job->catalog, &job->plan, error);
    if (!status)
        status = take_shard(job, &options->shard, error);
    if (!status)
        status = job->in_memory ? schedule_values(job, error)
                                : schedule_files(job, options, watch, error);
    return status ? status : make_view(job, error);
}

enum cn_status cn_job_prepare(const struct cn_config *config, const struct cn_job_options *options,
                              struct cn_job **job, struct cn_error *error)
{
    *job = calloc(1, sizeof **job);
    if (!*job)
        return cn_fail_memory(error, "the job");
    **job = (struct cn_job){.config = config,
                            .resources = options->resources,
                            .begun_ns = cn_now_ns(),
                            .lock = -1,
                            .is_run = options->is_run,
                            .in_memory = options->in_memory};
    if (options->in_memory) {
        (*job)->memory_config = cn_results_config(config);
        (*job)->config = &(*job)->memory_config;
    }
    if (options->resources.threads < 1)
        cn_resources_resolve(config, &(*job)->resources);
    const struct cn_watch *watch = cn_watch_or_none(options->watch);
    (*job)->phase_ns = (*job)->begun_ns;
    enum cn_status status = run_steps(*job, options, watch, error);
    end_phase(*job);
    (*job)->prepare_s = (double)((*job)->phase_ns - (*job)->begun_ns) * 1e-9;
    if (!status && cn_watch_stopped(watch))
        status = cn_fail(error, CN_STOPPED, "stopped before the run");
    return status;
}

enum cn_status cn_job_check_space(struct cn_job *job, struct cn_error *error)
{
    return job->in_memory ? CN_OK
                          : cn_diskspace_check(job->plan, &job->space, &job->problems, error);
}

void cn_job_free(struct cn_job *job)
{
    if (!job)
        return;
    if (job->lock >= 0)
        cn_claims_release(job->config->output.root);
    cn_sink_unlock(job->lock, job->leaves_unfinished);
    cn_problems_free(&job->problems);
    free(job->counters);
    cn_results_free(job, false);
    cn_plan_free(job->plan);
    cn_catalog_free(job->catalog);
    free(job);
}
