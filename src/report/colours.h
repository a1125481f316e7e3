/*
 * Scales of colours for maps.
 */
#ifndef CLIMNORM_REPORT_COLOURS_H
#define CLIMNORM_REPORT_COLOURS_H

#include <stdint.h>

enum cn_colours {
    CN_COLOURS_HEAT,         /* of temperatures, and of what has no scale of its own */
    CN_COLOURS_WATER,        /* of precipitation and humidity */
    CN_COLOURS_OTHER,        /* even in brightness, for any quantity */
    CN_COLOURS_CHANGE,       /* of changes around 0: blue, white, red */
    CN_COLOURS_CHANGE_WATER, /* brown, white, green */
    CN_COLOUR_SCALES
};

/* The colour at `at` from 0 to 1.
 * rgb: [3] */
void cn_colour(enum cn_colours scale, double at, uint8_t rgb[3]);

/* Chooses the scale of a quantity by its standard name, its unit and its name in the file. */
enum cn_colours cn_colours_of(const char *standard_name, const char *units, const char *name);

/* Returns: the scale of changes of such a quantity. */
enum cn_colours cn_colours_of_change(enum cn_colours scale);

#endif
