/*
 * Estimates a run: measures each variable in a child process, since a file may crash or hang, and
 * adds up what the plan asks for.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/threads.h"
#include "base/workers.h"
#include "climnorm/job.h"
#include "job/measure_output.h"
#include "plan/output_sizes.h"
#include "products/statistics.h"

#include <math.h>
#include <string.h>

/* CPU time to make the metadata of an output file and to publish it; of that, with the HDF5 lock.
 * Measured on 2 cores of 2.1 GHz with `make demo`. */
static const double FILE_S = 1.5e-3, FILE_LOCKED_S = 0.8e-3;

/* CPU time to keep a byte for the next pass and to read it back. */
static const double KEEP_BYTE_S = 4e-9;

static const double MEASURE_S = 0.9;    /* for all variables */
static const double ENCODE_SHARE = 0.2; /* of this, for outputs */
enum { LEAST_MS = 50, TIMEOUT_S = 10, ROW_BYTES = 128 << 20, STACK_BYTES = 2 << 20 };

/* What is measured of the variables that have work. */
struct measuring {
    struct cn_job *job;
    struct cn_measure_limits limits;
    size_t *variables; /* [count] indices in plan->variables */
    size_t count;
    struct cn_measured {
        bool is_known;
        struct cn_input_costs input;
        struct cn_output_costs output;
    } * measured; /* [count] */
};

static struct cn_variable_plan *measured_variable(const struct measuring *measuring, size_t item)
{
    return &measuring->job->plan->variables[measuring->variables[item]];
}

/* Packs or unpacks what was measured of a variable. */
static void archive_measured(const struct measuring *measuring, size_t item,
                             struct cn_archive *archive)
{
    struct cn_measured *measured = &measuring->measured[item];
    const size_t regions = measured_variable(measuring, item)->layout.region_count;
    cn_archive_flag(archive, &measured->is_known);
    cn_archive_bytes(archive, &measured->input, sizeof measured->input);
    cn_archive_bytes(archive, &measured->output.mean_s, sizeof measured->output.mean_s);
    cn_archive_bytes(archive, measured->output.encode, regions * sizeof *measured->output.encode);
}

/* In a child. */
static enum cn_status measure_variable(void *context, size_t item, struct cn_archive *found,
                                       struct cn_error *error)
{
    const struct measuring *measuring = context;
    const struct cn_job *job = measuring->job;
    const struct cn_variable_plan *variable = measured_variable(measuring, item);
    struct cn_measured *measured = &measuring->measured[item];
    struct cn_decoded_rows rows;
    (void)error; /* what cannot be measured is not known: that is no error */
    measured->is_known =
        cn_measure_input(variable, job->kernels, &measuring->limits, &measured->input, &rows) &&
        cn_measure_output(job->plan, variable, job->kernels, &rows,
                          measuring->limits.seconds * ENCODE_SHARE, &measured->output);
    cn_decoded_rows_free(&rows);
    archive_measured(measuring, item, found);
    return CN_OK;
}

/* Whether all are finite and not negative. */
static bool are_costs(const double *costs, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (!(isfinite(costs[k]) && costs[k] >= 0))
            return false;
    return true;
}

static enum cn_status accept_measured(void *context, size_t item, struct cn_archive *found,
                                      const struct cn_error *failure, struct cn_error *error)
{
    const struct measuring *measuring = context;
    struct cn_measured *measured = &measuring->measured[item];
    const struct cn_input_costs *input = &measured->input;
    (void)error;
    if (failure)
        return CN_OK;
    archive_measured(measuring, item, found);
    const double costs[] = {input->open_s,  input->open_wall_s,     input->disk_bytes_per_s,
                            input->cached,  input->instant_bytes,   input->decode_s,
                            input->touch_s, measured->output.mean_s};
    bool is_sound = !found->status && are_costs(costs, sizeof costs / sizeof *costs);
    for (size_t r = 0; r < measured_variable(measuring, item)->layout.region_count; r++) {
        const struct cn_encode_cost *encode = &measured->output.encode[r];
        is_sound = is_sound && are_costs((const double[]){encode->value_s, encode->share}, 2);
    }
    measured->is_known = measured->is_known && is_sound;
    return CN_OK;
}

/* Lists the variables that have work. False: there is none, or out of memory. */
static bool list_variables(struct measuring *measuring)
{
    const struct cn_plan *plan = measuring->job->plan;
    struct cn_pool *pool = plan->pool;
    measuring->variables = cn_pool_alloc(pool, plan->variable_count, sizeof(size_t));
    measuring->measured = cn_pool_alloc(pool, plan->variable_count, sizeof *measuring->measured);
    if (!measuring->variables || !measuring->measured)
        return false;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        struct cn_output_costs *output = &measuring->measured[measuring->count].output;
        if (variable->failure || !variable->normals_wanted || !variable->load_count)
            continue;
        output->encode = cn_pool_alloc(pool, variable->layout.region_count, sizeof *output->encode);
        if (!output->encode)
            return false;
        measuring->variables[measuring->count++] = v;
    }
    return measuring->count > 0;
}

/* --- what the plan asks for --- */

/* Seconds of one variable. */
struct work {
    double cpu_s, last_cpu_s; /* of all threads; of what can only begin after the last read */
    double disk_s, locked_s;
};

/* Instants of the years that are needed, in all their days and rows, and the files that hold them.
 */
static size_t instants_to_read(const struct cn_variable_plan *variable, size_t *files)
{
    const struct cn_source_year *years = variable->variable->years;
    const struct cn_pass *pass = cn_first_pass(variable); /* all passes need the same years */
    size_t instants = 0;
    *files = 0;
    for (size_t l = pass->first_load; l < pass->first_load + pass->load_count; l++)
        for (size_t k = 0; k < variable->loads[l].year_count; k++) {
            const struct cn_source_year *year = &years[variable->loads[l].years[k]];
            for (size_t p = 0; p < year->part_count; p++) {
                instants += year->parts[p].count;
                *files += 1;
            }
        }
    return instants;
}

/* What it takes to make the products of a sample, in means without a pool. */
static double sample_cost(const struct cn_sample *sample)
{
    double cost = 0;
    for (size_t p = 0, count; p < sample->product_count; p += count) {
        count = cn_products_together(sample->products + p, sample->product_count - p);
        cost += cn_products_cost(sample->products + p, count);
    }
    return cost;
}

/* CPU time to make the values of the groups of one year. A day of a value takes about as long as a
 * row of a mean. */
static double group_seconds(const struct cn_variable_plan *variable, const struct cn_groups *groups,
                            const struct cn_output_costs *costs)
{
    const struct cn_pass *pass = &variable->passes[groups->pass];
    return (double)(variable->group_value_count * pass->held[CN_DAY].count *
                    pass->layout.row_cells) *
           costs->mean_s;
}

/* CPU time to make and encode the normals of one batch, as far as its pass has them. */
static double batch_seconds(const struct cn_variable_plan *variable, const struct cn_batch *batch,
                            const struct cn_output_costs *costs)
{
    const struct cn_pass *pass = &variable->passes[batch->pass];
    const struct cn_sample *sample = cn_batch_sample(variable, batch);
    const double groups = (double)cn_pass_groups(pass, sample->time).count;
    const double rows = (double)(batch->row_count + batch->target_count) * sample_cost(sample);
    double seconds = 0;
    for (size_t r = 0; r < variable->layout.region_count; r++) {
        const struct cn_region_cells *region = &pass->layout.regions[r];
        const double values = (double)region->row_count * (double)region->column_count * groups;
        size_t wanted = 0;
        for (size_t t = 0; t < batch->target_count; t++)
            for (size_t p = 0; p < sample->product_count; p++)
                wanted += cn_is_normal_wanted(variable, &variable->targets[batch->first_target + t],
                                              p * variable->layout.region_count + r);
        seconds += values * (rows * costs->mean_s + (double)wanted * costs->encode[r].value_s);
    }
    return seconds;
}

/* Seconds to read from the disk. What several passes decode is read once where memory holds it. */
static double disk_seconds(const struct cn_job *job, const struct cn_input_costs *costs,
                           double instants, double times_decoded)
{
    const double bytes = instants * costs->instant_bytes;
    const double room = (double)job->resources.machine_memory - (double)job->plan->arena_bytes;
    const double times = bytes < room ? fmin(times_decoded, 1) : times_decoded;
    if (!(costs->disk_bytes_per_s > 0))
        return 0;
    return bytes * times * (1 - costs->cached) / costs->disk_bytes_per_s;
}

static struct work work_of(const struct cn_job *job, const struct cn_variable_plan *variable,
                           const struct cn_measured *measured)
{
    const struct cn_input_costs *costs = &measured->input;
    struct work work = {0};
    size_t files, outputs = 0;
    const double instants = (double)instants_to_read(variable, &files);
    const double times_decoded =
        (double)variable->bytes_to_decode / (double)variable->bytes_to_decode_once;
    for (size_t o = 0; o < variable->output_count; o++)
        outputs += variable->outputs[o].wanted;
    work.locked_s = (double)files * costs->open_wall_s + (double)outputs * FILE_LOCKED_S;
    work.cpu_s = instants * times_decoded * costs->decode_s + (double)files * costs->open_s +
                 (double)outputs * FILE_S + (double)variable->space.temporary * KEEP_BYTE_S;
    for (size_t g = 0; g < variable->group_count; g++)
        work.cpu_s += group_seconds(variable, &variable->groups[g], &measured->output);
    for (size_t b = 0; b < variable->batch_count; b++) {
        work.last_cpu_s = batch_seconds(variable, &variable->batches[b], &measured->output);
        work.cpu_s += work.last_cpu_s;
    }
    work.disk_s = disk_seconds(job, costs, instants, times_decoded);
    return work;
}

static void add_estimates(const struct measuring *measuring, struct cn_estimate *estimate)
{
    const struct cn_job *job = measuring->job;
    const int cores = cn_threads_available();
    const double threads = job->resources.threads < cores ? job->resources.threads : cores;
    double touch_s = 0;
    estimate->is_known = true;
    estimate->seconds = job->prepare_s;
    for (size_t item = 0; item < measuring->count; item++) {
        const struct cn_measured *measured = &measuring->measured[item];
        if (!measured->is_known) {
            estimate->is_known = false;
            continue;
        }
        const struct work work = work_of(job, measured_variable(measuring, item), measured);
        estimate->seconds += fmax(fmax(work.cpu_s / threads, work.locked_s),
                                  work.disk_s + work.last_cpu_s / threads);
        estimate->cpu_s += work.cpu_s;
        estimate->disk_s += work.disk_s;
        touch_s = fmax(touch_s, measured->input.touch_s);
    }
    touch_s *= (double)job->plan->arena_bytes;
    estimate->cpu_s += touch_s;
    estimate->seconds += touch_s / threads;
}

/* Gives the plan the shares to which outputs compress. */
static void refine_space(const struct measuring *measuring)
{
    struct cn_plan *plan = measuring->job->plan;
    for (size_t item = 0; item < measuring->count; item++) {
        struct cn_variable_plan *variable = measured_variable(measuring, item);
        const size_t regions = variable->layout.region_count;
        double *shares = measuring->measured[item].is_known
                             ? cn_pool_alloc(plan->pool, regions, sizeof *shares)
                             : NULL;
        for (size_t r = 0; shares && r < regions; r++)
            shares[r] = measuring->measured[item].output.encode[r].share;
        variable->measured_shares = shares;
    }
    cn_estimate_all_output_sizes(plan);
}

void cn_job_estimate(struct cn_job *job, const struct cn_watch *watch, struct cn_estimate *estimate)
{
    struct measuring measuring = {.job = job};
    struct cn_error error;
    const uint64_t start = cn_now_ns();
    const uint64_t memory = job->resources.memory_limit;
    const int cores = cn_threads_available();
    *estimate = (struct cn_estimate){0};
    if (!list_variables(&measuring))
        return;
    watch = cn_watch_or_none(watch);
    cn_progress_enter(watch->progress, CN_PHASE_MEASURING);
    measuring.limits = (struct cn_measure_limits){
        .threads = job->resources.threads < cores ? job->resources.threads : cores,
        .memory_bytes = memory < ROW_BYTES ? memory : ROW_BYTES,
        .seconds = fmax(MEASURE_S / (double)measuring.count, (double)LEAST_MS * 1e-3)};
    const uint64_t child_bytes =
        ((uint64_t)1 << 30) + (uint64_t)measuring.limits.threads * STACK_BYTES;
    const enum cn_status status =
        cn_workers_run(&(struct cn_workers){.count = measuring.count,
                                            .threads = 1,
                                            .timeout_s = TIMEOUT_S,
                                            .cpu_s = TIMEOUT_S * measuring.limits.threads,
                                            .memory_bytes = child_bytes,
                                            .watch = watch,
                                            .context = &measuring,
                                            .examine = measure_variable,
                                            .accept = accept_measured},
                       &error);
    cn_progress_enter(watch->progress, CN_PHASE_NONE);
    estimate->measured_s = (double)(cn_now_ns() - start) * 1e-9;
    if (status)
        return;
    add_estimates(&measuring, estimate);
    refine_space(&measuring);
}
