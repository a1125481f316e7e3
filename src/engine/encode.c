/*
 * Chunks: shuffled and deflated in place.
 */
#include "engine/encode.h"

#include "base/error.h"
#include "base/netcdf_constants.h"
#include "climnorm/values.h"
#include "engine/found.h"
#include "engine/too_large.h"
#include "products/change.h"
#include "sink/file_passes.h"

#include <math.h>
#include <string.h>

enum { SHUFFLED, DEFLATED, WHOLE }; /* buffers of the thread's scratch */
enum { SAMPLES = 8 };               /* of a year, to see how long encoding takes */
enum { VALUES, COUNTS };            /* the fields */

/* What encoding the chunks of a task needs. */
struct encoder {
    struct cn_engine *engine;
    struct cn_normal_task *task;
    const struct cn_output_state *output;
    size_t position;                      /* of the target in its file */
    size_t pass;                          /* in the plan */
    const struct cn_region_cells *region; /* as far as the pass has it */
    struct cn_scratch *scratch;
    unsigned char *shuffled;
};

/* Where a chunk's values of a field are in the arena. chunk: of those that the pass touches. */
static void *find_values(const struct encoder *encoder, size_t chunk, size_t field)
{
    const struct cn_engine *engine = encoder->engine;
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[encoder->task->batch];
    const size_t product = encoder->task->normal / variable->layout.region_count;
    const struct cn_sample *sample = cn_batch_sample(variable, batch);
    const size_t target = encoder->task->target - batch->first_target;
    const size_t result = product * cn_batch_results(batch, sample) + target;
    const size_t first = encoder->region->first_result + chunk * encoder->region->chunk_cells;
    if (field == VALUES)
        return cn_arena_values(engine->arena, variable, batch->result_slot, sample->time, result) +
               first;
    return cn_arena_counts(engine->arena, variable, batch->result_slot, sample->time, result) +
           first * cn_field_bytes(&encoder->output->content, COUNTS);
}

/* Turns counts as they are computed into those that the file stores, slot by slot in their place.
 */
static void widen_counts(const struct encoder *encoder, void *values, size_t first_slot,
                         size_t slot_count)
{
    const size_t cells = encoder->region->row_count * encoder->region->column_count;
    const size_t bytes = cn_field_bytes(&encoder->output->content, COUNTS);
    unsigned char *row = (unsigned char *)values + first_slot * cells * bytes;
    for (size_t s = 0; s < slot_count && bytes > sizeof(uint16_t); s++, row += cells * bytes)
        for (size_t c = cells; c-- > 0;) {
            uint16_t count;
            memcpy(&count, row + c * sizeof count, sizeof count);
            memcpy(row + c * bytes, &(int32_t){count}, sizeof(int32_t));
        }
}

/* Fills up a chunk behind the year's last day slot. bytes: of a value. */
static void fill_up(void *values, size_t field, size_t first, size_t end, size_t bytes)
{
    if (field == COUNTS)
        memset((char *)values + first * bytes, 0, (end - first) * bytes);
    for (size_t c = first; field == VALUES && c < end; c++)
        ((float *)values)[c] = NAN;
}

static bool has_value(const float *values, size_t count)
{
    size_t c = 0;
    while (c < count && !isfinite(values[c]))
        c++;
    return c < count;
}

/* Converts the results of a whole chunk of the file, as it stores them. */
static void finish_results(const struct encoder *encoder, size_t number, float *values,
                           size_t count)
{
    const struct cn_normals_file *content = &encoder->output->content;
    const size_t normal = encoder->task->normal;
    const struct cn_value_stretch stretch = {
        .values = values,
        .count = count,
        .first = {.item = encoder->task->target,
                  .region = normal % encoder->engine->variable->layout.region_count,
                  .group = number * content->region->chunk_slots},
        .cells = content->region->row_count * content->region->column_count};
    cn_convert_values(&content->product->unit, values, count);
    cn_remove_large_results(encoder->engine, normal, &stretch);
}

/* Encodes values of a whole chunk of the file back to where they are; the layout's padding makes
 * room. size 0: out of memory. */
static struct cn_encoded encode_over(const struct encoder *encoder, size_t number, void *values,
                                     size_t count, size_t field)
{
    const int level = encoder->engine->plan->config->output.compression;
    const size_t value_bytes = cn_field_bytes(&encoder->output->content, field);
    const size_t bytes = count * value_bytes;
    float *floats = field == VALUES ? values : NULL;
    if (floats)
        finish_results(encoder, number, floats, count);
    struct cn_encoded encoded = {values, bytes};
    if (level == 0) {
        for (size_t c = 0; floats && c < count; c++)
            floats[c] = isnan(floats[c]) ? CN_FILL_VALUE : floats[c];
        return encoded;
    }
    if (floats)
        encoder->engine->kernels->shuffle_f32(encoder->shuffled, floats, count, CN_FILL_VALUE);
    else if (cn_scratch_encode(encoder->scratch, &cn_shuffle, (int)value_bytes, values, bytes,
                               encoder->shuffled, bytes) != bytes)
        return (struct cn_encoded){values, 0};
    encoded.size = cn_scratch_encode(encoder->scratch, &cn_deflate, level, encoder->shuffled, bytes,
                                     values, cn_deflate.bound(bytes));
    return encoded;
}

/* Keeps the pass's part of a chunk; if it is the last one, encodes the chunk and keeps that. */
static enum cn_status keep_part(const struct encoder *encoder, size_t chunk, size_t field,
                                const struct cn_chunk_share *share, struct cn_encoded *encoded,
                                uint64_t *hash, struct cn_error *error)
{
    const struct cn_region_cells *whole = encoder->output->content.region;
    const size_t number = encoder->region->first_chunk + chunk;
    const size_t cells = encoder->region->row_count * encoder->region->column_count;
    const char *part = find_values(encoder, chunk, field);
    const size_t bytes = cn_field_bytes(&encoder->output->content, field);
    struct cn_output_file *file = encoder->output->file;
    enum cn_status status =
        cn_output_keep_values(file, encoder->position, encoder->pass, number, field,
                              part + share->first_slot * cells * bytes, error);
    *encoded = (struct cn_encoded){NULL, 0};
    if (status || !cn_is_whole_with(&encoder->output->content, encoder->pass, number))
        return status;
    void *values = cn_scratch_get(encoder->scratch, WHOLE, whole->chunk_cells * sizeof(float));
    if (!values)
        return cn_fail_memory(error, "a chunk");
    status = cn_output_kept_values(file, encoder->position, number, field, values, error);
    if (status)
        return status;
    const struct cn_encoded made =
        encode_over(encoder, number, values,
                    whole->chunk_slots * whole->row_count * whole->column_count, field);
    if (!made.size)
        return cn_fail_memory(error, "encoding");
    *hash = cn_content_hash(made.bytes, made.size);
    return cn_output_keep_chunk(file, encoder->position, encoder->pass, number, field, made.bytes,
                                made.size, *hash, error);
}

/* Copies the pass's part of a chunk to its place in memory; the last pass finishes the values. */
static void place_part(const struct encoder *encoder, size_t chunk, size_t field,
                       const struct cn_chunk_share *share)
{
    const struct cn_normals_file *content = &encoder->output->content;
    const struct cn_region_cells *whole = content->region;
    const size_t number = encoder->region->first_chunk + chunk;
    const size_t row = whole->column_count * cn_field_bytes(content, field);
    const size_t slot = whole->row_count * row, part = share->row_count * row;
    const size_t first_slot = number * whole->chunk_slots;
    const size_t left = (size_t)content->slots - first_slot;
    const size_t slots = left < whole->chunk_slots ? left : whole->chunk_slots;
    char *field_values =
        field == COUNTS ? content->values->counts : (char *)content->values->values;
    char *to = field_values + (encoder->position * (size_t)content->slots + first_slot) * slot;
    const char *from = (const char *)find_values(encoder, chunk, field) + share->first_slot * part;
    for (size_t s = 0; s < share->slot_count; s++)
        memcpy(to + (share->first_slot + s) * slot + share->first_row * row, from + s * part, part);
    if (field == VALUES && cn_is_whole_with(content, encoder->pass, number))
        finish_results(encoder, number,
                       content->values->values + (size_t)(to - field_values) / sizeof(float),
                       slots * whole->row_count * whole->column_count);
}

/* Reports which of the values of a share there are, from a group of the year on. */
static void report_found(const struct encoder *encoder, const float *values,
                         const struct cn_chunk_share *share, size_t first_group)
{
    struct cn_engine *engine = encoder->engine;
    const size_t target = encoder->task->target, normal = encoder->task->normal;
    if (!cn_is_value_known(engine, target, normal))
        cn_found_normal(engine, target, normal, has_value(values, share->values));
    const size_t cells = share->slot_count ? share->values / share->slot_count : 0;
    for (size_t g = 0; g < share->slot_count; g++)
        if (!cn_is_group_known(engine, target, normal, first_group + g) &&
            has_value(values + g * cells, cells))
            cn_found_group(engine, target, normal, first_group + g);
}

static enum cn_status encode_chunk(const struct encoder *encoder, size_t chunk, size_t field,
                                   struct cn_encoded *encoded, uint64_t *hash,
                                   struct cn_error *error)
{
    const struct cn_region_cells *whole = encoder->output->content.region;
    const size_t number = encoder->region->first_chunk + chunk;
    const size_t cells = whole->row_count * whole->column_count;
    const size_t left = (size_t)encoder->output->content.slots - number * whole->chunk_slots;
    const size_t slots = left < whole->chunk_slots ? left : whole->chunk_slots;
    const struct cn_chunk_share share =
        cn_chunk_share(&encoder->output->content, encoder->pass, number);
    void *values = find_values(encoder, chunk, field);
    if (field == COUNTS)
        widen_counts(encoder, values, share.first_slot, share.slot_count);
    const size_t own_cells = encoder->region->row_count * encoder->region->column_count;
    if (field == VALUES)
        report_found(encoder, (const float *)values + share.first_slot * own_cells, &share,
                     number * whole->chunk_slots + share.first_slot);
    if (encoder->output->content.values) {
        place_part(encoder, chunk, field, &share);
        return CN_OK;
    }
    if (share.slot_count < slots || share.row_count < whole->row_count)
        return keep_part(encoder, chunk, field, &share, encoded, hash, error);
    fill_up(values, field, slots * cells, whole->chunk_slots * cells,
            cn_field_bytes(&encoder->output->content, field));
    *encoded = encode_over(encoder, number, values, whole->chunk_slots * cells, field);
    if (!encoded->size)
        return cn_fail_memory(error, "encoding");
    *hash = cn_content_hash(encoded->bytes, encoded->size); /* while it is in the cache */
    return CN_OK;
}

enum cn_status cn_encode_chunks(struct cn_engine *engine, struct cn_normal_task *task, size_t first,
                                size_t end, struct cn_error *error)
{
    const size_t fields = cn_field_count(engine->plan->config);
    struct encoder encoder = {.engine = engine,
                              .task = task,
                              .pass = engine->variable->batches[task->batch].pass,
                              .region = cn_task_region(engine, task),
                              .scratch = &cn_engine_thread(engine)->scratch};
    encoder.output = cn_task_output(engine, task, &encoder.position);
    const size_t cells = encoder.output->content.region->chunk_cells;
    encoder.shuffled = cn_scratch_get(encoder.scratch, SHUFFLED, cells * sizeof(float));
    enum cn_status status = encoder.shuffled ? CN_OK : cn_fail_memory(error, "encoding");
    for (size_t k = first; k < end && !status; k++)
        for (size_t f = 0; f < fields && !status; f++)
            status = encode_chunk(&encoder, k, f, &task->chunks[k * fields + f],
                                  &task->hashes[k * fields + f], error);
    return status;
}

void cn_encode_sample(struct cn_engine *engine, const float *slab)
{
    const struct cn_pass *pass = &engine->variable->passes[engine->variable->loads[0].pass];
    const struct cn_layout *layout = &pass->layout;
    const int level = engine->plan->config->output.compression;
    const size_t all = pass->held[CN_DAY].count * layout->row_cells;
    size_t count = 0;
    for (size_t r = 0; r < layout->region_count; r++) {
        size_t cells = layout->regions[r].row_count * layout->regions[r].column_count;
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
