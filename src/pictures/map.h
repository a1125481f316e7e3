/*
 * Maps side by side with one colour bar.
 */
#ifndef CLIMNORM_PICTURES_MAP_H
#define CLIMNORM_PICTURES_MAP_H

#include "pictures/places.h"
#include "pictures/scale.h"

#include <cairo.h>

struct cn_map_panel {
    struct cn_places places;
    const double *values; /* [row_count][column_count], in the unit of the picture; NaN: missing */
    const char *title;    /* ""; else what differs from the others */
};

enum { CN_MOST_PANELS = 12 };

struct cn_map {
    struct cn_map_panel panels[CN_MOST_PANELS]; /* [panel_count], at least one */
    size_t panel_count;
    struct cn_scale scale;
    const char *title, *subtitle; /* "": none */
    const char *unit;             /* beside the colour bar */
};

/* Returns: height by width of a map on which a degree of longitude is as wide as in its middle;
 * 0.15 to 4. */
double cn_map_aspect(const struct cn_extent *extent);

/* Returns: the height in pixels that a map of this width fills. */
double cn_map_height(const struct cn_map *map, double width);

/* Draws a map that fills width x height, at the origin. detail: pixels of an image in a pixel of
 * the canvas: 1, or 2 where the canvas is no image. Errors: stay in the cairo_t. As context of
 * struct cn_picture. */
void cn_map_draw(void *map, cairo_t *cairo, double width, double height, double detail);

#endif
