/*
 * Computing: the bodies of gate, tile and join. A tile is a stretch of day slots of all regions.
 */
#include "engine/compute.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/report.h"

#include <stdio.h>
#include <stdlib.h>

enum { TILES_PER_THREAD = 8 };

/* Allocates the state of a batch and lists the distinct year slots of its rows. False: out of
 * memory. */
static bool prepare_batch(const struct cn_engine *engine, const struct cn_batch *batch,
                          struct cn_batch_state *state)
{
    state->slots = cn_pool_alloc(engine->pool, batch->row_count, sizeof *state->slots);
    state->slabs = cn_pool_alloc(engine->pool, batch->row_count, sizeof *state->slabs);
    state->computed = cn_pool_alloc(engine->pool, batch->target_count, sizeof *state->computed);
    if (!state->slots || !state->slabs || !state->computed)
        return false;
    for (size_t k = 0; k < batch->row_count; k++)
        if (batch->rows[k] >= 0)
            state->slots[state->slot_count++] = engine->variable->slot_of_year[batch->rows[k]];
    return true;
}

enum cn_status cn_batches_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    engine->batches = cn_pool_alloc(engine->pool, variable->batch_count, sizeof *engine->batches);
    if (!engine->batches)
        return cn_fail_memory(error, "target years");
    size_t tiles = TILES_PER_THREAD * (size_t)engine->threads;
    for (size_t b = 0; b < variable->batch_count; b++) {
        engine->batches[b].tile_count =
            tiles < (size_t)variable->slots ? tiles : (size_t)variable->slots;
        if (!prepare_batch(engine, &variable->batches[b], &engine->batches[b]))
            return cn_fail_memory(error, "target years");
    }
    return CN_OK;
}

void cn_batch_gate(struct cn_engine *engine, size_t batch_index)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    struct cn_batch_state *state = &engine->batches[batch_index];
    int window = engine->plan->config->normals.window;
    if (!cn_engine_is_running(engine))
        return;
    for (size_t k = 0; k < batch->row_count; k++) {
        ptrdiff_t year = batch->rows[k];
        bool is_loaded = year >= 0 && !atomic_load(&engine->year_dropped[year]);
        state->slabs[k] =
            is_loaded ? cn_arena_slab(engine->arena, variable, variable->slot_of_year[year]) : NULL;
    }
    for (size_t t = 0; t < batch->target_count; t++) {
        const struct cn_target *target = &variable->targets[batch->first_target + t];
        int years = 0;
        for (int k = 0; k < window; k++)
            years += state->slabs[t + (size_t)k] != NULL;
        state->computed[t] = years >= engine->plan->config->normals.min_years;
        if (state->computed[t])
            continue;
        cn_report_short_window(engine, batch->first_target + t, years);
        cn_count(engine->counters, CN_NORMALS_UNMADE, cn_wanted_normals(variable, target));
    }
    bool *is_used = &engine->result_slot_used[batch->result_slot];
    state->first_use = !*is_used;
    if (state->first_use)
        cn_count(engine->counters, CN_ARENA_USED, variable->result_bytes);
    *is_used = true;
}

/* Where the rows of one day slot and region are. In the thread's scratch. */
struct row_pointers {
    const float **rows;
    float **means;
    int16_t **counts;
};

static bool allocate_pointers(const struct cn_engine *engine, const struct cn_batch *batch,
                              struct row_pointers *pointers)
{
    size_t count = batch->row_count + 2 * batch->target_count;
    unsigned char *bytes =
        cn_scratch_get(&cn_engine_thread(engine)->scratch, 0, count * sizeof(void *));
    if (!bytes)
        return false;
    pointers->rows = (const float **)(void *)bytes;
    pointers->means = (float **)(void *)(pointers->rows + batch->row_count);
    pointers->counts = (int16_t **)(void *)(pointers->means + batch->target_count);
    return true;
}

/* Computes one region in one day slot. The padding between regions is never read. */
static void compute_row(const struct cn_engine *engine, size_t batch_index, size_t slot,
                        const struct cn_region_cells *region, const struct row_pointers *pointers)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_batch_state *state = &engine->batches[batch_index];
    size_t row = slot * variable->layout.row_cells + region->first_cell;
    size_t result = cn_result_index(region, slot);
    for (size_t k = 0; k < batch->row_count; k++)
        pointers->rows[k] = state->slabs[k] ? state->slabs[k] + row : NULL;
    for (size_t t = 0; t < batch->target_count; t++) {
        pointers->means[t] = NULL;
        pointers->counts[t] = NULL;
        if (!state->computed[t])
            continue;
        pointers->means[t] =
            cn_arena_means(engine->arena, variable, batch->result_slot, t) + result;
        pointers->counts[t] =
            cn_arena_counts(engine->arena, variable, batch->result_slot, t) + result;
    }
    const struct cn_window_job window = {
        .rows = pointers->rows,
        .window = (size_t)engine->plan->config->normals.window,
        .targets = batch->target_count,
        .cells = region->lat_count * region->lon_count,
        .means = pointers->means,
        .counts = engine->plan->config->output.counts ? pointers->counts : NULL};
    engine->kernels->window_means(&window);
}

/* Asks for the pages of the results of day slots first … end - 1. */
static void populate_results(const struct cn_engine *engine, const struct cn_batch *batch,
                             size_t first, size_t end)
{
    const struct cn_layout *layout = &engine->variable->layout;
    for (size_t t = 0; t < batch->target_count; t++) {
        float *means = cn_arena_means(engine->arena, engine->variable, batch->result_slot, t);
        for (size_t r = 0; r < layout->region_count; r++) {
            const struct cn_region_cells *region = &layout->regions[r];
            size_t from = cn_result_index(region, first), last = cn_result_index(region, end - 1);
            size_t cells = last - from + region->lat_count * region->lon_count;
            cn_arena_populate(means + from, cells * sizeof *means);
        }
    }
}

void cn_batch_tile(struct cn_engine *engine, size_t batch_index, size_t tile)
{
    const struct cn_variable_plan *variable = engine->variable;
    size_t slots = (size_t)variable->slots, tiles = engine->batches[batch_index].tile_count;
    size_t first = tile * slots / tiles, end = (tile + 1) * slots / tiles;
    const struct cn_batch *batch = &variable->batches[batch_index];
    struct row_pointers pointers;
    if (!cn_engine_is_running(engine))
        return;
    if (!allocate_pointers(engine, batch, &pointers)) {
        struct cn_error error;
        cn_fail_memory(&error, "a tile");
        cn_engine_abort(engine, &error);
        return;
    }
    if (engine->batches[batch_index].first_use)
        populate_results(engine, batch, first, end);
    uint64_t start = cn_now_ns(); /* after the pages are there: that is not computing */
    for (size_t slot = first; slot < end; slot++)
        for (size_t r = 0; r < variable->layout.region_count; r++)
            compute_row(engine, batch_index, slot, &variable->layout.regions[r], &pointers);
    cn_engine_count(engine, CN_COMPUTE_NS, cn_now_ns() - start);
}

void cn_batch_join(struct cn_engine *engine, size_t batch_index)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_batch_state *state = &engine->batches[batch_index];
    if (!cn_engine_is_running(engine))
        return;
    for (size_t t = 0; t < batch->target_count; t++)
        if (state->computed[t])
            cn_count(engine->counters, CN_NORMALS_COMPUTED,
                     cn_wanted_normals(variable, &variable->targets[batch->first_target + t]));
}
