/*
 * Cairo's own fonts serve where the machine has none.
 */
#include "pictures/text.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double LEAST_SHRINKING = 0.75;

void cn_text_font(cairo_t *cairo, double size, bool is_bold)
{
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, size);
    cairo_set_source_rgb(cairo, 0.13, 0.13, 0.13);
}

double cn_text_width(cairo_t *cairo, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, text, &extents);
    return extents.x_advance;
}

void cn_text_draw(cairo_t *cairo, const char *text, double x, double y, enum cn_align align)
{
    const double width = align == CN_ALIGN_LEFT ? 0 : cn_text_width(cairo, text);
    cairo_move_to(cairo, align == CN_ALIGN_CENTRE ? x - width / 2 : x - width, y);
    cairo_show_text(cairo, text);
    cairo_new_path(cairo);
}

void cn_text_draw_within(cairo_t *cairo, const char *text, double x, double y, enum cn_align align,
                         double width)
{
    enum { MOST_BYTES = 600 };
    char cut[MOST_BYTES + 8];
    const double wanted = cn_text_width(cairo, text);
    cairo_save(cairo);
    if (wanted > width) {
        cairo_matrix_t matrix;
        const double share = fmax(width / wanted, LEAST_SHRINKING);
        cairo_get_font_matrix(cairo, &matrix);
        cairo_matrix_scale(&matrix, share, share);
        cairo_set_font_matrix(cairo, &matrix);
    }
    snprintf(cut, sizeof cut, "%s", "");
    if (cn_text_width(cairo, text) > width * 1.001) {
        const char *end = text;
        for (const char *at = text; *at && at - text < MOST_BYTES;) {
            cn_utf8_next(&at);
            if (at - text >= MOST_BYTES)
                break;
            snprintf(cut, sizeof cut, "%.*s\u2026", (int)(at - text), text);
            if (cn_text_width(cairo, cut) > width)
                break;
            end = at;
        }
        snprintf(cut, sizeof cut, "%.*s\u2026", (int)(end - text), text);
        text = cut;
    }
    cn_text_draw(cairo, text, x, y, align);
    cairo_restore(cairo);
}

double cn_text_size(double width, double height)
{
    return fmin(fmax(5 + 0.009 * fmin(width, 1.6 * height), 6), 60);
}
