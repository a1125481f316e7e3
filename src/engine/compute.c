/*
 * Computing: the bodies of gate, tile and join. A tile is a stretch of day slots of all regions.
 */
#include "engine/compute.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/report.h"

#include <stdio.h>
#include <stdlib.h>

enum { TILES_PER_THREAD = 8, CELLS_PER_LINE = 16 };

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
    const struct cn_pass *pass = &engine->variable->passes[batch->pass];
    for (size_t k = 0; k < batch->row_count; k++)
        if (batch->rows[k] >= 0 && pass->slot_of_year[batch->rows[k]] != SIZE_MAX)
            state->slots[state->slot_count++] = pass->slot_of_year[batch->rows[k]];
    return true;
}

enum cn_status cn_batches_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    engine->batches = cn_pool_alloc(engine->pool, variable->batch_count, sizeof *engine->batches);
    if (!engine->batches)
        return cn_fail_memory(error, "target years");
    const size_t tiles = TILES_PER_THREAD * (size_t)engine->threads;
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_pass *pass = &variable->passes[variable->batches[b].pass];
        const size_t slots = pass->stretch.slot_count;
        engine->batches[b].batch_before =
            b < pass->batch_count ? b : b - pass->batch_count; /* all passes have as many */
        engine->batches[b].pieces = tiles > slots ? tiles / slots : 1;
        engine->batches[b].tile_count = tiles < slots ? tiles : slots * engine->batches[b].pieces;
        if (!prepare_batch(engine, &variable->batches[b], &engine->batches[b]))
            return cn_fail_memory(error, "target years");
    }
    return CN_OK;
}

void cn_batch_gate(struct cn_engine *engine, size_t batch_index)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_pass *pass = &variable->passes[batch->pass];
    struct cn_batch_state *state = &engine->batches[batch_index];
    int window = engine->plan->config->normals.window;
    if (!cn_engine_is_running(engine))
        return;
    for (size_t k = 0; k < batch->row_count; k++) {
        ptrdiff_t year = batch->rows[k];
        bool is_loaded = year >= 0 && !atomic_load(&engine->year_dropped[year]);
        state->slabs[k] =
            is_loaded ? cn_arena_slab(engine->arena, variable, pass->slot_of_year[year]) : NULL;
    }
    for (size_t t = 0; t < batch->target_count; t++) {
        const struct cn_target *target = &variable->targets[batch->first_target + t];
        int years = 0;
        for (int k = 0; k < window; k++)
            years += state->slabs[t + (size_t)k] != NULL;
        state->computed[t] = years >= engine->plan->config->normals.min_years;
        if (state->computed[t])
            continue;
        if (cn_report_short_window(engine, batch->first_target + t, years))
            cn_count(engine->counters, CN_NORMALS_UNMADE, cn_wanted_normals(variable, target));
    }
    bool *is_used = &engine->result_slot_used[batch->result_slot];
    state->first_use = !*is_used;
    if (state->first_use)
        cn_count(engine->counters, CN_ARENA_USED, variable->result_bytes);
    *is_used = true;
}

enum { POINTERS, KERNEL }; /* buffers of the thread's scratch */

/* Where the rows of one day slot and region are. In the thread's scratch. */
struct row_pointers {
    const float **rows;
    float **means;
    uint16_t **counts;
    void *kernel; /* the scratch of a job */
};

/* What all jobs of a batch have in common. */
static struct cn_window_job window_job(const struct cn_engine *engine, const struct cn_batch *batch)
{
    return (struct cn_window_job){.window = (size_t)engine->plan->config->normals.window,
                                  .targets = batch->target_count,
                                  .slots = 1,
                                  .pool = 1,
                                  .min_values = 1};
}

static bool allocate_pointers(const struct cn_engine *engine, const struct cn_batch *batch,
                              struct row_pointers *pointers)
{
    struct cn_scratch *scratch = &cn_engine_thread(engine)->scratch;
    const struct cn_window_job job = window_job(engine, batch);
    size_t count = batch->row_count + 2 * batch->target_count;
    unsigned char *bytes = cn_scratch_get(scratch, POINTERS, count * sizeof(void *));
    pointers->kernel = cn_scratch_get(scratch, KERNEL, cn_window_scratch_bytes(&job));
    if (!bytes || !pointers->kernel)
        return false;
    pointers->rows = (const float **)(void *)bytes;
    pointers->means = (float **)(void *)(pointers->rows + batch->row_count);
    pointers->counts = (uint16_t **)(void *)(pointers->means + batch->target_count);
    return true;
}

/* Day slots and cells of each region: cells piece / pieces … of it. */
struct tile {
    size_t first_slot, end_slot; /* of the year */
    size_t piece, pieces;
};

static struct tile find_tile(const struct cn_engine *engine, size_t batch_index, size_t index)
{
    const struct cn_batch_state *state = &engine->batches[batch_index];
    const struct cn_pass_stretch *stretch =
        &engine->variable->passes[engine->variable->batches[batch_index].pass].stretch;
    const size_t tiles = state->tile_count / state->pieces, column = index / state->pieces;
    return (struct tile){.first_slot = stretch->first_slot + column * stretch->slot_count / tiles,
                         .end_slot =
                             stretch->first_slot + (column + 1) * stretch->slot_count / tiles,
                         .piece = index % state->pieces,
                         .pieces = state->pieces};
}

/* Where the tile's cells of a region begin, for piece = tile->piece, and end, for piece + 1. Whole
 * cache lines of results belong to one piece. */
static size_t cell_of(const struct cn_region_cells *region, size_t piece, size_t pieces)
{
    const size_t cells = region->lat_count * region->lon_count;
    return piece == pieces ? cells : cells * piece / pieces / CELLS_PER_LINE * CELLS_PER_LINE;
}

/* Computes the tile's cells of one region in one day slot. The padding between regions is never
 * read. */
static void compute_row(const struct cn_engine *engine, size_t batch_index, size_t slot,
                        const struct tile *tile, const struct cn_region_cells *region,
                        const struct row_pointers *pointers)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_batch_state *state = &engine->batches[batch_index];
    const struct cn_pass *pass = &variable->passes[batch->pass];
    const size_t first = cell_of(region, tile->piece, tile->pieces);
    const size_t row =
        (slot - pass->stretch.first_slot) * pass->layout.row_cells + region->first_cell + first;
    const size_t result = cn_result_index(region, slot) + first;
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
            (uint16_t *)cn_arena_counts(engine->arena, variable, batch->result_slot, t) + result;
    }
    struct cn_window_job job = window_job(engine, batch);
    job.rows = pointers->rows;
    job.cells = cell_of(region, tile->piece + 1, tile->pieces) - first;
    job.results = pointers->means;
    job.counts = engine->plan->config->output.counts ? pointers->counts : NULL;
    job.scratch = pointers->kernel;
    if (job.cells)
        engine->kernels->window_means(&job);
}

/* Asks for the pages of a tile's results. */
static void populate_results(const struct cn_engine *engine, const struct cn_batch *batch,
                             const struct tile *tile)
{
    const struct cn_layout *layout = &engine->variable->passes[batch->pass].layout;
    for (size_t t = 0; t < batch->target_count; t++) {
        float *means = cn_arena_means(engine->arena, engine->variable, batch->result_slot, t);
        for (size_t r = 0; r < layout->region_count; r++) {
            const struct cn_region_cells *region = &layout->regions[r];
            const size_t from = cn_result_index(region, tile->first_slot) +
                                cell_of(region, tile->piece, tile->pieces);
            const size_t end = cn_result_index(region, tile->end_slot - 1) +
                               cell_of(region, tile->piece + 1, tile->pieces);
            if (region->lat_count)
                cn_arena_populate(means + from, (end - from) * sizeof *means);
        }
    }
}

void cn_batch_tile(struct cn_engine *engine, size_t batch_index, size_t index)
{
    const struct cn_batch *batch = &engine->variable->batches[batch_index];
    const struct cn_layout *layout = &engine->variable->passes[batch->pass].layout;
    const struct tile tile = find_tile(engine, batch_index, index);
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
        populate_results(engine, batch, &tile);
    uint64_t start = cn_now_ns(); /* after the pages are there: that is not computing */
    for (size_t slot = tile.first_slot; slot < tile.end_slot; slot++)
        for (size_t r = 0; r < layout->region_count; r++)
            compute_row(engine, batch_index, slot, &tile, &layout->regions[r], &pointers);
    cn_engine_count(engine, CN_COMPUTE_NS, cn_now_ns() - start);
}

void cn_batch_join(struct cn_engine *engine, size_t batch_index)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_batch_state *state = &engine->batches[batch_index];
    if (!cn_engine_is_running(engine) || batch->pass + 1 < variable->pass_count || engine->is_again)
        return;
    for (size_t t = 0; t < batch->target_count; t++)
        if (state->computed[t])
            cn_count(engine->counters, CN_NORMALS_COMPUTED,
                     cn_wanted_normals(variable, &variable->targets[batch->first_target + t]));
}
