/*
 * How the regions lie side by side in the row of a day slot, and one after another in results.
 */
#include "grid/layout.h"

#include "climnorm/grid.h"
#include "codec/codec.h"

#include <stdint.h>

enum {
    CELLS_PER_LINE = 16, /* 64-byte cache lines of 4-byte cells */
    CHUNK_BYTES = 65536, /* of values: fewer would make files of small regions mostly metadata */
};

static size_t round_to_lines(size_t cells)
{
    return (cells + CELLS_PER_LINE - 1) / CELLS_PER_LINE * CELLS_PER_LINE;
}

/* So many cells that a chunk of them can be deflated in place: means of 4 bytes a cell, and counts
 * of 2 bytes. */
static size_t padded_cells(size_t cells)
{
    size_t means = cn_deflate.bound(4 * cells) / 4 + 1;
    size_t counts = cn_deflate.bound(2 * cells) / 2 + 1;
    return round_to_lines(means > counts ? means : counts);
}

/* Gives the region its places, behind those of the regions before it. first_chunk and chunk_count
 * are set. */
static bool place_region(struct cn_layout *layout, struct cn_region_cells *region)
{
    size_t results;
    const size_t cells = region->row_count * region->column_count;
    region->chunk_cells = cells ? padded_cells(region->chunk_slots * cells) : 0;
    region->first_cell = layout->row_cells;
    region->first_result = layout->result_cells;
    return !__builtin_add_overflow(layout->row_cells, round_to_lines(cells), &layout->row_cells) &&
           !__builtin_mul_overflow(region->chunk_count, region->chunk_cells, &results) &&
           !__builtin_add_overflow(layout->result_cells, results, &layout->result_cells);
}

bool cn_layout_compute(struct cn_layout *layout, size_t slots)
{
    layout->row_cells = layout->result_cells = 0;
    if (!slots) /* no calendar has a year without days */
        return false;
    for (size_t r = 0; r < layout->region_count; r++) {
        struct cn_region_cells *region = &layout->regions[r];
        size_t cells;
        if (__builtin_mul_overflow(region->row_count, region->column_count, &cells) ||
            cells > SIZE_MAX / 64)
            return false;
        size_t fitting = cells ? CHUNK_BYTES / sizeof(float) / cells : slots;
        region->chunk_slots = fitting < 1 ? 1 : fitting < slots ? fitting : slots;
        region->first_chunk = 0;
        region->chunk_count = (slots + region->chunk_slots - 1) / region->chunk_slots;
        if (!place_region(layout, region))
            return false;
    }
    return layout->row_cells < SIZE_MAX / 8 / slots && layout->result_cells < SIZE_MAX / 8;
}

size_t cn_region_run_at(const struct cn_region_cells *region, size_t row)
{
    size_t low = 0, high = region->row_run_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct cn_run *run = &region->row_runs[middle];
        if (run->source + run->count <= row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many rows of a whole region lie before a row of the grid. */
static size_t rows_before(const struct cn_region_cells *region, size_t row)
{
    const size_t k = cn_region_run_at(region, row);
    if (k == region->row_run_count)
        return region->row_count;
    const struct cn_run *run = &region->row_runs[k];
    return run->place + (row > run->source ? row - run->source : 0);
}

size_t cn_region_rows(const struct cn_region_cells *region, size_t first, size_t count,
                      size_t *place)
{
    *place = rows_before(region, first);
    return rows_before(region, first + count) - *place;
}

/* Keeps the rows of a whole region that are in the stretch. */
static void cut_rows(struct cn_region_cells *region, const struct cn_pass_stretch *stretch)
{
    const size_t end = stretch->first_row + stretch->row_count;
    size_t place;
    const size_t count = cn_region_rows(region, stretch->first_row, stretch->row_count, &place);
    if (count == region->row_count)
        return;
    region->row_count = count;
    region->row_offset = place;
    region->first_row =
        region->first_row > stretch->first_row ? region->first_row : stretch->first_row;
    region->end_row = region->end_row < end ? region->end_row : end;
}

bool cn_layout_cut(struct cn_pool *pool, const struct cn_layout *whole,
                   const struct cn_pass_stretch *stretch, struct cn_layout *layout)
{
    *layout = (struct cn_layout){.region_count = whole->region_count};
    layout->regions = cn_pool_alloc(pool, whole->region_count, sizeof *layout->regions);
    if (!layout->regions)
        return false;
    for (size_t r = 0; r < whole->region_count; r++) {
        struct cn_region_cells *region = &layout->regions[r];
        *region = whole->regions[r];
        cut_rows(region, stretch);
        region->first_chunk = stretch->first_slot / region->chunk_slots;
        region->chunk_count =
            stretch->slot_count
                ? (stretch->first_slot + stretch->slot_count - 1) / region->chunk_slots -
                      region->first_chunk + 1
                : 0;
        if (!stretch->slot_count)
            region->row_count = 0;
        if (!place_region(layout, region))
            return false;
    }
    return true;
}

bool cn_region_is_hole(const struct cn_region_cells *region, size_t row, size_t column)
{
    if (!region->hole_count) /* else rows and columns are neighbours in the file */
        return false;
    const size_t cell = (row - region->row_runs[0].source) * region->column_count + column -
                        region->column_runs[0].source;
    size_t first = 0,
           end = region->hole_count; /* the last hole that begins at the cell or before */
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (region->holes[middle].first <= cell)
            first = middle + 1;
        else
            end = middle;
    }
    return first && cell - region->holes[first - 1].first < region->holes[first - 1].count;
}

void cn_region_fill_holes(const struct cn_region_cells *region, float *row, float fill)
{
    const size_t begin = region->row_offset * region->column_count;
    const size_t end = begin + region->row_count * region->column_count;
    float *cells = row + region->first_cell;
    for (size_t k = 0; k < region->hole_count && region->holes[k].first < end; k++) {
        const struct cn_cell_run *hole = &region->holes[k];
        const size_t stop = hole->first + hole->count < end ? hole->first + hole->count : end;
        for (size_t c = hole->first > begin ? hole->first : begin; c < stop; c++)
            cells[c - begin] = fill;
    }
}

struct cn_box cn_layout_box(const struct cn_layout *layout)
{
    struct cn_box box = {SIZE_MAX, 0, SIZE_MAX, 0};
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        if (!region->row_count) /* none of its rows is in the pass */
            continue;
        box.first_row = region->first_row < box.first_row ? region->first_row : box.first_row;
        box.last_row = region->end_row - 1 > box.last_row ? region->end_row - 1 : box.last_row;
        for (size_t k = 0; k < region->column_run_count; k++) {
            const struct cn_run *run = &region->column_runs[k];
            const size_t first = run->source, last = first + run->count - 1;
            box.first_column = first < box.first_column ? first : box.first_column;
            box.last_column = last > box.last_column ? last : box.last_column;
        }
    }
    return box;
}

/* Whether a region has rows among `count` rows of the grid from `first` on. */
static bool has_rows(const struct cn_region_cells *region, size_t first, size_t count)
{
    const size_t from = first > region->first_row ? first : region->first_row;
    const size_t to = first + count < region->end_row ? first + count : region->end_row;
    const size_t k = cn_region_run_at(region, from);
    return from < to && k < region->row_run_count && region->row_runs[k].source < to;
}

bool cn_layout_needs(const struct cn_layout *layout, const size_t first[2], const size_t count[2])
{
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        if (!region->row_count || !has_rows(region, first[0], count[0]))
            continue;
        for (size_t k = 0; k < region->column_run_count; k++)
            if (region->column_runs[k].source < first[1] + count[1] &&
                region->column_runs[k].source + region->column_runs[k].count > first[1])
                return true;
    }
    return false;
}
