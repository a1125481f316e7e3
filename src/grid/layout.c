/*
 * How the regions lie side by side in the row of a day slot.
 */
#include "grid/layout.h"

#include "climnorm/grid.h"
#include "climnorm/limits.h"
#include "codec/codec.h"

#include <stdint.h>

enum { CELLS_PER_LINE = 16 }; /* 64-byte cache lines of 4-byte cells */

/* Rounds up to so many cells that a row of them can be deflated in place: means of 4 bytes a cell,
 * and counts of 2 bytes. */
static bool padded_cells(size_t cells, size_t *padded)
{
    if (cells > SIZE_MAX / 16)
        return false;
    size_t means = cn_deflate.bound(4 * cells);
    size_t counts = cn_deflate.bound(2 * cells);
    size_t needed = means / 4 > counts / 2 ? means / 4 : counts / 2;
    *padded = (needed + CELLS_PER_LINE) / CELLS_PER_LINE * CELLS_PER_LINE;
    return true;
}

bool cn_layout_compute(struct cn_layout *layout)
{
    layout->row_cells = 0;
    for (size_t r = 0; r < layout->region_count; r++) {
        struct cn_region_cells *region = &layout->regions[r];
        size_t cells, padded;
        region->first_cell = layout->row_cells;
        if (__builtin_mul_overflow(region->lat_count, region->lon_count, &cells) ||
            !padded_cells(cells, &padded) ||
            __builtin_add_overflow(layout->row_cells, padded, &layout->row_cells))
            return false;
    }
    return layout->row_cells < SIZE_MAX / (8 * CN_MAX_SLOTS); /* of means and counts of a year */
}
