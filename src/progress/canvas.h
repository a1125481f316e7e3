/*
 * How the pictures on a terminal are drawn: colors, bars, and parts that fill lines of any width.
 * It does not know what is shown.
 */
#ifndef CLIMNORM_PROGRESS_CANVAS_H
#define CLIMNORM_PROGRESS_CANVAS_H

#include "progress/text.h"

struct cn_screen {
    size_t columns, rows;
    bool utf8, color;
};

/* Ends each line of a frame. */
#define CN_FRAME_LINE_END "\033[K\n"

/* SGR codes, used with color only. */
#define CN_BOLD   "1"
#define CN_DIM    "2"
#define CN_RED    "31"
#define CN_GREEN  "32"
#define CN_YELLOW "33"
#define CN_CYAN   "36"

enum {
    CN_BAR_LEAST = 6, /* columns; a shorter one tells nothing */
    CN_BAR_MOST = 80,
    CN_TALL = 12,     /* with so many screen rows no line is left out */
    CN_PARTS_MOST = 4 /* lines that parts may fill */
};

struct cn_canvas {
    struct cn_text *out;
    const struct cn_screen *screen;
    const char *separator; /* of the parts of a line */
    /* For the parts being drawn. */
    const char *color;
    size_t indent, lines_left;
};

/* Returns: a canvas for the screen; sets what `out` needs. Text in the last column could wrap, so
 * lines have one column less. */
struct cn_canvas cn_canvas_on(struct cn_text *out, const struct cn_screen *screen);

/* color: an SGR code; NULL: none. */
void cn_canvas_start_color(const struct cn_canvas *canvas, const char *color);
void cn_canvas_end_color(const struct cn_canvas *canvas);
void cn_canvas_end_line(const struct cn_canvas *canvas);

/* Begins a list of parts. They are drawn with separators between them, in one line or, if they do
 * not fit and there may be several, in more. */
void cn_canvas_begin_parts(struct cn_canvas *canvas, size_t indent, const char *color,
                           bool several);
/* Adds a part. What does not fit begins the next line; in the last line it is left out. A part
 * longer than a line is cut. */
void cn_canvas_add_part(struct cn_canvas *canvas, const char *part);
void cn_canvas_add_partf(struct cn_canvas *canvas, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Goes on in the next line.
 * Returns: false: there is no further line. */
bool cn_canvas_next_line(struct cn_canvas *canvas);

/* Adds a bar of `width` columns, of which the share 0 … 1 is full. */
void cn_canvas_add_bar(const struct cn_canvas *canvas, double share, size_t width, bool moves,
                       const char *color);

#endif
