/*
 * The cells of a region on a grid. Pure.
 */
#ifndef CLIMNORM_GRID_REGION_H
#define CLIMNORM_GRID_REGION_H

#include "climnorm/grid.h"

/* Selects the cells whose centres lie inside the region. `region` must outlive *cells.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: there is none. CN_BAD_MACHINE: out of memory. Owns: the
 * arrays of *cells live in the pool. */
enum cn_status cn_region_cells(struct cn_pool *pool, const struct cn_grid *grid,
                               const struct cn_region *region, struct cn_region_cells *cells,
                               struct cn_error *error);

#endif
