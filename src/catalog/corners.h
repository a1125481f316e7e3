/*
 * The corners of cells that have places of their own: whether they are corners. Pure.
 */
#ifndef CLIMNORM_CATALOG_CORNERS_H
#define CLIMNORM_CATALOG_CORNERS_H

#include "climnorm/catalog.h"

/* Returns: whether the corners of each cell that has a place are finite and lie around it. A grid
 * without corners has none that do not. */
bool cn_corners_fit(const struct cn_grid *grid);

#endif
