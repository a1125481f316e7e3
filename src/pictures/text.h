/*
 * Text on a picture.
 */
#ifndef CLIMNORM_PICTURES_TEXT_H
#define CLIMNORM_PICTURES_TEXT_H

#include <cairo.h>
#include <stdbool.h>

enum cn_align { CN_ALIGN_LEFT, CN_ALIGN_CENTRE, CN_ALIGN_RIGHT };

/* Chooses a font without serifs of a size in pixels, and dark grey. */
void cn_text_font(cairo_t *cairo, double size, bool is_bold);

/* Returns: the width of a text in pixels. */
double cn_text_width(cairo_t *cairo, const char *text);

/* Writes a text whose baseline is at y. */
void cn_text_draw(cairo_t *cairo, const char *text, double x, double y, enum cn_align align);

/* The same, but smaller, and if need be cut, so that it is no wider than `width`. */
void cn_text_draw_within(cairo_t *cairo, const char *text, double x, double y, enum cn_align align,
                         double width);

/* Returns: a size for the text of a picture of these pixels. */
double cn_text_size(double width, double height);

#endif
