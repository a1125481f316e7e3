/*
 * Pieces of the cells of a region, for tasks that share them.
 */
#ifndef CLIMNORM_ENGINE_PIECES_H
#define CLIMNORM_ENGINE_PIECES_H

#include "climnorm/grid.h"

enum {
    CN_PIECE_CELLS = 16, /* of the smallest piece: a cache line of floats */
    CN_TILES_PER_THREAD = 8,
};

/* Returns: where the cells of a region begin that belong to piece `piece` of so many; for `pieces`,
 * where they end. Whole cache lines of results belong to one piece. */
static inline size_t cn_piece_start(const struct cn_region_cells *region, size_t piece,
                                    size_t pieces)
{
    const size_t cells = region->row_count * region->column_count;
    return piece == pieces ? cells : cells * piece / pieces / CN_PIECE_CELLS * CN_PIECE_CELLS;
}

#endif
