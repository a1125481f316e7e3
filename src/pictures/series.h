/*
 * Curves through the year, or through target years.
 */
#ifndef CLIMNORM_PICTURES_SERIES_H
#define CLIMNORM_PICTURES_SERIES_H

#include "climnorm/product.h"
#include "pictures/scale.h"

#include <cairo.h>

/* A curve. Where x are target years, `years` has them; else x are the slots. */
struct cn_series_line {
    const double *values; /* [count], in the unit of the picture; NaN: missing */
    size_t count;
    const int *years;  /* [count], or NULL */
    int year;          /* the target year of a curve through the year; it decides the colour */
    const char *label; /* in the legend */
};

struct cn_series {
    const struct cn_series_line *lines; /* [line_count], at least one */
    size_t line_count;
    enum cn_time time;
    size_t month_starts[CN_MONTHS]; /* of CN_DAY: the slots of the first days of months */
    bool begins_at_zero;            /* the scale does, where values are positive and near it */
    const char *title, *subtitle;   /* "": none */
    const char *unit;
};

/* Draws curves that fill width x height, at the origin. Errors: stay in the cairo_t. As context of
 * struct cn_picture. */
void cn_series_draw(void *series, cairo_t *cairo, double width, double height, double detail);

#endif
