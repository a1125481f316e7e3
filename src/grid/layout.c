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

static bool place_region(struct cn_layout *layout, struct cn_region_cells *region, size_t slots)
{
    size_t cells, results;
    if (__builtin_mul_overflow(region->lat_count, region->lon_count, &cells) ||
        cells > SIZE_MAX / 64)
        return false;
    size_t fitting = cells ? CHUNK_BYTES / sizeof(float) / cells : slots;
    region->chunk_slots = fitting < 1 ? 1 : fitting < slots ? fitting : slots;
    region->chunk_count = (slots + region->chunk_slots - 1) / region->chunk_slots;
    region->chunk_cells = padded_cells(region->chunk_slots * cells);
    region->first_cell = layout->row_cells;
    region->first_result = layout->result_cells;
    return !__builtin_add_overflow(layout->row_cells, round_to_lines(cells), &layout->row_cells) &&
           !__builtin_mul_overflow(region->chunk_count, region->chunk_cells, &results) &&
           !__builtin_add_overflow(layout->result_cells, results, &layout->result_cells);
}

bool cn_layout_compute(struct cn_layout *layout, size_t slots)
{
    layout->row_cells = layout->result_cells = 0;
    for (size_t r = 0; r < layout->region_count; r++)
        if (!place_region(layout, &layout->regions[r], slots))
            return false;
    return layout->row_cells < SIZE_MAX / 8 / slots && layout->result_cells < SIZE_MAX / 8;
}
