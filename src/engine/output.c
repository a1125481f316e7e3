/*
 * Writing. Chunks are encoded in place, over the normals that they hold, so encoded data need no
 * memory of their own.
 */
#include "engine/output.h"

#include "base/error.h"
#include "base/netcdf_constants.h"
#include "base/pool.h"
#include "climnorm/limits.h"
#include "engine/compute.h"
#include "engine/publisher.h"
#include "engine/report.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENCODE_BYTES = 8 << 20 }; /* raw bytes of an encode task */
enum { SHUFFLED, DEFLATED };     /* buffers of the thread's scratch */
enum { SAMPLES = 8 };            /* of a year, to see how long encoding takes */
enum { MEANS, COUNTS };          /* the fields */

static const struct cn_region_cells *region_of(const struct cn_engine *engine,
                                               const struct cn_normal_task *task)
{
    const struct cn_batch *batch = &engine->variable->batches[task->batch];
    return &engine->variable->passes[batch->pass].layout.regions[task->region];
}

static struct cn_output_state *file_of(const struct cn_engine *engine,
                                       const struct cn_normal_task *task, size_t *position)
{
    const struct cn_target *target = &engine->variable->targets[task->target];
    const struct cn_normal *normal = &target->normals[task->region];
    *position = normal->position;
    return &engine->outputs->files[normal->output];
}

static bool is_computed(const struct cn_engine *engine, const struct cn_normal_task *task)
{
    const struct cn_batch *batch = &engine->variable->batches[task->batch];
    return engine->batches[task->batch].computed[task->target - batch->first_target];
}

/* Fills the rest of a task whose batch, target and region are set. False: out of memory. */
static bool prepare_task(const struct cn_engine *engine, struct cn_normal_task *task)
{
    const struct cn_region_cells *region = region_of(engine, task);
    const size_t chunks = region->chunk_count;
    size_t shares = chunks * region->chunk_cells * sizeof(float) / ENCODE_BYTES;
    task->encode_count = shares + 1 < chunks ? shares + 1 : chunks;
    atomic_init(&task->encodes_left, task->encode_count);
    const size_t all_chunks = cn_field_count(engine->plan->config) * chunks;
    task->chunks = cn_pool_alloc(engine->pool, all_chunks, sizeof *task->chunks);
    task->hashes = cn_pool_alloc(engine->pool, all_chunks, sizeof *task->hashes);
    return task->chunks && task->hashes;
}

enum cn_status cn_outputs_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_pool *pool = engine->pool;
    struct cn_outputs *outputs = cn_pool_alloc(pool, 1, sizeof *outputs);
    if (!outputs)
        return cn_fail_memory(error, "the files of a variable");
    outputs->tasks = cn_pool_alloc(pool, variable->normals_wanted, sizeof *outputs->tasks);
    outputs->first_of_batch =
        cn_pool_alloc(pool, variable->batch_count + 1, sizeof *outputs->first_of_batch);
    outputs->files = cn_pool_alloc(pool, variable->output_count, sizeof *outputs->files);
    outputs->skeletons =
        cn_pool_alloc(pool, variable->layout.region_count, sizeof *outputs->skeletons);
    if (!outputs->tasks || !outputs->first_of_batch || !outputs->files || !outputs->skeletons)
        return cn_fail_memory(error, "the files of a variable");
    engine->outputs = outputs;
    pthread_mutex_init(&outputs->lock, NULL);
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        for (size_t t = 0; t < batch->target_count; t++)
            for (size_t r = 0; r < variable->layout.region_count; r++) {
                size_t target = batch->first_target + t;
                if (!cn_is_normal_wanted(variable, &variable->targets[target], r))
                    continue;
                struct cn_normal_task *task = &outputs->tasks[outputs->count++];
                *task = (struct cn_normal_task){.batch = b, .target = target, .region = r};
                if (!prepare_task(engine, task))
                    return cn_fail_memory(error, "the files of a variable");
            }
        outputs->first_of_batch[b + 1] = outputs->count;
    }
    return CN_OK;
}

/* The values of a chunk: [chunk_slots][cells], where the last chunk of a year is filled up. */
struct chunk_values {
    float *means;
    int16_t *counts;
    size_t count;
};

static struct chunk_values find_values(const struct cn_engine *engine,
                                       const struct cn_normal_task *task, size_t chunk)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[task->batch];
    const struct cn_region_cells *region = region_of(engine, task);
    const size_t cells = region->lat_count * region->lon_count;
    const size_t first = region->first_result + chunk * region->chunk_cells;
    const size_t target = task->target - batch->first_target;
    struct chunk_values values = {
        .means = cn_arena_means(engine->arena, variable, batch->result_slot, target) + first,
        .counts = cn_arena_counts(engine->arena, variable, batch->result_slot, target) + first,
        .count = region->chunk_slots * cells};
    size_t slots = (size_t)variable->slots - (region->first_chunk + chunk) * region->chunk_slots;
    for (size_t c = slots * cells; c < values.count; c++) {
        values.means[c] = NAN;
        if (engine->plan->config->output.counts)
            values.counts[c] = 0;
    }
    return values;
}

static void store_chunk(struct cn_normal_task *task, size_t index, const void *bytes, size_t size)
{
    task->chunks[index] = (struct cn_encoded){bytes, size};
    task->hashes[index] = cn_content_hash(bytes, size); /* while the bytes are in the cache */
}

/* Deflates shuffled bytes back to where their values were; the layout's padding makes room.
 * False: out of memory. */
static bool deflate_over(struct cn_scratch *scratch, int level, const unsigned char *shuffled,
                         size_t bytes, void *values, struct cn_normal_task *task, size_t index)
{
    size_t size = cn_scratch_encode(scratch, &cn_deflate, level, shuffled, bytes, values,
                                    cn_deflate.bound(bytes));
    store_chunk(task, index, values, size);
    return size > 0;
}

/* False: out of memory. */
static bool encode_chunk(struct cn_engine *engine, struct cn_normal_task *task, size_t chunk,
                         struct cn_scratch *scratch, unsigned char *shuffled)
{
    const struct chunk_values values = find_values(engine, task, chunk);
    const size_t fields = cn_field_count(engine->plan->config);
    const size_t means = chunk * fields + MEANS, counts = chunk * fields + COUNTS;
    const bool has_counts = engine->plan->config->output.counts;
    const size_t mean_bytes = values.count * sizeof *values.means;
    const size_t count_bytes = values.count * sizeof *values.counts;
    const int level = engine->plan->config->output.compression;
    if (level == 0) {
        for (size_t c = 0; c < values.count; c++)
            values.means[c] = isnan(values.means[c]) ? CN_FILL_VALUE : values.means[c];
        store_chunk(task, means, values.means, mean_bytes);
        if (has_counts)
            store_chunk(task, counts, values.counts, count_bytes);
        return true;
    }
    engine->kernels->shuffle_f32(shuffled, values.means, values.count, CN_FILL_VALUE);
    if (!deflate_over(scratch, level, shuffled, mean_bytes, values.means, task, means))
        return false;
    return !has_counts ||
           (cn_scratch_encode(scratch, &cn_shuffle, sizeof *values.counts, values.counts,
                              count_bytes, shuffled, count_bytes) == count_bytes &&
            deflate_over(scratch, level, shuffled, count_bytes, values.counts, task, counts));
}

/* Lists the years that entered a normal: [normals.window]. */
static void list_years_used(const struct cn_engine *engine, const struct cn_normal_task *task,
                            bool *years)
{
    const size_t first_row = task->target - engine->variable->batches[task->batch].first_target;
    for (int k = 0; k < engine->plan->config->normals.window; k++)
        years[k] = engine->batches[task->batch].slabs[first_row + (size_t)k] != NULL;
}

/* Begins a file, unless another normal has done so. NULL: out of memory. */
static struct cn_output_file *begin_file(struct cn_engine *engine,
                                         const struct cn_normal_task *task,
                                         struct cn_output_state *state)
{
    const struct cn_output *output = &engine->variable->outputs[state - engine->outputs->files];
    struct cn_normals_file content =
        cn_normals_file_planned(engine->plan, engine->variable, output);
    pthread_mutex_lock(&engine->outputs->lock);
    if (!state->file)
        state->file = cn_output_new(&content, &engine->outputs->skeletons[task->region]);
    pthread_mutex_unlock(&engine->outputs->lock);
    return state->file;
}

/* Completes a file of which all normals are written or left out. *made: how many are written; or,
 * after a failure, at most so many are lost. */
static enum cn_status complete_file(struct cn_engine *engine, struct cn_output_state *state,
                                    size_t *made, struct cn_error *error)
{
    const struct cn_output *output = &engine->variable->outputs[state - engine->outputs->files];
    char temporary[PATH_MAX];
    enum cn_status status = CN_OK;
    *made = cn_output_targets_made(state->file);
    if (*made)
        status = cn_output_finish(state->file, temporary, sizeof temporary, error);
    cn_output_free(state->file);
    state->file = NULL;
    if (!status && *made)
        cn_publisher_add(engine, output->path, temporary, *made);
    return status;
}

static void put_normal(struct cn_engine *engine, struct cn_normal_task *task)
{
    const bool made = is_computed(engine, task);
    struct cn_error error;
    size_t position, failed = 1;
    struct cn_output_state *state = file_of(engine, task, &position);
    bool years[CN_MAX_WINDOW];
    enum cn_put_outcome outcome = CN_PUT_MORE;
    list_years_used(engine, task, years);
    struct cn_output_file *file = begin_file(engine, task, state);
    enum cn_status status = file ? CN_OK : cn_fail_memory(&error, "an output file");
    const struct cn_put put = {.target = position,
                               .years_used = made ? years : NULL,
                               .chunk_count = region_of(engine, task)->chunk_count,
                               .chunks = task->chunks,
                               .hashes = task->hashes};
    if (!status)
        status = cn_output_put(file, &put, &outcome, &error);
    if (!status && outcome == CN_PUT_COMPLETE)
        status = complete_file(engine, state, &failed, &error);
    if (status) {
        cn_count(engine->counters, CN_NORMALS_FAILED, failed);
        cn_engine_abort(engine, &error);
    }
}

/* False: out of memory. */
static bool encode_share(struct cn_engine *engine, struct cn_normal_task *task, size_t share)
{
    const struct cn_region_cells *region = region_of(engine, task);
    const size_t chunks = region->chunk_count;
    struct cn_scratch *scratch = &cn_engine_thread(engine)->scratch;
    unsigned char *shuffled =
        cn_scratch_get(scratch, SHUFFLED, region->chunk_cells * sizeof(float));
    bool is_encoded = shuffled != NULL;
    for (size_t k = share * chunks / task->encode_count;
         k < (share + 1) * chunks / task->encode_count && is_encoded; k++)
        is_encoded = encode_chunk(engine, task, k, scratch, shuffled);
    return is_encoded;
}

void cn_output_sample(struct cn_engine *engine, const float *slab)
{
    const struct cn_layout *layout = &engine->variable->layout;
    const int level = engine->plan->config->output.compression;
    const size_t all = (size_t)engine->variable->slots * layout->row_cells;
    size_t count = 0;
    for (size_t r = 0; r < layout->region_count; r++) {
        size_t cells = layout->regions[r].lat_count * layout->regions[r].lon_count;
        size_t chunk = layout->regions[r].chunk_slots * cells;
        count = chunk > count ? chunk : count;
    }
    count = count < all / SAMPLES ? count : all / SAMPLES;
    const size_t bytes = count * sizeof(float);
    struct cn_scratch *scratch = &cn_engine_thread(engine)->scratch;
    unsigned char *shuffled = cn_scratch_get(scratch, SHUFFLED, bytes);
    unsigned char *deflated = cn_scratch_get(scratch, DEFLATED, cn_deflate.bound(bytes));
    if (level == 0 || count == 0 || !shuffled || !deflated)
        return; /* then there is none */
    uint64_t start = cn_now_ns();
    for (size_t k = 0; k < SAMPLES; k++) {
        engine->kernels->shuffle_f32(shuffled, slab + all / SAMPLES * k, count, CN_FILL_VALUE);
        cn_scratch_encode(scratch, &cn_deflate, level, shuffled, bytes, deflated,
                          cn_deflate.bound(bytes));
    }
    cn_engine_count(engine, CN_SAMPLE_NS, cn_now_ns() - start);
    cn_engine_count(engine, CN_SAMPLE_BYTES, SAMPLES * bytes);
}

void cn_output_encode(struct cn_engine *engine, size_t index, size_t share)
{
    struct cn_normal_task *task = &engine->outputs->tasks[index];
    if (!cn_engine_is_running(engine))
        return;
    uint64_t start = cn_now_ns();
    if (is_computed(engine, task) && !encode_share(engine, task, share)) {
        struct cn_error error;
        cn_fail_memory(&error, "encoding");
        cn_engine_abort(engine, &error);
        return;
    }
    if (atomic_fetch_sub(&task->encodes_left, 1) == 1)
        put_normal(engine, task);
    const struct cn_region_cells *region = region_of(engine, task);
    const size_t chunks = region->chunk_count * (share + 1) / task->encode_count -
                          region->chunk_count * share / task->encode_count;
    cn_engine_count(engine, CN_WRITE_NS, cn_now_ns() - start);
    cn_engine_count(engine, CN_BYTES_ENCODED, chunks * region->chunk_cells * sizeof(float));
}

void cn_outputs_free(struct cn_engine *engine)
{
    const struct cn_variable_plan *variable = engine->variable;
    if (!engine->outputs)
        return;
    for (size_t o = 0; o < variable->output_count; o++)
        cn_output_free(engine->outputs->files[o].file);
    for (size_t r = 0; r < variable->layout.region_count; r++)
        cn_skeleton_free(&engine->outputs->skeletons[r]);
    pthread_mutex_destroy(&engine->outputs->lock);
}
