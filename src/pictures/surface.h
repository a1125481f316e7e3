/*
 * A picture as the bytes of a file. A file appears complete or not at all.
 */
#ifndef CLIMNORM_PICTURES_SURFACE_H
#define CLIMNORM_PICTURES_SURFACE_H

#include "base/strbuf.h"
#include "climnorm/error.h"

#include <cairo.h>

enum cn_picture_format { CN_PNG, CN_SVG, CN_PDF };

enum { CN_LEAST_PICTURE = 100, CN_MOST_PICTURE = 10000 }; /* pixels of width and height */

struct cn_picture {
    double width, height; /* pixels; points in PDF */
    const char *title;    /* in the metadata of a PDF; NULL: none */
    bool is_transparent;  /* of PNG: the canvas is; else it is white */
    void *context;
    /* Draws on a canvas. detail: pixels of an image in a pixel of the picture. Errors: stay
     * in the cairo_t. */
    void (*draw)(void *context, cairo_t *cairo, double width, double height, double detail);
};

/* Finds the format by the ending of a path.
 * Returns: false: it ends neither in .png, .svg nor .pdf. */
bool cn_picture_format_of(const char *path, enum cn_picture_format *format);

/* Draws the picture, and adds the bytes of its file.
 * Errors: CN_BAD_MACHINE. */
enum cn_status cn_picture_render(const struct cn_picture *picture, enum cn_picture_format format,
                                 struct cn_strbuf *bytes, struct cn_error *error);

/* The same into a file, which is replaced where it exists.
 * Errors: CN_BAD_USAGE: the ending says no format. CN_BAD_MACHINE. */
enum cn_status cn_picture_write(const struct cn_picture *picture, const char *path,
                                struct cn_error *error);

#endif
