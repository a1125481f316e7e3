/*
 * A map as a PNG image, and nothing but its cells: they have no frame and no text.
 */
#ifndef CLIMNORM_REPORT_MAP_IMAGE_H
#define CLIMNORM_REPORT_MAP_IMAGE_H

#include "report/colours.h"

#include <stdbool.h>
#include <stddef.h>

struct cn_map_image {
    const double *map; /* [rows][columns]; NaN: no value, transparent */
    size_t rows, columns;
    bool is_south_first; /* turned, so that north is above */
    double range[2];     /* values at the ends of the colours */
    enum cn_colours colours;
};

/* Draws at most 640 x 640 pixels, one a cell, or else the cell at the middle of each pixel.
 * *size: bytes. Returns: the PNG; NULL: out of memory. Owns: the caller, with free(). */
unsigned char *cn_map_image_png(const struct cn_map_image *image, size_t *size);

#endif
