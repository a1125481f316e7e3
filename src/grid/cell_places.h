/*
 * The cells of a region on a grid whose cells have latitudes and longitudes of their own. Pure.
 */
#ifndef CLIMNORM_GRID_CELL_PLACES_H
#define CLIMNORM_GRID_CELL_PLACES_H

#include "climnorm/grid.h"

struct cn_pool;

/* A centre this close to a bound is inside; columns this close modulo 360 are the same
 * (docs/config.md). */
#define CN_DEGREE_TOLERANCE 1e-5

/* Selects the cells of a curvilinear or unstructured grid that are inside the region. Of a
 * curvilinear one the smallest block of rows and columns that has them; of GLOBAL the whole grid.
 * Cells without a place are outside. cells->row_count 0: there is none.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. Owns: the arrays of *cells live in the
 * pool, or are the grid's. */
enum cn_status cn_region_places(struct cn_pool *pool, const struct cn_grid *grid,
                                const struct cn_region *region, struct cn_region_cells *cells,
                                struct cn_error *error);

#endif
