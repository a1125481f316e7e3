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
            cuts->row_step = storage->chunk[storage->lat_dim];
        }
        return;
    }
}

bool cn_cuts_prepare(struct cn_pool *pool, const struct cn_variable_plan *variable,
                     struct cn_cuts *cuts)
{
    const struct cn_layout *layout = &variable->layout;
    const struct cn_box box = cn_layout_box(layout);
    const size_t first = box.first_lat, end = box.last_lat + 1;
    *cuts = (struct cn_cuts){.variable = variable,
                             .first_row = first,
                             .row_count = end - first,
                             .cells = cn_pool_alloc(pool, end - first, sizeof *cuts->cells)};
    if (!cuts->cells)
        return false;
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        for (size_t k = 0; k < region->lat_count; k++)
            cuts->cells[region->first_lat - first + k] += region->lon_count;
        cuts->cell_count += region->lat_count * region->lon_count;
    }
    find_steps(cuts);
    return true;
}

/* Where the stretch of rows that begins at `row` ends, if `parts` are to be made of all. */
static size_t end_of_rows(const struct cn_cuts *cuts, size_t row, size_t parts)
{
    const size_t most = (cuts->cell_count + parts - 1) / parts, step = cuts->row_step;
    size_t cells = cuts->cells[row], end = row + 1;
    while (end < cuts->row_count && cells + cuts->cells[end] <= most)
        cells += cuts->cells[end++];
    if (end == cuts->row_count)
        return end;
    const size_t aligned = (cuts->first_row + end) / step * step;
    return aligned > cuts->first_row + row ? aligned - cuts->first_row : end;
}

/* Lists stretches of rows, all of which hold cells. Rows without any belong to the one before. */
static struct cn_pass_stretch *stretch_rows(struct cn_pool *pool, const struct cn_cuts *cuts,
                                            size_t parts, size_t *count)
{
    struct cn_pass_stretch *rows = cn_pool_alloc(pool, cuts->row_count, sizeof *rows);
    *count = 0;
    for (size_t row = 0; rows && row < cuts->row_count;) {
        if (cuts->cells[row] == 0) {
            rows[*count - 1].row_count++; /* the first row has cells */
            row++;
            continue;
        }
        const size_t end = end_of_rows(cuts, row, parts);
        rows[(*count)++] =
            (struct cn_pass_stretch){.first_row = cuts->first_row + row, .row_count = end - row};
        row = end;
    }
    return rows;
}

struct cn_pass_stretch *cn_cuts_make(struct cn_pool *pool, const struct cn_cuts *cuts,
                                     size_t day_parts, size_t row_parts, size_t *count)
{
    const size_t slots = (size_t)cuts->variable->slots;
    size_t row_count, days = (slots + day_parts - 1) / day_parts;
    if (day_parts > 1 && days >= cuts->slot_step)
        days = (days + cuts->slot_step - 1) / cuts->slot_step * cuts->slot_step;
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
