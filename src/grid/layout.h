/*
 * The places of all regions in slabs and results. Pure.
 */
#ifndef CLIMNORM_GRID_LAYOUT_H
#define CLIMNORM_GRID_LAYOUT_H

#include "base/pool.h"
#include "climnorm/grid.h"

/* Computes the places of each region in rows of slabs and in the results of a target with so many
 * day slots. A chunk holds as many day slots as fit into 64 KiB of float32 values, at least one.
 * Returns: false: sizes overflow. */
bool cn_layout_compute(struct cn_layout *layout, size_t slots);

/* Computes a layout of the cells of a computed layout that lie in a stretch, with the same regions,
 * perhaps without cells, and the chunks of results that have day slots of it. It shares the arrays
 * of the whole one.
 * Returns: false: out of memory. Owns: the pool. */
bool cn_layout_cut(struct cn_pool *pool, const struct cn_layout *whole,
                   const struct cn_pass_stretch *stretch, struct cn_layout *layout);

/* Counts the rows of a whole region that are among `count` rows of the grid from `first` on.
 * *place: the first of them in the region. */
size_t cn_region_rows(const struct cn_region_cells *region, size_t first, size_t count,
                      size_t *place);

/* Returns: the first run that ends behind row `row` of the grid; row_run_count: none does. */
size_t cn_region_run_at(const struct cn_region_cells *region, size_t row);

/* Returns: whether a cell of the grid, which lies in the rows and columns of a region, is a hole.
 */
bool cn_region_is_hole(const struct cn_region_cells *region, size_t row, size_t column);

/* Fills the holes of a region in the row of a day slot. */
void cn_region_fill_holes(const struct cn_region_cells *region, float *row, float fill);

/* The hull of cells: rows and columns of the grid. */
struct cn_box {
    size_t first_row, last_row, first_column, last_column;
};

/* Returns: the hull of the cells that the regions have, of which there is one at least. */
struct cn_box cn_layout_box(const struct cn_layout *layout);

/* Returns: whether a region has cells in a block of the grid: first and count of rows and columns.
 */
bool cn_layout_needs(const struct cn_layout *layout, const size_t first[2], const size_t count[2]);

#endif
