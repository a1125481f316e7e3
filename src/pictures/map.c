/*
 * The layout of maps, their frames, and the colour bar. All lengths follow from the size of the
 * text.
 */
#include "pictures/map.h"

#include "pictures/cells.h"
#include "pictures/coastlines.h"
#include "pictures/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* In sizes of the text. */
static const double MARGIN = 0.9, LEFT = 3.6, BOTTOM = 1.7, GAP = 1.0, TITLE = 1.9, SUBTITLE = 1.5;
static const double PANEL_TITLE = 1.35, BAR = 3.6;

static const double MISSING_GREY = 0.85;

enum { BAR_STOPS = 64 };

struct map_layout {
    const struct cn_map *map;
    double size; /* of the text */
    size_t columns, rows;
    double top; /* of the panels */
    double panel_title;
    double frame_width, frame_height; /* of a panel's map */
    double left;                      /* of the first frame */
};

double cn_map_aspect(const struct cn_extent *extent)
{
    const double middle = (extent->south + extent->north) / 2 * M_PI / 180;
    const double aspect =
        (extent->north - extent->south) / ((extent->east - extent->west) * fmax(cos(middle), 0.1));
    return fmin(fmax(aspect, 0.15), 4);
}

static double map_aspect(const struct cn_map *map)
{
    double most = 0;
    for (size_t k = 0; k < map->panel_count; k++)
        most = fmax(most, cn_map_aspect(&map->panels[k].places.extent));
    return most;
}

static size_t choose_columns(const struct cn_map *map, double wanted)
{
    const double aspect = map_aspect(map);
    size_t best = 1;
    double least = INFINITY;
    for (size_t columns = 1; columns <= map->panel_count; columns++) {
        const double rows = ceil((double)map->panel_count / (double)columns);
        const double empty = rows * (double)columns - (double)map->panel_count;
        const double off = fabs(log(rows * aspect / (double)columns / wanted)) + 0.15 * empty;
        if (off < least) {
            least = off;
            best = columns;
        }
    }
    return best;
}

static double height_without_frames(const struct map_layout *layout)
{
    const double rows = (double)layout->rows;
    return layout->top + rows * (layout->panel_title + BOTTOM * layout->size) +
           (rows - 1) * GAP * layout->size + (BAR + MARGIN) * layout->size;
}

/* height 0: as high as the maps are. */
static struct map_layout lay_out_map(const struct cn_map *map, double width, double height)
{
    struct map_layout layout = {.map = map, .size = cn_text_size(width, height ? height : width)};
    const double size = layout.size, aspect = map_aspect(map);
    const bool has_titles = map->panel_count > 1;
    layout.columns = choose_columns(map, height ? height / width : 0.6);
    layout.rows = (map->panel_count + layout.columns - 1) / layout.columns;
    layout.panel_title = has_titles ? PANEL_TITLE * size : 0.3 * size;
    layout.top = (MARGIN + (*map->title ? TITLE : 0) + (*map->subtitle ? SUBTITLE : 0)) * size;
    const double columns = (double)layout.columns, rows = (double)layout.rows;
    const double sides = 2 * MARGIN * size + columns * LEFT * size + (columns - 1) * GAP * size;
    layout.frame_width = fmax((width - sides) / columns, 10);
    layout.frame_height = layout.frame_width * aspect;
    const double most =
        height ? fmax((height - height_without_frames(&layout)) / rows, 10) : 1.1 * width / rows;
    layout.frame_height = fmin(layout.frame_height, most);
    layout.frame_width = fmin(layout.frame_width, layout.frame_height / aspect);
    const double used = sides + columns * layout.frame_width;
    layout.left = (MARGIN + LEFT) * size + (width - used) / 2;
    return layout;
}

double cn_map_height(const struct cn_map *map, double width)
{
    const struct map_layout layout = lay_out_map(map, width, 0);
    return ceil(height_without_frames(&layout) + (double)layout.rows * layout.frame_height);
}

/* "120\u00b0W", "0\u00b0", "22.5\u00b0N" */
static const char *degrees_text(double value, double step, bool is_lon, char text[CN_TICK_BYTES])
{
    char number[CN_TICK_BYTES];
    const double turned = is_lon ? remainder(value, 360) : value;
    const bool is_end = is_lon && fabs(fabs(turned) - 180) < 1e-6;
    const char *side = fabs(turned) < 1e-6 || is_end ? ""
                       : is_lon                      ? (turned < 0 ? "W" : "E")
                                                     : (turned < 0 ? "S" : "N");
    snprintf(text, CN_TICK_BYTES, "%.20s\u00b0%s", cn_tick_text(fabs(turned), step, number), side);
    return text;
}

/* Steps that people count degrees in. */
static double degree_step(double range, double most)
{
    static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90};
    size_t k = 0;
    while (k + 1 < sizeof steps / sizeof *steps && steps[k] * fmax(most, 1) < range)
        k++;
    return steps[k];
}

static void draw_degrees(const struct map_layout *layout, cairo_t *cairo,
                         const struct cn_extent *extent, double width, double height)
{
    const double size = layout->size, tick = 0.3 * size;
    char text[CN_TICK_BYTES];
    cn_text_font(cairo, 0.85 * size, false);
    cairo_set_line_width(cairo, 0.07 * size);
    double step = degree_step(extent->east - extent->west, width / (4.2 * size));
    for (long k = lround(ceil(extent->west / step - 1e-6)); (double)k * step <= extent->east + 1e-6;
         k++) {
        const double lon = (double)k * step;
        const double x = (lon - extent->west) / (extent->east - extent->west) * width;
        cairo_move_to(cairo, x, height);
        cairo_line_to(cairo, x, height + tick);
        cairo_stroke(cairo);
        cn_text_draw(cairo, degrees_text(lon, step, true, text), x, height + tick + 0.9 * size,
                     CN_ALIGN_CENTRE);
    }
    step = degree_step(extent->north - extent->south, height / (2.2 * size));
    for (long k = lround(ceil(extent->south / step - 1e-6));
         (double)k * step <= extent->north + 1e-6; k++) {
        const double lat = (double)k * step;
        const double y = (extent->north - lat) / (extent->north - extent->south) * height;
        cairo_move_to(cairo, -tick, y);
        cairo_line_to(cairo, 0, y);
        cairo_stroke(cairo);
        cn_text_draw(cairo, degrees_text(lat, step, false, text), -tick - 0.2 * size,
                     y + 0.3 * size, CN_ALIGN_RIGHT);
    }
}

static void draw_panel(const struct map_layout *layout, cairo_t *cairo, size_t k, double detail)
{
    const struct cn_map_panel *panel = &layout->map->panels[k];
    const struct cn_extent *extent = &panel->places.extent;
    const double size = layout->size;
    const double aspect = cn_map_aspect(extent);
    const double width = fmin(layout->frame_width, layout->frame_height / aspect);
    const double height = width * aspect;
    const size_t row = k / layout->columns, column = k % layout->columns;
    const double x = layout->left + (double)column * (layout->frame_width + (LEFT + GAP) * size) +
                     (layout->frame_width - width) / 2;
    const double y =
        layout->top + layout->panel_title +
        (double)row * (layout->frame_height + layout->panel_title + (BOTTOM + GAP) * size);
    cairo_save(cairo);
    cairo_translate(cairo, round(x), round(y));
    if (layout->map->panel_count > 1) {
        cn_text_font(cairo, size, true);
        cn_text_draw_within(cairo, panel->title, 0, -0.45 * size, CN_ALIGN_LEFT, width);
    }
    if (panel->places.grid->kind == CN_REGULAR) { /* cells of others may lie outside of a region */
        cairo_set_source_rgb(cairo, MISSING_GREY, MISSING_GREY, MISSING_GREY);
        cairo_rectangle(cairo, 0, 0, round(width), round(height));
        cairo_fill(cairo);
    }
    cn_cells_draw(cairo, &panel->places, panel->values, &layout->map->scale, round(width),
                  round(height), detail);
    cn_coastlines_draw(cairo, extent, round(width), round(height), 0.075 * size);
    const double line = fmax(round(0.08 * size), 1); /* whole pixels, around the cells */
    cairo_rectangle(cairo, -line / 2, -line / 2, round(width) + line, round(height) + line);
    cairo_set_source_rgb(cairo, 0.13, 0.13, 0.13);
    cairo_set_line_width(cairo, line);
    cairo_stroke(cairo);
    draw_degrees(layout, cairo, extent, round(width), round(height));
    cairo_restore(cairo);
}

/* A tip beyond an end of the bar: there are values beyond. */
static void draw_tip(cairo_t *cairo, const struct cn_scale *scale, double x, double y,
                     double length, double height, double share)
{
    const struct cn_colour colour = cn_scale_colour(scale, share);
    cairo_move_to(cairo, x, y);
    cairo_line_to(cairo, x + length, y + height / 2);
    cairo_line_to(cairo, x, y + height);
    cairo_close_path(cairo);
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
    cairo_fill_preserve(cairo);
    cairo_set_source_rgb(cairo, 0.13, 0.13, 0.13);
    cairo_stroke(cairo);
}

static void draw_colour_bar(const struct map_layout *layout, cairo_t *cairo, double width, double y)
{
    const struct cn_scale *scale = &layout->map->scale;
    const double size = layout->size, height = 0.95 * size;
    cn_text_font(cairo, size, false);
    const double unit = cn_text_width(cairo, layout->map->unit);
    const double room = width - 2 * MARGIN * size;
    const double length = fmax(fmin(room - 2 * (unit + 2.5 * size), 42 * size), 8 * size);
    const double x = (width - length) / 2;
    cairo_pattern_t *colours = cairo_pattern_create_linear(x, 0, x + length, 0);
    for (int k = 0; k <= BAR_STOPS; k++) {
        const struct cn_colour colour = cn_scale_colour(scale, (double)k / BAR_STOPS);
        cairo_pattern_add_color_stop_rgb(colours, (double)k / BAR_STOPS, colour.red, colour.green,
                                         colour.blue);
    }
    cairo_rectangle(cairo, x, y, length, height);
    cairo_set_source(cairo, colours);
    cairo_fill_preserve(cairo);
    cairo_pattern_destroy(colours);
    cairo_set_source_rgb(cairo, 0.13, 0.13, 0.13);
    cairo_set_line_width(cairo, 0.07 * size);
    cairo_stroke(cairo);
    if (scale->is_cut_low)
        draw_tip(cairo, scale, x, y, -0.8 * size, height, 0);
    if (scale->is_cut_high)
        draw_tip(cairo, scale, x + length, y, 0.8 * size, height, 1);
    cn_text_font(cairo, 0.9 * size, false);
    char text[CN_TICK_BYTES];
    const double widest = fmax(cn_text_width(cairo, cn_tick_text(scale->low, scale->step, text)),
                               cn_text_width(cairo, cn_tick_text(scale->high, scale->step, text)));
    const double fitting = fmax(floor(length / (widest + 1.2 * size)), 2);
    const double range = scale->high - scale->low;
    const double step =
        range / scale->step <= fitting ? scale->step : cn_nice_step(range, (size_t)fitting);
    for (double k = ceil(scale->low / step - 1e-6); k * step <= scale->high + 1e-6 * step; k++) {
        const double at = x + (k * step - scale->low) / range * length;
        cairo_move_to(cairo, at, y + height);
        cairo_line_to(cairo, at, y + height + 0.25 * size);
        cairo_stroke(cairo);
        cn_text_draw(cairo, cn_tick_text(k * step, step, text), at, y + height + 1.2 * size,
                     CN_ALIGN_CENTRE);
    }
    cn_text_font(cairo, size, false);
    cn_text_draw(cairo, layout->map->unit, x + length + 1.3 * size, y + 0.8 * size, CN_ALIGN_LEFT);
}

void cn_map_draw(void *map, cairo_t *cairo, double width, double height, double detail)
{
    const struct map_layout layout = lay_out_map(map, width, height);
    const double size = layout.size, room = width - 2 * MARGIN * size;
    double y = MARGIN * size;
    if (*layout.map->title) {
        cn_text_font(cairo, 1.3 * size, true);
        cn_text_draw_within(cairo, layout.map->title, MARGIN * size, y + 1.2 * size, CN_ALIGN_LEFT,
                            room);
        y += TITLE * size;
    }
    if (*layout.map->subtitle) {
        cn_text_font(cairo, 0.95 * size, false);
        cairo_set_source_rgb(cairo, 0.35, 0.35, 0.35);
        cn_text_draw_within(cairo, layout.map->subtitle, MARGIN * size, y + 0.85 * size,
                            CN_ALIGN_LEFT, room);
    }
    for (size_t k = 0; k < layout.map->panel_count; k++)
        draw_panel(&layout, cairo, k, detail);
    const double bottom =
        layout.top +
        (double)layout.rows * (layout.panel_title + layout.frame_height + BOTTOM * size) +
        (double)(layout.rows - 1) * GAP * size;
    draw_colour_bar(&layout, cairo, width, bottom + 0.7 * size);
}
