/*
 * Pieces of the cells of a region, for tasks that share them.
 */
#ifndef CLIMNORM_ENGINE_PIECES_H
#define CLIMNORM_ENGINE_PIECES_H

#include "climnorm/grid.h"

/* Returns: where the cells of a region begin that belong to piece `piece` of so many; for `pieces`,
 * where they end. Whole cache lines of results belong to one piece. */
static inline size_t cn_piece_start(const struct cn_region_cells *region, size_t piece,
                                    size_t pieces)
{
    enum { CELLS_PER_LINE = 16 };
    const size_t cells = region->lat_count * region->lon_count;
    return piece == pieces ? cells : cells * piece / pieces / CELLS_PER_LINE * CELLS_PER_LINE;
}

#endif
