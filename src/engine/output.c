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

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENCODE_BYTES = 8 << 20 }; /* raw bytes of an encode task */
enum { SHUFFLED };               /* a buffer of the thread's scratch */

/* Fills the rest of a task whose batch, target and region are set. False: out of memory. */
static bool prepare_task(const struct cn_engine *engine, struct cn_output_task *output_task)
{
    const struct cn_region_cells *region = &engine->variable->layout.regions[output_task->region];
    const bool has_counts = engine->plan->config->output.counts;
    size_t slots = (size_t)engine->variable->slots;
    size_t shares = slots * region->lat_count * region->lon_count * sizeof(float) / ENCODE_BYTES;
    output_task->encode_count = shares + 1 < slots ? shares + 1 : slots;
    atomic_init(&output_task->encodes_left, output_task->encode_count);
    output_task->means = cn_pool_alloc(engine->pool, slots, sizeof *output_task->means);
    if (has_counts)
        output_task->counts = cn_pool_alloc(engine->pool, slots, sizeof *output_task->counts);
    return output_task->means && (output_task->counts || !has_counts);
}

enum cn_status cn_outputs_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_pool *pool = engine->pool;
    struct cn_outputs *outputs = cn_pool_alloc(pool, 1, sizeof *outputs);
    if (!outputs)
        return cn_fail_memory(error, "the files of a variable");
    outputs->tasks = cn_pool_alloc(pool, variable->outputs_wanted, sizeof *outputs->tasks);
    outputs->first_of_batch =
        cn_pool_alloc(pool, variable->batch_count + 1, sizeof *outputs->first_of_batch);
    outputs->skeletons =
        cn_pool_alloc(pool, variable->layout.region_count, sizeof *outputs->skeletons);
    if (!outputs->tasks || !outputs->first_of_batch || !outputs->skeletons)
        return cn_fail_memory(error, "the files of a variable");
    engine->outputs = outputs;
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        for (size_t t = 0; t < batch->target_count; t++)
            for (size_t r = 0; r < variable->layout.region_count; r++) {
                size_t target = batch->first_target + t;
                if (!variable->targets[target].outputs[r].wanted)
                    continue;
                struct cn_output_task *output_task = &outputs->tasks[outputs->count++];
                *output_task = (struct cn_output_task){.batch = b, .target = target, .region = r};
                if (!prepare_task(engine, output_task))
                    return cn_fail_memory(error, "the files of a variable");
            }
        outputs->first_of_batch[b + 1] = outputs->count;
    }
    return CN_OK;
}

/* Deflates shuffled bytes back to where their values were; the layout's padding makes room.
 * False: out of memory. */
static bool deflate_over(struct cn_scratch *scratch, int level, const unsigned char *shuffled,
                         size_t bytes, void *values, struct cn_encoded *encoded)
{
    size_t size = cn_scratch_encode(scratch, &cn_deflate, level, shuffled, bytes, values,
                                    cn_deflate.bound(bytes));
    *encoded = (struct cn_encoded){values, size};
    return size > 0;
}

/* False: out of memory. */
static bool encode_slot(struct cn_engine *engine, struct cn_output_task *output_task, size_t slot,
                        struct cn_scratch *scratch, unsigned char *shuffled)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[output_task->batch];
    const struct cn_region_cells *region = &variable->layout.regions[output_task->region];
    size_t cells = region->lat_count * region->lon_count;
    size_t first = slot * variable->layout.row_cells + region->first_cell;
    size_t target = output_task->target - batch->first_target;
    float *means = cn_arena_means(engine->arena, variable, batch->result_slot, target) + first;
    int16_t *counts = cn_arena_counts(engine->arena, variable, batch->result_slot, target) + first;
    const int level = engine->plan->config->output.compression;
    if (level == 0) {
        for (size_t c = 0; c < cells; c++)
            means[c] = isnan(means[c]) ? CN_FILL_VALUE : means[c];
        output_task->means[slot] = (struct cn_encoded){means, cells * sizeof *means};
        if (output_task->counts)
            output_task->counts[slot] = (struct cn_encoded){counts, cells * sizeof *counts};
        return true;
    }
    engine->kernels->shuffle_f32(shuffled, means, cells, CN_FILL_VALUE);
    if (!deflate_over(scratch, level, shuffled, cells * sizeof *means, means,
                      &output_task->means[slot]))
        return false;
    const size_t bytes = cells * sizeof *counts;
    return !output_task->counts ||
           (cn_scratch_encode(scratch, &cn_shuffle, sizeof *counts, counts, bytes, shuffled,
                              bytes) == bytes &&
            deflate_over(scratch, level, shuffled, bytes, counts, &output_task->counts[slot]));
}

static void write_file(struct cn_engine *engine, struct cn_output_task *output_task)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[output_task->batch];
    const struct cn_target *target = &variable->targets[output_task->target];
    size_t first_row = output_task->target - batch->first_target;
    int window = engine->plan->config->normals.window;
    bool year_used[CN_MAX_WINDOW];
    for (int k = 0; k < window; k++)
        year_used[k] = engine->batches[output_task->batch].slabs[first_row + (size_t)k] != NULL;
    const struct cn_normal_file file = {.config = engine->plan->config,
                                        .catalog = engine->plan->catalog,
                                        .variable = variable->variable,
                                        .region = &variable->layout.regions[output_task->region],
                                        .target = target,
                                        .slots = variable->slots,
                                        .path = target->outputs[output_task->region].path,
                                        .year_used = year_used};
    char temporary[PATH_MAX];
    struct cn_error error;
    if (cn_sink_write(&file, &engine->outputs->skeletons[output_task->region], output_task->means,
                      output_task->counts, temporary, sizeof temporary, &error)) {
        cn_count(engine->counters, CN_NORMALS_FAILED, 1);
        cn_engine_abort(engine, &error);
        return;
    }
    cn_publisher_add(engine, file.path, temporary);
}

void cn_output_encode(struct cn_engine *engine, size_t index, size_t share)
{
    struct cn_output_task *output_task = &engine->outputs->tasks[index];
    size_t slots = (size_t)engine->variable->slots;
    const struct cn_batch *batch = &engine->variable->batches[output_task->batch];
    const struct cn_region_cells *region = &engine->variable->layout.regions[output_task->region];
    if (!cn_engine_is_running(engine) ||
        !engine->batches[output_task->batch].computed[output_task->target - batch->first_target])
        return;
    uint64_t start = cn_now_ns();
    struct cn_scratch *scratch = &cn_engine_thread(engine)->scratch;
    unsigned char *shuffled =
        cn_scratch_get(scratch, SHUFFLED, region->lat_count * region->lon_count * sizeof(float));
    bool is_encoded = shuffled != NULL;
    for (size_t slot = share * slots / output_task->encode_count;
         slot < (share + 1) * slots / output_task->encode_count && is_encoded; slot++)
        is_encoded = encode_slot(engine, output_task, slot, scratch, shuffled);
    if (!is_encoded) {
        struct cn_error error;
        cn_fail_memory(&error, "encoding");
        cn_engine_abort(engine, &error);
        return;
    }
    if (atomic_fetch_sub(&output_task->encodes_left, 1) == 1)
        write_file(engine, output_task);
    cn_engine_thread(engine)->write_ns += cn_now_ns() - start;
}

void cn_outputs_free(struct cn_engine *engine)
{
    for (size_t r = 0; engine->outputs && r < engine->variable->layout.region_count; r++)
        cn_skeleton_free(&engine->outputs->skeletons[r]);
}
