/*
 * Stretches of days and rows.
 */
#include "plan/cuts.h"

#include "base/pool.h"
#include "grid/layout.h"

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

bool cn_cuts_prepare(struct cn_pool *pool, const struct cn_variable_plan *variable,
                     struct cn_cuts *cuts)
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

size_t cn_cuts_days(const struct cn_cuts *cuts, size_t parts)
{
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
    size_t row_count;
    const struct cn_pass_stretch *rows = stretch_rows(pool, cuts, row_parts, &row_count);
    struct cn_pass_stretch *made =
        rows ? cn_pool_alloc(pool, ((slots - 1) / days + 1) * row_count, sizeof *made) : NULL;
    *count = 0;
    for (size_t first = 0; made && first < slots; first += days)
        for (size_t r = 0; r < row_count; r++) {
            struct cn_pass_stretch *stretch = &made[(*count)++];
            *stretch = rows[r];
            stretch->first_slot = first;
            stretch->slot_count = first + days < slots ? days : slots - first;
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
