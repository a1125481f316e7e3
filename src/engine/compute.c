/*
 * Computing: the bodies of gate, tile and join.
 */
#include "engine/compute.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/groups.h"
#include "engine/pieces.h"
#include "engine/report.h"
#include "engine/tile.h"

/* The slot that holds the values that a sample needs of a year; SIZE_MAX: they are not there. */
static size_t find_slot(const struct cn_variable_plan *variable, const struct cn_batch *batch,
                        ptrdiff_t year)
{
    if (year < 0)
        return SIZE_MAX;
    if (cn_batch_sample(variable, batch)->values == SIZE_MAX)
        return variable->passes[batch->pass].slot_of_year[year];
    const size_t groups = cn_batch_groups(variable, batch, year);
    return groups == SIZE_MAX ? SIZE_MAX
                              : variable->year_slots + variable->groups[groups].group_slot;
}

/* Allocates the state of a batch and lists the slots of its rows. False: out of memory. */
static bool prepare_batch(const struct cn_engine *engine, const struct cn_batch *batch,
                          struct cn_batch_state *state)
{
    const struct cn_variable_plan *variable = engine->variable;
    state->slots = cn_pool_alloc(engine->pool, batch->row_count, sizeof *state->slots);
    state->values = cn_pool_alloc(engine->pool, batch->row_count, sizeof *state->values);
    state->computed = cn_pool_alloc(engine->pool, batch->target_count, sizeof *state->computed);
    if (!state->slots || !state->values || !state->computed)
        return false;
    for (size_t k = 0; k < batch->row_count; k++) {
        const size_t slot = find_slot(variable, batch, batch->rows[k]);
        if (slot != SIZE_MAX)
            state->slots[state->slot_count++] = slot;
    }
    return true;
}

enum cn_status cn_batches_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    engine->batches = cn_pool_alloc(engine->pool, variable->batch_count, sizeof *engine->batches);
    size_t *last_of_target =
        cn_pool_alloc(engine->pool, variable->target_count, sizeof *last_of_target);
    if (!engine->batches || !last_of_target)
        return cn_fail_memory(error, "target years");
    const size_t tiles = CN_TILES_PER_THREAD * (size_t)engine->threads;
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        const struct cn_pass *pass = &variable->passes[batch->pass];
        const size_t groups = cn_pass_groups(pass, cn_batch_sample(variable, batch)->time).count;
        size_t *before = &last_of_target[batch->first_target]; /* plus 1; 0: none */
        engine->batches[b].batch_before = *before ? *before - 1 : b;
        engine->batches[engine->batches[b].batch_before].is_last = false;
        engine->batches[b].is_last = true;
        *before = b + 1;
        engine->batches[b].pieces = tiles > groups ? tiles / groups : 1;
        engine->batches[b].tile_count = tiles < groups ? tiles : groups * engine->batches[b].pieces;
        if (!prepare_batch(engine, batch, &engine->batches[b]))
            return cn_fail_memory(error, "target years");
    }
    return CN_OK;
}

/* Where the values that a sample needs of a year are. NULL: it cannot be used. */
static const float *find_year_values(const struct cn_engine *engine, const struct cn_batch *batch,
                                     ptrdiff_t year)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_pass *pass = &variable->passes[batch->pass];
    const struct cn_sample *sample = cn_batch_sample(variable, batch);
    if (year < 0 || atomic_load(&engine->year_dropped[year]))
        return NULL;
    if (sample->values == SIZE_MAX)
        return cn_arena_slab(engine->arena, variable, pass->slot_of_year[year]);
    const size_t groups = cn_batch_groups(variable, batch, year);
    return cn_are_groups_made(engine, groups)
               ? cn_arena_groups(engine->arena, variable, variable->groups[groups].group_slot) +
                     pass->group_rows[sample->values] * pass->layout.row_cells
               : NULL;
}

/* Counts the years that can be used, of a window whose rows begin with `first`. */
static int count_years(const struct cn_batch_state *state, size_t first, int window)
{
    int years = 0;
    for (int k = 0; k < window; k++)
        years += state->values[first + (size_t)k] != NULL;
    return years;
}

void cn_batch_gate(struct cn_engine *engine, size_t batch_index)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    struct cn_batch_state *state = &engine->batches[batch_index];
    const struct cn_sample *sample = cn_batch_sample(variable, batch);
    const int window = sample->window;
    if (!cn_engine_is_running(engine))
        return;
    for (size_t k = 0; k < batch->row_count; k++)
        state->values[k] = find_year_values(engine, batch, batch->rows[k]);
    const int of_baseline =
        sample->baseline ? count_years(state, batch->row_count - (size_t)window, window) : window;
    for (size_t t = 0; t < batch->target_count; t++) {
        const struct cn_target *target = &variable->targets[batch->first_target + t];
        const int own = count_years(state, t, window);
        const int years = own < of_baseline ? own : of_baseline;
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

static struct cn_tile find_tile(const struct cn_engine *engine, size_t batch_index, size_t index)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_batch_state *state = &engine->batches[batch_index];
    const struct cn_circle groups =
        cn_pass_groups(&variable->passes[batch->pass], cn_batch_sample(variable, batch)->time);
    const size_t tiles = state->tile_count / state->pieces, column = index / state->pieces;
    return (struct cn_tile){.batch = batch_index,
                            .first_group = groups.first + column * groups.count / tiles,
                            .end_group = groups.first + (column + 1) * groups.count / tiles,
                            .piece = index % state->pieces,
                            .pieces = state->pieces};
}

void cn_batch_tile(struct cn_engine *engine, size_t batch, size_t index)
{
    const struct cn_tile tile = find_tile(engine, batch, index);
    struct cn_error error;
    if (cn_engine_is_running(engine) && cn_tile_compute(engine, &tile, &error))
        cn_engine_abort(engine, &error);
}

void cn_batch_join(struct cn_engine *engine, size_t batch_index)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_batch *batch = &variable->batches[batch_index];
    const struct cn_batch_state *state = &engine->batches[batch_index];
    if (!cn_engine_is_running(engine) || !state->is_last || engine->is_again)
        return;
    for (size_t t = 0; t < batch->target_count; t++)
        if (state->computed[t])
            cn_count(engine->counters, CN_NORMALS_COMPUTED,
                     cn_wanted_normals(variable, &variable->targets[batch->first_target + t]));
}
