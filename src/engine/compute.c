/*
 * Computing: the bodies of gate, tile and join. A tile is a stretch of day slots of all regions.
 */
#include "engine/compute.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/report.h"
#include "products/statistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const struct cn_sample *sample = cn_batch_sample(variable, batch);
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
        for (int k = 0; k < sample->window; k++)
            years += state->slabs[t + (size_t)k] != NULL;
        state->computed[t] = years >= sample->min_years;
        if (state->computed[t])
            continue;
        if (cn_report_short_window(engine, batch->first_target + t, years))
            cn_count(engine->counters, CN_NORMALS_UNMADE, cn_wanted_normals(variable, target));
    }
    bool *is_used = &engine->result_slot_used[batch->result_slot];
    state->first_use = !*is_used;
    if (state->first_use)
        cn_count(engine->counters, CN_ARENA_USED, variable->slot_bytes);
    *is_used = true;
}

enum { POINTERS, KERNEL }; /* buffers of the thread's scratch */

/* Where the rows and results of a tile and region are. In the thread's scratch. */
struct tile_pointers {
    const float **rows; /* [slots + pool - 1][row_count] */
    float **results;    /* [products computed at once][slots][target_count] */
    uint16_t **counts;  /* [slots][target_count], of the first of these products */
    void *kernel;       /* the scratch of a job */
};

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

/* The job of a tile, without its pointers. */
static struct cn_window_job window_job(const struct cn_sample *sample, const struct cn_batch *batch,
                                       const struct tile *tile)
{
    return (struct cn_window_job){.window = (size_t)sample->window,
                                  .targets = batch->target_count,
                                  .slots = tile->end_slot - tile->first_slot,
                                  .pool = (size_t)sample->pool};
}

/* The most products of a sample that are computed at once. */
static size_t most_together(const struct cn_sample *sample)
{
    size_t most = 0, together;
    for (size_t p = 0; p < sample->product_count; p += together) {
        together = cn_products_together(sample->products + p, sample->product_count - p);
        most = together > most ? together : most;
    }
    return most;
}

static bool allocate_pointers(const struct cn_engine *engine, const struct cn_batch *batch,
                              const struct tile *tile, struct tile_pointers *pointers)
{
    struct cn_scratch *scratch = &cn_engine_thread(engine)->scratch;
    const struct cn_sample *sample = cn_batch_sample(engine->variable, batch);
    const struct cn_window_job job = window_job(sample, batch, tile);
    const size_t rows = (job.slots + job.pool - 1) * batch->row_count;
    const size_t counts = job.slots * job.targets, results = most_together(sample) * counts;
    unsigned char *bytes =
        cn_scratch_get(scratch, POINTERS, (rows + results + counts) * sizeof(void *));
    pointers->kernel = cn_scratch_get(scratch, KERNEL, cn_window_scratch_bytes(&job));
    if (!bytes || !pointers->kernel)
        return false;
    pointers->rows = (const float **)(void *)bytes;
    pointers->results = (float **)(void *)(pointers->rows + rows);
    pointers->counts = (uint16_t **)(void *)(pointers->results + results);
    return true;
}

/* Where the values of the days of the tile's samples are, from a cell of the row on. The slots of a
 * year are a circle. */
static void find_rows(const struct cn_engine *engine, size_t batch_index, const struct tile *tile,
                      size_t cell, const struct tile_pointers *pointers)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_batch_state *state = &engine->batches[batch_index];
    const struct cn_pass *pass = &variable->passes[batch->pass];
    const size_t slots = (size_t)variable->slots;
    const size_t pool = (size_t)cn_batch_sample(variable, batch)->pool;
    const size_t days = tile->end_slot - tile->first_slot + pool - 1;
    const float **row = pointers->rows;
    for (size_t d = 0; d < days; d++) {
        const size_t slot = (tile->first_slot + slots - pool / 2 + d) % slots;
        const size_t at = (slot - pass->stretch.first_slot) * pass->layout.row_cells + cell;
        for (size_t k = 0; k < batch->row_count; k++)
            *row++ = state->slabs[k] ? state->slabs[k] + at : NULL;
    }
}

/* Products of a sample that are computed at once, in one region of a tile. */
struct family {
    size_t batch;
    size_t first, end; /* products */
    size_t region;     /* in the layout */
    const struct cn_region_cells *cells;
    size_t first_cell; /* of the region */
};

/* Whether a product of a target of the batch is to be made. */
static bool is_product_made(const struct cn_engine *engine, const struct family *family,
                            size_t product, size_t target)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t first = variable->batches[family->batch].first_target;
    return engine->batches[family->batch].computed[target] &&
           cn_is_normal_wanted(variable, &variable->targets[first + target],
                               product * variable->layout.region_count + family->region);
}

static float *values_of(const struct cn_engine *engine, const struct family *family, size_t product,
                        size_t target, size_t slot)
{
    const struct cn_batch *batch = &engine->variable->batches[family->batch];
    return cn_arena_values(engine->arena, engine->variable, batch->result_slot,
                           product * batch->target_count + target) +
           cn_result_index(family->cells, slot) + family->first_cell;
}

/* The counts of a day slot, each in the first bytes of the room that the slot's stored counts take.
 */
static uint16_t *counts_of(const struct cn_engine *engine, const struct family *family,
                           size_t product, size_t target, size_t slot)
{
    const struct cn_batch *batch = &engine->variable->batches[family->batch];
    const struct cn_sample *sample = cn_batch_sample(engine->variable, batch);
    unsigned char *counts =
        cn_arena_counts(engine->arena, engine->variable, batch->result_slot,
                        product * batch->target_count + target) +
        cn_result_index(family->cells, slot) * cn_count_bytes(sample->window, sample->pool);
    return (uint16_t *)(void *)counts + family->first_cell;
}

/* Finds where the results are. False: none is to be made. */
static bool find_product_results(const struct cn_engine *engine, const struct family *family,
                                 const struct tile *tile, const struct tile_pointers *pointers)
{
    const size_t targets = engine->variable->batches[family->batch].target_count;
    float **values = pointers->results;
    uint16_t **counts = pointers->counts;
    bool is_any = false;
    for (size_t p = family->first; p < family->end; p++)
        for (size_t slot = tile->first_slot; slot < tile->end_slot; slot++)
            for (size_t t = 0; t < targets; t++) {
                const bool made = is_product_made(engine, family, p, t);
                *values++ = made ? values_of(engine, family, p, t, slot) : NULL;
                is_any |= made;
                if (p == family->first)
                    *counts++ = counts_of(engine, family, p, t, slot);
            }
    return is_any;
}

/* Gives the counts of the first product to those that were computed with it. */
static void copy_counts(const struct cn_engine *engine, const struct family *family,
                        const struct tile *tile, size_t cells)
{
    const size_t targets = engine->variable->batches[family->batch].target_count;
    for (size_t p = family->first + 1; p < family->end; p++)
        for (size_t t = 0; t < targets; t++)
            for (size_t slot = tile->first_slot;
                 slot < tile->end_slot && is_product_made(engine, family, p, t); slot++)
                memcpy(counts_of(engine, family, p, t, slot),
                       counts_of(engine, family, family->first, t, slot), cells * sizeof(uint16_t));
}

/* Computes the tile's cells of one region. The padding between regions is never read. */
static void compute_region(const struct cn_engine *engine, size_t batch_index,
                           const struct tile *tile, size_t region,
                           const struct tile_pointers *pointers)
{
    const struct cn_batch *batch = &engine->variable->batches[batch_index];
    const struct cn_sample *sample = cn_batch_sample(engine->variable, batch);
    struct family family = {.batch = batch_index,
                            .region = region,
                            .cells = &engine->variable->passes[batch->pass].layout.regions[region]};
    family.first_cell = cell_of(family.cells, tile->piece, tile->pieces);
    struct cn_window_job job = window_job(sample, batch, tile);
    job.cells = cell_of(family.cells, tile->piece + 1, tile->pieces) - family.first_cell;
    job.rows = pointers->rows;
    job.results = pointers->results;
    job.counts = engine->plan->config->output.counts ? pointers->counts : NULL;
    job.scratch = pointers->kernel;
    if (!job.cells)
        return;
    find_rows(engine, batch_index, tile, family.cells->first_cell + family.first_cell, pointers);
    for (; family.first < sample->product_count; family.first = family.end) {
        const struct cn_product *const *products = sample->products + family.first;
        const size_t count = cn_products_together(products, sample->product_count - family.first);
        family.end = family.first + count;
        if (!find_product_results(engine, &family, tile, pointers))
            continue;
        cn_products_compute(engine->kernels, &job, products, count,
                            engine->plan->config->normals.quantiles);
        if (job.counts)
            copy_counts(engine, &family, tile, job.cells);
    }
}

/* Asks for the pages of a tile's results. */
static void populate_results(const struct cn_engine *engine, const struct cn_batch *batch,
                             const struct tile *tile)
{
    const struct cn_layout *layout = &engine->variable->passes[batch->pass].layout;
    const size_t results =
        batch->target_count * cn_batch_sample(engine->variable, batch)->product_count;
    for (size_t k = 0; k < results; k++) {
        float *values = cn_arena_values(engine->arena, engine->variable, batch->result_slot, k);
        for (size_t r = 0; r < layout->region_count; r++) {
            const struct cn_region_cells *region = &layout->regions[r];
            const size_t from = cn_result_index(region, tile->first_slot) +
                                cell_of(region, tile->piece, tile->pieces);
            const size_t end = cn_result_index(region, tile->end_slot - 1) +
                               cell_of(region, tile->piece + 1, tile->pieces);
            if (region->lat_count)
                cn_arena_populate(values + from, (end - from) * sizeof *values);
        }
    }
}

void cn_batch_tile(struct cn_engine *engine, size_t batch_index, size_t index)
{
    const struct cn_batch *batch = &engine->variable->batches[batch_index];
    const struct cn_layout *layout = &engine->variable->passes[batch->pass].layout;
    const struct tile tile = find_tile(engine, batch_index, index);
    struct tile_pointers pointers;
    if (!cn_engine_is_running(engine))
        return;
    if (!allocate_pointers(engine, batch, &tile, &pointers)) {
        struct cn_error error;
        cn_fail_memory(&error, "a tile");
        cn_engine_abort(engine, &error);
        return;
    }
    if (engine->batches[batch_index].first_use)
        populate_results(engine, batch, &tile);
    uint64_t start = cn_now_ns(); /* after the pages are there: that is not computing */
    for (size_t r = 0; r < layout->region_count; r++)
        compute_region(engine, batch_index, &tile, r, &pointers);
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
