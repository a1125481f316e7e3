/*
 * The places of all regions in a slab. Pure.
 */
#ifndef CLIMNORM_GRID_LAYOUT_H
#define CLIMNORM_GRID_LAYOUT_H

#include "climnorm/grid.h"

/* Computes first_cell of each region and row_cells of the layout.
 * Returns: false: sizes overflow, or would with the day slots of a year. */
bool cn_layout_compute(struct cn_layout *layout);

#endif
