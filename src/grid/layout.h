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

/* The hull of cells: rows and columns of the grid. */
struct cn_box {
    size_t first_lat, last_lat, first_lon, last_lon;
};

/* Returns: the hull of the cells that the regions have, of which there is one at least. */
struct cn_box cn_layout_box(const struct cn_layout *layout);

/* Returns: whether a region has cells in a block of the grid: first and count along lat and lon. */
bool cn_layout_needs(const struct cn_layout *layout, const size_t first[2], const size_t count[2]);

#endif
