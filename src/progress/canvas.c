/*
 * Lines of a frame: each is cleared behind its end, and none is wider than the screen.
 */
#include "progress/canvas.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cn_canvas cn_canvas_on(struct cn_text *out, const struct cn_screen *screen)
{
    out->utf8 = screen->utf8;
    out->limit = screen->columns > 1 ? screen->columns - 1 : 1;
    return (struct cn_canvas){
        .out = out, .screen = screen, .separator = screen->utf8 ? " · " : " - "};
}

void cn_canvas_start_color(const struct cn_canvas *canvas, const char *color)
{
    if (canvas->screen->color && color)
        cn_strbuf_add(&canvas->out->buffer, "\033[%sm", color);
}

void cn_canvas_end_color(const struct cn_canvas *canvas)
{
    if (canvas->screen->color)
        cn_text_raw(canvas->out, "\033[0m");
}

void cn_canvas_end_line(const struct cn_canvas *canvas)
{
    cn_canvas_end_color(canvas);
    cn_text_end_line(canvas->out, CN_FRAME_LINE_END);
}

static void begin_line(const struct cn_canvas *canvas)
{
    cn_canvas_start_color(canvas, canvas->color);
    cn_text_left(canvas->out, "", canvas->indent);
}

void cn_canvas_begin_parts(struct cn_canvas *canvas, size_t indent, const char *color, bool several)
{
    canvas->indent = indent;
    canvas->color = color;
    canvas->lines_left = several ? CN_PARTS_MOST : 1;
    begin_line(canvas);
}

bool cn_canvas_next_line(struct cn_canvas *canvas)
{
    if (canvas->lines_left <= 1)
        return false;
    canvas->lines_left--;
    cn_canvas_end_line(canvas);
    begin_line(canvas);
    return true;
}

void cn_canvas_add_part(struct cn_canvas *canvas, const char *part)
{
    struct cn_text *out = canvas->out;
    size_t left = out->limit > out->column ? out->limit - out->column : 0;
    size_t columns = cn_text_columns(part, canvas->screen->utf8);
    if (out->column > canvas->indent && columns + strlen(" - ") > left &&
        !cn_canvas_next_line(canvas))
        return;
    if (out->column > canvas->indent)
        cn_text_add(out, canvas->separator, SIZE_MAX);
    cn_text_add(out, part, SIZE_MAX);
}

void cn_canvas_add_partf(struct cn_canvas *canvas, const char *format, ...)
{
    char part[160];
    va_list args;
    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    cn_canvas_add_part(canvas, part);
}

void cn_canvas_add_bar(const struct cn_canvas *canvas, double share, size_t width, bool moves,
                       const char *color)
{
    bool utf8 = canvas->screen->utf8;
    double cells = fmax(0, fmin(1, share)) * (double)width;
    size_t full = (size_t)cells;
    bool half = full < width && (utf8 ? cells - (double)full >= 0.5 : moves);
    cn_canvas_start_color(canvas, color);
    for (size_t i = 0; i < full; i++)
        cn_text_add(canvas->out, utf8 ? "━" : "=", 1);
    if (half)
        cn_text_add(canvas->out, utf8 ? "╸" : ">", 1);
    cn_canvas_end_color(canvas);
    cn_canvas_start_color(canvas, CN_DIM);
    for (size_t i = full + half; i < width; i++)
        cn_text_add(canvas->out, utf8 ? "─" : "-", 1);
    cn_canvas_end_color(canvas);
}
