/*
 * Group values: the bodies of open and tile. A tile is a piece of the cells of all regions.
 */
#include "engine/groups.h"

#include "base/error.h"
#include "base/pool.h"
#include "calendar/least_days.h"
#include "engine/pieces.h"
#include "engine/too_large.h"
#include "products/group_days.h"
#include "products/groups.h"

#include <math.h>

enum cn_status cn_groups_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    engine->groups = cn_pool_alloc(engine->pool, variable->group_count, sizeof *engine->groups);
    if (!engine->groups)
        return cn_fail_memory(error, "months, seasons and years");
    const size_t tiles = CN_TILES_PER_THREAD * (size_t)engine->threads;
    for (size_t g = 0; g < variable->group_count; g++) {
        const struct cn_groups *groups = &variable->groups[g];
        const struct cn_pass *pass = &variable->passes[groups->pass];
        const size_t *slot_of_year = pass->slot_of_year;
        const size_t most_pieces = pass->layout.row_cells / CN_PIECE_CELLS; /* of whole lines */
        struct cn_groups_state *state = &engine->groups[g];
        state->slots[state->slot_count++] = slot_of_year[groups->year];
        if (groups->year_before >= 0)
            state->slots[state->slot_count++] = slot_of_year[groups->year_before];
        state->filled_slot = variable->year_slots + groups->group_slot;
        state->tile_count = most_pieces < tiles ? most_pieces : tiles;
    }
    return CN_OK;
}

void cn_groups_open(struct cn_engine *engine, size_t index)
{
    const struct cn_groups *groups = &engine->variable->groups[index];
    struct cn_groups_state *state = &engine->groups[index];
    if (!cn_engine_is_running(engine))
        return;
    state->is_read = !atomic_load(&engine->year_dropped[groups->year]);
    state->is_before_read =
        groups->year_before >= 0 && !atomic_load(&engine->year_dropped[groups->year_before]);
    bool *is_used = &engine->source_slot_used[state->filled_slot];
    state->first_use = !*is_used;
    if (state->first_use)
        cn_count(engine->counters, CN_ARENA_USED, engine->variable->group_bytes);
    *is_used = true;
}

bool cn_is_year_before_used(const struct cn_engine *engine, size_t groups)
{
    return engine->groups[groups].is_before_read;
}

bool cn_are_groups_made(const struct cn_engine *engine, size_t groups)
{
    return engine->groups[groups].is_read;
}

bool cn_are_groups_stale(const struct cn_engine *engine, size_t index)
{
    const struct cn_groups *groups = &engine->variable->groups[index];
    return engine->groups[index].is_before_read &&
           atomic_load(&engine->year_dropped[groups->year_before]);
}

/* One tile, as it goes through the group values. */
struct group_tile {
    struct cn_engine *engine;
    const struct cn_groups *groups;
    const struct cn_pass *pass;
    size_t values;                        /* index in the variable's */
    const struct cn_group_days *days;     /* of the whole year */
    const float *slab, *slab_before;      /* slab_before NULL: that year is not used */
    size_t piece, pieces;                 /* of the cells */
    const float *rows[CN_MAX_GROUP_DAYS]; /* of the days of a group */
};

/* Finds the days of a group from a cell of the row on. Returns how many the calendar has. */
static size_t find_group_rows(struct group_tile *tile, size_t group, size_t cell)
{
    const size_t first = tile->days->first[group], count = tile->days->first[group + 1] - first;
    for (size_t d = 0; d < count; d++) {
        const struct cn_group_day *day = &tile->days->days[first + d];
        const float *slab = day->is_of_year_before ? tile->slab_before : tile->slab;
        const size_t place = cn_circle_place(&tile->pass->held[CN_DAY], day->slot);
        tile->rows[d] = slab ? slab + place * tile->pass->layout.row_cells + cell : NULL;
    }
    return count;
}

/* Removes results that are too large. first_cell: of the results in the pass's part of the region.
 */
static void remove_large(const struct group_tile *tile, size_t region, size_t group,
                         size_t first_cell, const struct cn_group_job *job)
{
    const struct cn_region_cells *cells = &tile->pass->layout.regions[region];
    const enum cn_time time = tile->engine->variable->group_values[tile->values].time;
    const struct cn_circle own = cn_pass_groups(tile->pass, time);
    const struct cn_value_stretch stretch = {
        .values = job->results,
        .count = job->cells,
        .first = {.item = tile->groups->year,
                  .region = region,
                  .group = group,
                  .cell = cells->row_offset * cells->column_count + first_cell},
        .cells = job->cells,
        .is_of_other = cn_circle_place(&own, group) >= own.count};
    cn_remove_large_groups(tile->engine, tile->values, &stretch);
}

/* Computes one group value of `cells` cells of a region, from its first_cell on. */
static void compute_group(struct group_tile *tile, size_t region, size_t group, size_t first_cell,
                          size_t cells)
{
    const struct cn_engine *engine = tile->engine;
    const size_t cell = tile->pass->layout.regions[region].first_cell + first_cell;
    const struct cn_group_values *values = &engine->variable->group_values[tile->values];
    const size_t days = find_group_rows(tile, group, cell);
    const size_t row = tile->pass->group_rows[tile->values] +
                       cn_circle_place(&tile->pass->held[values->time], group);
    const double share = values->time == CN_DAY ? 0 : engine->plan->config->normals.min_days;
    const int least = cn_least_days(share, (int)days);
    float *results = cn_arena_groups(engine->arena, engine->variable, tile->groups->group_slot) +
                     row * tile->pass->layout.row_cells + cell;
    const struct cn_group_job job = {.rows = tile->rows,
                                     .days = days,
                                     .min_values = least > 0 ? (size_t)least : 1,
                                     .cells = cells,
                                     .threshold = values->threshold,
                                     .results = results};
    if (days)
        cn_withins[values->within].compute(engine->kernels, &job);
    for (size_t c = 0; !days && c < cells; c++)
        results[c] = NAN;
    remove_large(tile, region, group, first_cell, &job);
}

/* Computes one kind of group values in all regions. The padding between regions is never read. */
static void compute_values(struct group_tile *tile)
{
    const enum cn_time time = tile->engine->variable->group_values[tile->values].time;
    const struct cn_circle *held = &tile->pass->held[time];
    for (size_t r = 0; r < tile->pass->layout.region_count; r++) {
        const struct cn_region_cells *region = &tile->pass->layout.regions[r];
        const size_t first = cn_piece_start(region, tile->piece, tile->pieces);
        const size_t end = cn_piece_start(region, tile->piece + 1, tile->pieces);
        for (size_t g = 0; g < held->count && end > first; g++)
            compute_group(tile, r, (held->first + g) % held->all, first, end - first);
    }
}

/* Asks for the pages of a tile's share of the group slot. */
static void populate_groups(const struct group_tile *tile)
{
    const struct cn_variable_plan *variable = tile->engine->variable;
    char *slot = (char *)cn_arena_groups(tile->engine->arena, variable, tile->groups->group_slot);
    const size_t share = variable->group_bytes / tile->pieces;
    cn_arena_populate(slot + tile->piece * share, share);
}

void cn_groups_tile(struct cn_engine *engine, size_t index, size_t piece)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_groups *groups = &variable->groups[index];
    const struct cn_groups_state *state = &engine->groups[index];
    const struct cn_pass *pass = &variable->passes[groups->pass];
    struct cn_group_days days;
    struct group_tile tile = {
        .engine = engine,
        .groups = groups,
        .pass = pass,
        .days = &days,
        .slab = cn_arena_slab(engine->arena, variable, pass->slot_of_year[groups->year]),
        .slab_before =
            state->is_before_read
                ? cn_arena_slab(engine->arena, variable, pass->slot_of_year[groups->year_before])
                : NULL,
        .piece = piece,
        .pieces = state->tile_count};
    if (!cn_engine_is_running(engine) || !state->is_read)
        return;
    if (state->first_use)
        populate_groups(&tile);
    const uint64_t start = cn_now_ns();
    for (size_t v = 0; v < variable->group_value_count; v++) {
        const struct cn_source_year *year = &variable->variable->years[groups->year];
        cn_group_days_list(variable->variable->calendar, engine->plan->config->normals.leap_day,
                           year->year, variable->group_values[v].time, &days);
        tile.values = v;
        compute_values(&tile);
    }
    cn_engine_count(engine, CN_COMPUTE_NS, cn_now_ns() - start);
}
