/*
 * Writing: chunks are encoded in place, over the normals that they hold, so that encoded data need
 * no memory of their own; whoever encodes a file's last share also writes it.
 */
#include "engine/job.h"

#include <libdeflate.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENCODE_BYTES = 8 << 20 }; /* raw bytes of an encode task */
enum { SHUFFLED };               /* scratch buffer */

static const float FILL_VALUE = 1e20f;

static enum cn_status prepare_file(struct cn_job *job, struct cn_making *making,
                                   struct cn_error *error)
{
    const struct cn_variable_plan *variable = job->variable;
    const struct cn_region_cells *region = &variable->layout.regions[making->region];
    size_t slots = (size_t)variable->slots;
    size_t bytes = slots * region->lat_count * region->lon_count * sizeof(float);
    size_t shares = bytes / ENCODE_BYTES + 1;
    making->encode_count = shares < slots ? shares : slots;
    atomic_init(&making->encodes_left, making->encode_count);
    making->means = cn_pool_alloc(job->pool, slots, sizeof *making->means);
    if (job->plan->config->output.counts)
        making->counts = cn_pool_alloc(job->pool, slots, sizeof *making->counts);
    return making->means && (making->counts || !job->plan->config->output.counts)
               ? CN_OK
               : cn_fail_memory(error, "the files of a variable");
}

enum cn_status cn_makings_prepare(struct cn_job *job, struct cn_error *error)
{
    const struct cn_variable_plan *variable = job->variable;
    job->makings = cn_pool_alloc(job->pool, variable->outputs_wanted, sizeof *job->makings);
    job->skeletons =
        cn_pool_alloc(job->pool, variable->layout.region_count, sizeof *job->skeletons);
    if (!job->makings || !job->skeletons)
        return cn_fail_memory(error, "the files of a variable");
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        job->batches[b].first_making = job->making_count;
        for (size_t t = 0; t < batch->target_count; t++)
            for (size_t r = 0; r < variable->layout.region_count; r++) {
                size_t target = batch->first_target + t;
                if (!variable->targets[target].outputs[r].wanted)
                    continue;
                struct cn_making *making = &job->makings[job->making_count++];
                *making = (struct cn_making){.batch = b, .target = target, .region = r};
                enum cn_status status = prepare_file(job, making, error);
                if (status)
                    return status;
            }
        job->batches[b].making_count = job->making_count - job->batches[b].first_making;
    }
    return CN_OK;
}

/* HDF5 shuffle of 2-byte values. */
static void shuffle_i16(unsigned char *out, const int16_t *values, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        out[k] = (unsigned char)((uint16_t)values[k] & 0xff);
        out[count + k] = (unsigned char)((uint16_t)values[k] >> 8);
    }
}

/* Deflates shuffled bytes back to where their values were; the layout's padding makes room. */
static struct cn_chunk deflate_over(struct cn_scratch *scratch, const unsigned char *shuffled,
                                    size_t bytes, void *place)
{
    size_t room = libdeflate_zlib_compress_bound(NULL, bytes);
    size_t size = libdeflate_zlib_compress(scratch->compressor, shuffled, bytes, place, room);
    return (struct cn_chunk){place, size};
}

static void encode_slot(struct cn_job *job, struct cn_making *making, size_t slot,
                        struct cn_scratch *scratch, unsigned char *shuffled)
{
    const struct cn_variable_plan *variable = job->variable;
    const struct cn_batch *batch = &variable->batches[making->batch];
    const struct cn_region_cells *region = &variable->layout.regions[making->region];
    size_t cells = region->lat_count * region->lon_count;
    size_t place = slot * variable->layout.row_cells + region->first_cell;
    size_t target = making->target - batch->first_target;
    float *means = cn_arena_means(job->arena, variable, batch->result_slot, target) + place;
    int16_t *counts = cn_arena_counts(job->arena, variable, batch->result_slot, target) + place;
    if (job->plan->config->output.compression == 0) {
        for (size_t c = 0; c < cells; c++)
            means[c] = isnan(means[c]) ? FILL_VALUE : means[c];
        making->means[slot] = (struct cn_chunk){means, cells * sizeof *means};
        if (making->counts)
            making->counts[slot] = (struct cn_chunk){counts, cells * sizeof *counts};
        return;
    }
    job->kernels->shuffle_f32(shuffled, means, cells, FILL_VALUE);
    making->means[slot] = deflate_over(scratch, shuffled, cells * sizeof *means, means);
    if (making->counts) {
        shuffle_i16(shuffled, counts, cells);
        making->counts[slot] = deflate_over(scratch, shuffled, cells * sizeof *counts, counts);
    }
}

static void write_file(struct cn_job *job, struct cn_making *making)
{
    const struct cn_variable_plan *variable = job->variable;
    const struct cn_batch *batch = &variable->batches[making->batch];
    const struct cn_target *target = &variable->targets[making->target];
    size_t first_row = making->target - batch->first_target;
    int window = job->plan->config->normals.window;
    bool year_used[1024];
    for (int k = 0; k < window; k++)
        year_used[k] = job->batches[making->batch].slabs[first_row + (size_t)k] != NULL;
    const struct cn_normal_file file = {.config = job->plan->config,
                                        .catalog = job->plan->catalog,
                                        .variable = variable->variable,
                                        .region = &variable->layout.regions[making->region],
                                        .target = target,
                                        .slots = variable->slots,
                                        .path = target->outputs[making->region].path,
                                        .year_used = year_used};
    char temporary[PATH_MAX];
    struct cn_error error;
    if (cn_sink_write(&file, &job->skeletons[making->region], making->means, making->counts,
                      temporary, sizeof temporary, &error)) {
        cn_count(&job->counters->files_failed, 1);
        cn_job_abort(job, &error);
        return;
    }
    cn_publisher_take(job, &file, temporary);
}

void cn_making_encode(struct cn_job *job, size_t index, size_t share)
{
    struct cn_making *making = &job->makings[index];
    size_t slots = (size_t)job->variable->slots;
    const struct cn_batch *batch = &job->variable->batches[making->batch];
    const struct cn_region_cells *region = &job->variable->layout.regions[making->region];
    if (!cn_job_goes_on(job) ||
        !job->batches[making->batch].computed[making->target - batch->first_target])
        return;
    uint64_t start = cn_now_ns();
    struct cn_scratch *scratch = cn_job_scratch(job);
    int level = job->plan->config->output.compression;
    unsigned char *shuffled =
        cn_scratch_get(scratch, SHUFFLED, region->lat_count * region->lon_count * sizeof(float));
    if (!scratch->compressor && level)
        scratch->compressor = libdeflate_alloc_compressor(level);
    if (!shuffled || (!scratch->compressor && level)) {
        struct cn_error error;
        cn_fail_memory(&error, "encoding");
        cn_job_abort(job, &error);
        return;
    }
    for (size_t slot = share * slots / making->encode_count;
         slot < (share + 1) * slots / making->encode_count; slot++)
        encode_slot(job, making, slot, scratch, shuffled);
    if (atomic_fetch_sub(&making->encodes_left, 1) == 1)
        write_file(job, making);
    cn_job_worker(job)->write_ns += cn_now_ns() - start;
}

void cn_makings_free(struct cn_job *job)
{
    for (size_t r = 0; job->skeletons && r < job->variable->layout.region_count; r++)
        cn_skeleton_free(&job->skeletons[r]);
}
