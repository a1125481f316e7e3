/*
 * The places of all regions in slabs and results. Pure.
 */
#ifndef CLIMNORM_GRID_LAYOUT_H
#define CLIMNORM_GRID_LAYOUT_H

#include "climnorm/grid.h"

/* Computes the places of each region in rows of slabs and in the results of a target with so many
 * day slots. A chunk holds as many day slots as fit into 64 KiB of float32 values, at least one.
 * Returns: false: sizes overflow. */
bool cn_layout_compute(struct cn_layout *layout, size_t slots);

#endif
