/*
 * Degrees north and east: what the units of a coordinate say, and in which order longitudes lie.
 * Pure.
 */
#ifndef CLIMNORM_CATALOG_DEGREES_H
#define CLIMNORM_CATALOG_DEGREES_H

#include "climnorm/error.h"

#include <stddef.h>

/* Where the numbers of a coordinate grow. */
enum cn_direction { CN_NO_DIRECTION, CN_NORTH, CN_SOUTH, CN_EAST, CN_WEST };

/* Reads units of degrees as people write them: "degrees_north", "degree_W", "deg", "Degrees East".
 * No units (NULL, "", " ") are degrees.
 * Returns: false: another unit. */
bool cn_degrees_parse(const char *units, enum cn_direction *direction);

/* Checks that longitudes, in degrees and finite, go round the circle once at most, in one
 * direction. One may equal its neighbour, or the last the first.
 * Errors: CN_BAD_INPUT names the first that is out of order, counted from 0. */
enum cn_status cn_longitudes_check(const double *lon, size_t count, struct cn_error *error);

#endif
