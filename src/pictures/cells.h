/*
 * The cells of a map as one image.
 */
#ifndef CLIMNORM_PICTURES_CELLS_H
#define CLIMNORM_PICTURES_CELLS_H

#include "pictures/places.h"
#include "pictures/scale.h"

#include <cairo.h>

/* Draws values, [row_count][column_count], into width x height at the origin. Of missing ones
 * nothing is drawn. detail: pixels of the image in one of the canvas. Errors: stay in the cairo_t.
 */
void cn_cells_draw(cairo_t *cairo, const struct cn_places *places, const double *values,
                   const struct cn_scale *scale, double width, double height, double detail);

#endif
