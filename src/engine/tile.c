/*
 * Statistics of a tile, region by region. Products that share their samples are computed at once.
 */
#include "engine/tile.h"

#include "base/error.h"
#include "engine/batch_state.h"
#include "engine/pieces.h"
#include "products/change.h"
#include "products/statistics.h"

#include <string.h>

enum { POINTERS, KERNEL }; /* buffers of the thread's scratch */

/* Rows of the batch, and the targets whose samples they hold: the windows, or the baseline's. */
struct part {
    size_t first_row, row_count;
    size_t first_target, target_count; /* the baseline is the target behind all others */
};

/* A region of a tile. */
struct region {
    const struct cn_engine *engine;
    const struct cn_tile *tile;
    const struct cn_batch *batch;
    const struct cn_sample *sample;
    size_t index; /* in the layout */
    const struct cn_region_cells *cells;
    size_t first_cell, cell_count; /* of the region */
    const float **rows;            /* [groups + pool - 1][part's row_count] */
    float **results;               /* [products][groups][part's target_count] */
    uint16_t **counts;             /* the same */
    void *scratch;                 /* of kernels */
};

static const struct cn_pass *pass_of_batch(const struct cn_engine *engine,
                                           const struct cn_batch *batch)
{
    return &engine->variable->passes[batch->pass];
}

/* The windows; where `is_baseline`, the baseline. */
static struct part choose_part(const struct region *region, bool is_baseline)
{
    const size_t window = (size_t)region->sample->window, targets = region->batch->target_count;
    return is_baseline ? (struct part){window + targets - 1, window, targets, 1}
                       : (struct part){0, window + targets - 1, 0, targets};
}

/* The job of a part, without its pointers. */
static struct cn_window_job window_job(const struct region *region, const struct part *part)
{
    return (struct cn_window_job){.window = (size_t)region->sample->window,
                                  .targets = part->target_count,
                                  .slots = region->tile->end_group - region->tile->first_group,
                                  .pool = (size_t)region->sample->pool};
}

/* The job of the windows is the largest. False: out of memory. */
static bool allocate(struct region *region)
{
    struct cn_scratch *scratch = &cn_engine_thread(region->engine)->scratch;
    const struct part part = choose_part(region, false);
    const struct cn_window_job job = window_job(region, &part);
    const size_t rows = (job.slots + job.pool - 1) * part.row_count;
    const size_t results = region->sample->product_count * job.slots * job.targets;
    unsigned char *bytes = cn_scratch_get(scratch, POINTERS, (rows + 2 * results) * sizeof(void *));
    region->scratch = cn_scratch_get(scratch, KERNEL, cn_window_scratch_bytes(&job));
    if (!bytes || !region->scratch)
        return false;
    region->rows = (const float **)(void *)bytes;
    region->results = (float **)(void *)(region->rows + rows);
    region->counts = (uint16_t **)(void *)(region->results + results);
    return true;
}

/* Where the values of the tile's samples are. The groups of a year are a circle. */
static void find_rows(const struct region *region, const struct part *part)
{
    const struct cn_engine *engine = region->engine;
    const float *const *values = engine->batches[region->tile->batch].values + part->first_row;
    const struct cn_pass *pass = pass_of_batch(engine, region->batch);
    const struct cn_circle *held = &pass->held[region->sample->time];
    const size_t pool = (size_t)region->sample->pool;
    const size_t cell = region->cells->first_cell + region->first_cell;
    const float **row = region->rows;
    for (size_t g = 0; g < region->tile->end_group - region->tile->first_group + pool - 1; g++) {
        const size_t group = region->tile->first_group + held->all - pool / 2 + g;
        const size_t at = cn_circle_place(held, group) * pass->layout.row_cells + cell;
        for (size_t k = 0; k < part->row_count; k++)
            *row++ = values[k] ? values[k] + at : NULL;
    }
}

/* Whether a product of a target of the batch is to be made. */
static bool is_result_wanted(const struct region *region, size_t product, size_t target)
{
    const struct cn_variable_plan *variable = region->engine->variable;
    return region->engine->batches[region->tile->batch].computed[target] &&
           cn_is_normal_wanted(variable, &variable->targets[region->batch->first_target + target],
                               product * variable->layout.region_count + region->index);
}

/* The same of the baseline, which is the target behind all others. */
static bool is_result_needed(const struct region *region, size_t product, size_t target)
{
    if (target < region->batch->target_count)
        return is_result_wanted(region, product, target);
    for (size_t t = 0; t < region->batch->target_count; t++)
        if (is_result_wanted(region, product, t))
            return true;
    return false;
}

static size_t result_of(const struct region *region, size_t product, size_t target)
{
    return product * cn_batch_results(region->batch, region->sample) + target;
}

static float *values_of(const struct region *region, size_t product, size_t target, size_t group)
{
    return cn_arena_values(region->engine->arena, region->engine->variable,
                           region->batch->result_slot, region->sample->time,
                           result_of(region, product, target)) +
           cn_result_index(region->cells, group) + region->first_cell;
}

/* The counts of a group, each in the first bytes of the room that the group's stored counts take.
 */
static uint16_t *counts_of(const struct region *region, size_t product, size_t target, size_t group)
{
    const struct cn_sample *sample = region->sample;
    unsigned char *counts =
        cn_arena_counts(region->engine->arena, region->engine->variable, region->batch->result_slot,
                        sample->time, result_of(region, product, target)) +
        cn_result_index(region->cells, group) * cn_count_bytes(sample->window, sample->pool);
    return (uint16_t *)(void *)counts + region->first_cell;
}

/* Finds where the results are; NULL: not to be made. */
static void place_results(const struct region *region, const struct part *part)
{
    float **values = region->results;
    uint16_t **counts = region->counts;
    for (size_t p = 0; p < region->sample->product_count; p++)
        for (size_t g = region->tile->first_group; g < region->tile->end_group; g++)
            for (size_t t = part->first_target; t < part->first_target + part->target_count; t++) {
                *values++ = is_result_needed(region, p, t) ? values_of(region, p, t, g) : NULL;
                *counts++ = counts_of(region, p, t, g);
            }
}

/* Gives the counts of product `from` to another that was computed with it. */
static void copy_counts(const struct region *region, const struct part *part, size_t from,
                        size_t to)
{
    for (size_t t = part->first_target; t < part->first_target + part->target_count; t++)
        for (size_t g = region->tile->first_group;
             g < region->tile->end_group && is_result_needed(region, to, t); g++)
            memcpy(counts_of(region, to, t, g), counts_of(region, from, t, g),
                   region->cell_count * sizeof(uint16_t));
}

/* Computes the statistics of the windows, or of the baseline. */
static void compute_part(const struct region *region, bool is_baseline)
{
    const struct part part = choose_part(region, is_baseline);
    const struct cn_config *config = region->engine->plan->config;
    const struct cn_product *const *products = region->sample->products;
    const size_t count = region->sample->product_count;
    struct cn_window_job job = window_job(region, &part);
    job.cells = region->cell_count;
    job.rows = region->rows;
    job.results = region->results;
    job.counts = config->output.counts ? region->counts : NULL;
    job.scratch = region->scratch;
    find_rows(region, &part);
    place_results(region, &part);
    cn_products_compute(region->engine->kernels, &job, products, count, config->normals.quantiles);
    size_t together;
    for (size_t p = 0; p < count && job.counts; p += together) {
        together = cn_products_together(products + p, count - p);
        for (size_t k = 1; k < together; k++)
            copy_counts(region, &part, p, p + k);
    }
}

/* Replaces results by their change against the baseline's. */
static void make_changes(const struct region *region)
{
    const size_t targets = region->batch->target_count;
    for (size_t p = 0; p < region->sample->product_count; p++)
        for (size_t g = region->tile->first_group; g < region->tile->end_group; g++)
            for (size_t t = 0; t < targets; t++)
                if (is_result_wanted(region, p, t))
                    cn_change_values(region->sample->change, values_of(region, p, t, g),
                                     values_of(region, p, targets, g), region->cell_count);
}

/* Asks for the pages of a region's results. */
static void populate_results(const struct region *region)
{
    const struct cn_tile *tile = region->tile;
    const size_t results = cn_batch_results(region->batch, region->sample);
    for (size_t p = 0; p < region->sample->product_count; p++)
        for (size_t t = 0; t < results; t++) {
            float *first = values_of(region, p, t, tile->first_group);
            float *last = values_of(region, p, t, tile->end_group - 1);
            cn_arena_populate(first, (size_t)(last + region->cell_count - first) * sizeof *first);
        }
}

enum cn_status cn_tile_compute(struct cn_engine *engine, const struct cn_tile *tile,
                               struct cn_error *error)
{
    const struct cn_batch *batch = &engine->variable->batches[tile->batch];
    struct region region = {.engine = engine,
                            .tile = tile,
                            .batch = batch,
                            .sample = cn_batch_sample(engine->variable, batch)};
    const struct cn_layout *layout = &pass_of_batch(engine, batch)->results[region.sample->time];
    const bool is_first_use = engine->batches[tile->batch].first_use;
    uint64_t compute_ns = 0;
    if (!allocate(&region))
        return cn_fail_memory(error, "a tile");
    for (size_t r = 0; r < layout->region_count; r++) {
        region.index = r;
        region.cells = &layout->regions[r];
        region.first_cell = cn_piece_start(region.cells, tile->piece, tile->pieces);
        region.cell_count =
            cn_piece_start(region.cells, tile->piece + 1, tile->pieces) - region.first_cell;
        if (!region.cell_count)
            continue;
        if (is_first_use) /* not a part of computing */
            populate_results(&region);
        const uint64_t start = cn_now_ns();
        compute_part(&region, false);
        if (region.sample->baseline) {
            compute_part(&region, true);
            make_changes(&region);
        }
        compute_ns += cn_now_ns() - start;
    }
    cn_engine_count(engine, CN_COMPUTE_NS, compute_ns);
    return CN_OK;
}
