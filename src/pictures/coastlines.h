/*
 * Coast lines, and borders of countries and of the states of the USA, on a map.
 */
#ifndef CLIMNORM_PICTURES_COASTLINES_H
#define CLIMNORM_PICTURES_COASTLINES_H

#include "pictures/places.h"

#include <cairo.h>

/* Strokes the lines of an extent that fills width x height at the origin. line_width: of a coast.
 */
void cn_coastlines_draw(cairo_t *cairo, const struct cn_extent *extent, double width, double height,
                        double line_width);

#endif
