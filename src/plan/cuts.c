/*
 * Stretches of days and rows.
 */
#include "plan/cuts.h"

#include "base/pool.h"
#include "grid/layout.h"
#include "products/group_days.h"

/* The chunks of a variable's first file; files of one data set are alike. */
static void find_steps(struct cn_cuts *cuts)
{
    const struct cn_variable *variable = cuts->variable->variable;
    cuts->slot_step = cuts->row_step = 1;
    for (size_t y = 0; y < variable->year_count; y++) {
        if (!variable->years[y].part_count)
            continue;
        const struct cn_storage *storage = &variable->years[y].parts[0].file->storage;
        if (storage->layout == CN_CHUNKED) {
            cuts->slot_step = storage->chunk[storage->time_dim];
            cuts->row_step = storage->chunk[storage->row_dim];
        }
        return;
    }
}

static bool makes_groups(const struct cn_variable_plan *variable, enum cn_time time)
{
    for (size_t s = 0; s < variable->sample_count; s++)
        if (variable->samples[s].product_count && variable->samples[s].time == time)
            return true;
    return false;
}

/* Stretches end with seasons; where there are none, with months. A year is never cut. */
static void find_edges(struct cn_cuts *cuts, enum cn_leap_day rule)
{
    const struct cn_variable_plan *variable = cuts->variable;
    const enum cn_time time = makes_groups(variable, CN_SEASON) ? CN_SEASON : CN_MONTH;
    const size_t slots = (size_t)variable->slots;
    cuts->most_day_parts = makes_groups(variable, CN_YEAR) ? 1 : slots;
    if (cuts->most_day_parts == 1 || !makes_groups(variable, time))
        return;
    for (size_t g = 0; g < cn_group_count(time, slots); g++)
        cuts->edges[cuts->edge_count++] =
            (size_t)cn_group_span_of(variable->variable->calendar, rule, time, g).end;
    const bool is_open = cuts->edges[cuts->edge_count - 1] < slots; /* December is left */
    if (is_open && (makes_groups(variable, CN_DAY) || makes_groups(variable, CN_MONTH)))
        cuts->edge_count++;
    cuts->edges[cuts->edge_count - 1] = slots;
    cuts->most_day_parts = cuts->edge_count;
}

bool cn_cuts_prepare(struct cn_pool *pool, const struct cn_variable_plan *variable,
                     enum cn_leap_day rule, struct cn_cuts *cuts)
{
    const struct cn_layout *layout = &variable->layout;
    const struct cn_box box = cn_layout_box(layout);
    const size_t first = box.first_row, end = box.last_row + 1;
    *cuts = (struct cn_cuts){.variable = variable,
                             .first_row = first,
                             .row_count = end - first,
                             .cells = cn_pool_alloc(pool, end - first, sizeof *cuts->cells)};
    if (!cuts->cells)
        return false;
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        for (size_t k = 0; k < region->row_run_count; k++)
            for (size_t row = 0; row < region->row_runs[k].count; row++)
                cuts->cells[region->row_runs[k].source - first + row] += region->column_count;
    }
    find_steps(cuts);
    find_edges(cuts, rule);
    cuts->chunk_rows = (end - 1) / cuts->row_step - first / cuts->row_step + 1;
    return true;
}

/* The first row behind `row` at which a stretch may end. */
static size_t next_edge(const struct cn_cuts *cuts, size_t row, size_t step)
{
    const size_t edge = (cuts->first_row + row) / step * step + step - cuts->first_row;
    return edge < cuts->row_count ? edge : cuts->row_count;
}

static size_t count_cells(const struct cn_cuts *cuts, size_t row, size_t end)
{
    size_t cells = 0;
    while (row < end)
        cells += cuts->cells[row++];
    return cells;
}

/* Lists stretches that have at most `most` cells, or end at the next edge. Returns how many; rows
 * NULL: they are only counted. */
static size_t fill_rows(const struct cn_cuts *cuts, size_t step, size_t most,
                        struct cn_pass_stretch *rows)
{
    size_t count = 0;
    for (size_t row = 0, end; row < cuts->row_count; row = end) {
        end = next_edge(cuts, row, step);
        size_t cells = count_cells(cuts, row, end);
        while (end < cuts->row_count) {
            const size_t next = next_edge(cuts, end, step);
            cells += count_cells(cuts, end, next);
            if (cells > most)
                break;
            end = next;
        }
        if (rows)
            rows[count] = (struct cn_pass_stretch){.first_row = cuts->first_row + row,
                                                   .row_count = end - row};
        count++;
    }
    return count;
}

static struct cn_pass_stretch *stretch_rows(struct cn_pool *pool, const struct cn_cuts *cuts,
                                            size_t parts, size_t *count)
{
    struct cn_pass_stretch *rows = cn_pool_alloc(pool, cuts->row_count, sizeof *rows);
    const size_t step = parts <= cuts->chunk_rows ? cuts->row_step : 1;
    size_t low = 0, high = count_cells(cuts, 0, cuts->row_count);
    while (low < high) {
        const size_t most = low + (high - low) / 2;
        if (fill_rows(cuts, step, most, NULL) <= parts)
            high = most;
        else
            low = most + 1;
    }
    *count = rows ? fill_rows(cuts, step, high, rows) : 0;
    return rows;
}

/* Where a stretch from a day slot on ends, of at most `most` days, or of one group. */
static size_t find_day_end(const struct cn_cuts *cuts, size_t first, size_t most)
{
    const size_t slots = (size_t)cuts->variable->slots;
    size_t end = 0;
    for (size_t e = 0; e < cuts->edge_count; e++)
        if (end <= first || cuts->edges[e] - first <= most)
            end = cuts->edges[e];
    if (!cuts->edge_count)
        end = first + most;
    return end < slots ? end : slots;
}

/* Counts the stretches of at most `most` days. *longest: the days of the longest. */
static size_t count_day_parts(const struct cn_cuts *cuts, size_t most, size_t *longest)
{
    size_t count = 0;
    *longest = 0;
    for (size_t first = 0, end; first < (size_t)cuts->variable->slots; first = end, count++) {
        end = find_day_end(cuts, first, most);
        *longest = end - first > *longest ? end - first : *longest;
    }
    return count;
}

/* The same as cn_cuts_days, where groups are not divided. */
static size_t find_group_days(const struct cn_cuts *cuts, size_t parts)
{
    size_t low = 1, high = (size_t)cuts->variable->slots, longest;
    while (low < high) {
        const size_t most = low + (high - low) / 2;
        if (count_day_parts(cuts, most, &longest) <= parts)
            high = most;
        else
            low = most + 1;
    }
    count_day_parts(cuts, high, &longest);
    return longest;
}

size_t cn_cuts_days(const struct cn_cuts *cuts, size_t parts)
{
    if (cuts->edge_count)
        return find_group_days(cuts, parts);
    const size_t slots = (size_t)cuts->variable->slots;
    const size_t chunks = (slots - 1) / cuts->slot_step + 1;
    const size_t days =
        parts <= chunks ? ((chunks - 1) / parts + 1) * cuts->slot_step : (slots - 1) / parts + 1;
    return days < slots ? days : slots;
}

struct cn_pass_stretch *cn_cuts_make(struct cn_pool *pool, const struct cn_cuts *cuts,
                                     size_t day_parts, size_t row_parts, size_t *count)
{
    const size_t slots = (size_t)cuts->variable->slots, days = cn_cuts_days(cuts, day_parts);
    size_t row_count, longest;
    const struct cn_pass_stretch *rows = stretch_rows(pool, cuts, row_parts, &row_count);
    struct cn_pass_stretch *made =
        rows ? cn_pool_alloc(pool, count_day_parts(cuts, days, &longest) * row_count, sizeof *made)
             : NULL;
    *count = 0;
    for (size_t first = 0, end; made && first < slots; first = end) {
        end = find_day_end(cuts, first, days);
        for (size_t r = 0; r < row_count; r++) {
            struct cn_pass_stretch *stretch = &made[(*count)++];
            *stretch = rows[r];
            stretch->first_slot = first;
            stretch->slot_count = end - first;
        }
    }
    return made;
}

struct cn_cut cn_cut_of(const struct cn_variable_plan *variable)
{
    const struct cn_pass_stretch *first = &variable->passes[0].stretch;
    struct cn_cut cut = {0};
    bool days = false, rows = false;
    for (size_t p = 0; p < variable->pass_count; p++) {
        const struct cn_pass_stretch *stretch = &variable->passes[p].stretch;
        cut.days = stretch->slot_count > cut.days ? stretch->slot_count : cut.days;
        cut.rows = stretch->row_count > cut.rows ? stretch->row_count : cut.rows;
        days |= stretch->first_slot != first->first_slot;
        rows |= stretch->first_row != first->first_row;
    }
    return (struct cn_cut){days ? cut.days : 0, rows ? cut.rows : 0};
}
