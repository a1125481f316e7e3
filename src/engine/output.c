/*
 * Writing: which normals go to which file, and when a file is complete. encode.c makes the chunks.
 */
#include "engine/output.h"

#include "base/error.h"
#include "base/pool.h"
#include "climnorm/limits.h"
#include "engine/compute.h"
#include "engine/encode.h"
#include "engine/groups.h"
#include "engine/product_list.h"
#include "engine/publisher.h"
#include "engine/report.h"
#include "sink/file_passes.h"

#include <limits.h>

enum { ENCODE_BYTES = 8 << 20 }; /* raw bytes of an encode task */

static bool is_computed(const struct cn_engine *engine, const struct cn_normal_task *task)
{
    const struct cn_batch *batch = &engine->variable->batches[task->batch];
    return engine->batches[task->batch].computed[task->target - batch->first_target];
}

/* Fills the rest of a task whose batch, target and region are set. False: out of memory. */
static bool prepare_task(const struct cn_engine *engine, struct cn_normal_task *task)
{
    const struct cn_region_cells *region = cn_task_region(engine, task);
    const size_t chunks = region->chunk_count;
    size_t shares = chunks * region->chunk_cells * sizeof(float) / ENCODE_BYTES;
    task->encode_count = shares + 1 < chunks ? shares + 1 : chunks;
    atomic_init(&task->encodes_left, task->encode_count);
    const size_t all_chunks = cn_field_count(engine->plan->config) * chunks;
    task->chunks = cn_pool_alloc(engine->pool, all_chunks, sizeof *task->chunks);
    task->hashes = cn_pool_alloc(engine->pool, all_chunks, sizeof *task->hashes);
    return task->chunks && task->hashes;
}

/* Lists the normals of a batch, for regions with rows in its pass. False: out of memory. */
static bool list_tasks(struct cn_engine *engine, size_t index)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_outputs *outputs = engine->outputs;
    const struct cn_batch *batch = &variable->batches[index];
    const enum cn_time time = cn_batch_sample(variable, batch)->time;
    const struct cn_layout *layout = &variable->passes[batch->pass].results[time];
    for (size_t t = batch->first_target; t < batch->first_target + batch->target_count; t++)
        for (size_t n = 0; n < cn_normal_count(variable, &variable->targets[t]); n++) {
            if (!layout->regions[n % layout->region_count].row_count ||
                !cn_is_normal_wanted(variable, &variable->targets[t], n))
                continue;
            struct cn_normal_task *task = &outputs->tasks[outputs->count++];
            *task = (struct cn_normal_task){.batch = index, .target = t, .normal = n};
            if (!prepare_task(engine, task))
                return false;
        }
    outputs->first_of_batch[index + 1] = outputs->count;
    return true;
}

/* Files of one product and region have one skeleton. Returns how many there are. */
static size_t count_skeletons(const struct cn_variable_plan *variable)
{
    return cn_all_products(variable) * variable->layout.region_count;
}

static size_t skeleton_of(const struct cn_engine *engine, const struct cn_normal_task *task)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_sample *sample = variable->targets[task->target].sample;
    return cn_first_product(variable, sample) * variable->layout.region_count + task->normal;
}

/* Says what each file will be. False: out of memory. */
static bool describe_files(struct cn_engine *engine)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_pass_stretch *stretches =
        cn_pool_alloc(engine->pool, variable->pass_count, sizeof *stretches);
    for (size_t p = 0; stretches && p < variable->pass_count; p++)
        stretches[p] = variable->passes[p].stretch;
    for (size_t o = 0; o < variable->output_count; o++) {
        struct cn_normals_file *content = &engine->outputs->files[o].content;
        *content = cn_normals_file_planned(engine->plan, variable, &variable->outputs[o]);
        content->stretches = stretches;
        content->pass_count = variable->pass_count;
        content->passes_done = variable->resume.passes_done;
    }
    return stretches;
}

enum cn_status cn_outputs_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_pool *pool = engine->pool;
    struct cn_outputs *outputs = cn_pool_alloc(pool, 1, sizeof *outputs);
    size_t tasks;
    if (!outputs || __builtin_mul_overflow(variable->normals_wanted, variable->pass_count, &tasks))
        return cn_fail_memory(error, "the files of a variable");
    outputs->tasks = cn_pool_alloc(pool, tasks, sizeof *outputs->tasks);
    outputs->first_of_batch =
        cn_pool_alloc(pool, variable->batch_count + 1, sizeof *outputs->first_of_batch);
    outputs->files = cn_pool_alloc(pool, variable->output_count, sizeof *outputs->files);
    outputs->skeletons = cn_pool_alloc(pool, count_skeletons(variable), sizeof *outputs->skeletons);
    if (!outputs->tasks || !outputs->first_of_batch || !outputs->files || !outputs->skeletons)
        return cn_fail_memory(error, "the files of a variable");
    engine->outputs = outputs;
    pthread_mutex_init(&outputs->lock, NULL);
    bool is_listed = describe_files(engine);
    for (size_t b = 0; b < variable->batch_count && is_listed; b++)
        is_listed = list_tasks(engine, b);
    return is_listed ? CN_OK : cn_fail_memory(error, "the files of a variable");
}

/* Lists the years that entered the values of a window, whose rows begin with `row`, in the order of
 * cn_target.window: [cn_sample_window]. A year with a December that should not have entered is left
 * out: the pass that found the damage has the year, so passes differ, and the file is made again.
 */
static void list_window_used(const struct cn_engine *engine, const struct cn_batch *batch,
                             size_t row, bool *years)
{
    const struct cn_sample *sample = cn_batch_sample(engine->variable, batch);
    const struct cn_batch_state *state = &engine->batches[batch - engine->variable->batches];
    const struct cn_variable_plan *variable = engine->variable;
    const ptrdiff_t *rows = batch->rows + row;
    const size_t window = (size_t)sample->window;
    for (size_t k = 0; k < window; k++)
        years[k] = state->values[row + k];
    if (sample->time != CN_SEASON)
        return;
    years[window] = false;
    for (size_t k = 0; k < window; k++) {
        if (!state->values[row + k])
            continue;
        const size_t groups = cn_batch_groups(variable, batch, rows[k]);
        years[k] = !cn_are_groups_stale(engine, groups);
        /* The year before may be in the window for its December alone. */
        if (cn_is_year_before_used(engine, groups) && (k == 0 || rows[k - 1] < 0))
            years[k ? k - 1 : window] = true;
    }
}

/* Lists the years that entered a normal: [cn_sample_years]. Returns whether there is one. Where
 * none is left, this pass counts as one that cannot make the normal. */
static bool list_years_used(const struct cn_engine *engine, const struct cn_normal_task *task,
                            bool *years)
{
    const struct cn_batch *batch = &engine->variable->batches[task->batch];
    const struct cn_sample *sample = cn_batch_sample(engine->variable, batch);
    list_window_used(engine, batch, task->target - batch->first_target, years);
    if (sample->baseline)
        list_window_used(engine, batch, batch->row_count - (size_t)sample->window,
                         years + cn_sample_window(sample));
    bool has_any = false;
    for (size_t k = 0; k < cn_sample_years(sample); k++)
        has_any |= years[k];
    return has_any;
}

/* Begins a file, unless another task has done so. False: out of memory. */
static bool begin_file(struct cn_engine *engine, const struct cn_normal_task *task)
{
    size_t position;
    struct cn_output_state *state = cn_task_output(engine, task, &position);
    pthread_mutex_lock(&engine->outputs->lock);
    if (!state->file)
        state->file =
            cn_output_new(&state->content, &engine->outputs->skeletons[skeleton_of(engine, task)]);
    pthread_mutex_unlock(&engine->outputs->lock);
    return state->file;
}

/* Completes a file of which all normals are written or left out. *made: how many are written; or,
 * after a failure, at most so many are lost. */
static enum cn_status complete_file(struct cn_engine *engine, struct cn_output_state *state,
                                    size_t *made, struct cn_error *error)
{
    char temporary[PATH_MAX];
    enum cn_status status = CN_OK;
    *made = cn_output_targets_made(state->file);
    const bool is_in_memory = state->content.values;
    if (*made)
        status = is_in_memory ? cn_output_finish_values(state->file, error)
                              : cn_output_finish(state->file, temporary, sizeof temporary, error);
    cn_output_free(state->file);
    state->file = NULL;
    if (!status && *made && is_in_memory)
        cn_count(engine->counters, CN_NORMALS_WRITTEN, *made);
    else if (!status && *made)
        cn_publisher_add(engine, state->content.path, temporary, *made);
    return status;
}

/* Sets the chunks that are whole with the task's pass: they follow each other. */
static void find_whole_chunks(const struct cn_engine *engine, const struct cn_normal_task *task,
                              const struct cn_normals_file *content, struct cn_put *put)
{
    const struct cn_region_cells *region = cn_task_region(engine, task);
    const size_t end = region->first_chunk + region->chunk_count;
    size_t first = region->first_chunk;
    while (first < end && !cn_is_whole_with(content, put->pass, first))
        first++;
    put->first_chunk = first;
    while (first < end && cn_is_whole_with(content, put->pass, first))
        first++;
    put->chunk_count = first - put->first_chunk;
    const size_t skipped = put->first_chunk - region->first_chunk;
    put->chunks = task->chunks + skipped * cn_field_count(content->config);
    put->hashes = task->hashes + skipped * cn_field_count(content->config);
}

static enum cn_status put_normal(struct cn_engine *engine, struct cn_normal_task *task,
                                 size_t *failed, struct cn_error *error)
{
    struct cn_put put = {.pass = engine->variable->batches[task->batch].pass};
    struct cn_output_state *state = cn_task_output(engine, task, &put.target);
    bool years[CN_MAX_TARGET_YEARS] = {false};
    enum cn_put_outcome outcome;
    *failed = 1;
    put.years_used =
        is_computed(engine, task) && list_years_used(engine, task, years) ? years : NULL;
    find_whole_chunks(engine, task, &state->content, &put);
    enum cn_status status = cn_output_put(state->file, &put, &outcome, error);
    if (status || outcome == CN_PUT_MORE)
        return status;
    if (outcome == CN_PUT_COMPLETE)
        return complete_file(engine, state, failed, error);
    state->is_stale = true;
    cn_output_free(state->file);
    state->file = NULL;
    return CN_OK;
}

void cn_output_encode(struct cn_engine *engine, size_t index, size_t share)
{
    struct cn_normal_task *task = &engine->outputs->tasks[index];
    const struct cn_region_cells *region = cn_task_region(engine, task);
    const size_t first = share * region->chunk_count / task->encode_count;
    const size_t end = (share + 1) * region->chunk_count / task->encode_count;
    struct cn_error error;
    size_t failed = 0;
    if (!cn_engine_is_running(engine))
        return;
    const uint64_t start = cn_now_ns();
    enum cn_status status =
        begin_file(engine, task) ? CN_OK : cn_fail_memory(&error, "an output file");
    if (!status && is_computed(engine, task))
        status = cn_encode_chunks(engine, task, first, end, &error);
    if (!status && atomic_fetch_sub(&task->encodes_left, 1) == 1)
        status = put_normal(engine, task, &failed, &error);
    if (status) {
        cn_count(engine->counters, CN_NORMALS_FAILED, failed);
        cn_engine_abort(engine, &error);
        return;
    }
    cn_engine_count(engine, CN_WRITE_NS, cn_now_ns() - start);
    cn_engine_count(engine, CN_BYTES_ENCODED, (end - first) * region->chunk_cells * sizeof(float));
}

void cn_outputs_free(struct cn_engine *engine)
{
    const struct cn_variable_plan *variable = engine->variable;
    if (!engine->outputs)
        return;
    for (size_t o = 0; o < variable->output_count; o++) {
        struct cn_output_state *state = &engine->outputs->files[o];
        engine->result->leaves_unfinished |=
            state->file && state->content.pass_count > 1 && !state->content.values;
        cn_output_free(state->file);
    }
    for (size_t k = 0; k < count_skeletons(variable); k++)
        cn_skeleton_free(&engine->outputs->skeletons[k]);
    pthread_mutex_destroy(&engine->outputs->lock);
}
