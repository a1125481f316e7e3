/*
 * Coast lines, and borders of countries and of the states of the USA, on a map.
 */
#ifndef CLIMNORM_PICTURES_COASTLINES_H
#define CLIMNORM_PICTURES_COASTLINES_H

#include "pictures/places.h"

#include <cairo.h>

/* Kinds of lines. */
enum cn_map_line { CN_LINE_OF_STATES, CN_LINE_OF_COUNTRIES, CN_LINE_OF_COASTS, CN_MAP_LINES };

/* Takes the pieces of lines. */
struct cn_line_pen {
    void *context;
    void (*move_to)(void *context, double x, double y);
    void (*line_to)(void *context, double x, double y);
};

/* Gives the pen all lines of a kind that may be seen in an extent that fills width x height at the
 * origin. Their ends may lie beyond it. */
void cn_coastlines_trace(const struct cn_extent *extent, enum cn_map_line kind, double width,
                         double height, const struct cn_line_pen *pen);

/* Strokes the lines of an extent that fills width x height at the origin. line_width: of a coast.
 */
void cn_coastlines_draw(cairo_t *cairo, const struct cn_extent *extent, double width, double height,
                        double line_width);

#endif
