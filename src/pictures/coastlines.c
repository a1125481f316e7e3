/*
 * The lines are texts of steps, which tools/coastlines/make.py writes and describes.
 */
#include "pictures/coastlines.h"

#include <math.h>

static const double STEPS_PER_DEGREE = 100;

static const char *const lines[] = {
#include "pictures/coastlines.inc"
};

static const char kinds[] = {
    [CN_LINE_OF_STATES] = 's', [CN_LINE_OF_COUNTRIES] = 'b', [CN_LINE_OF_COASTS] = 'c'};

/* Where a map has its lines. */
struct line_map {
    const struct cn_line_pen *pen;
    struct cn_extent extent;
    double x_scale, y_scale; /* pixels a degree */
};

/* Reads a step, which the text has in groups of five bits, the lowest first. */
static double next_step(const char **at)
{
    unsigned value = 0;
    for (int shift = 0; **at && shift < 30; shift += 5) {
        const unsigned group = (unsigned)(*(*at)++ - 63);
        value |= (group & 31) << shift;
        if (group < 32)
            break;
    }
    return (value & 1 ? -(double)(value >> 1) - 1 : (double)(value >> 1)) / STEPS_PER_DEGREE;
}

/* Adds those pieces of a line to the path that may be seen where it is moved by whole turns. */
static void add_seen_line(const struct line_map *map, const char *line, double turn)
{
    const struct cn_extent *extent = &map->extent;
    double lon = turn, lat = 0;
    bool has_point = false;
    for (bool is_first = true; *line; is_first = false) {
        const double from_lon = lon, from_lat = lat;
        lon += next_step(&line);
        lat += next_step(&line);
        if (is_first)
            continue;
        const bool is_seen =
            fmax(lon, from_lon) >= extent->west && fmin(lon, from_lon) <= extent->east &&
            fmax(lat, from_lat) >= extent->south && fmin(lat, from_lat) <= extent->north;
        if (is_seen && !has_point)
            map->pen->move_to(map->pen->context, (from_lon - extent->west) * map->x_scale,
                              (extent->north - from_lat) * map->y_scale);
        if (is_seen)
            map->pen->line_to(map->pen->context, (lon - extent->west) * map->x_scale,
                              (extent->north - lat) * map->y_scale);
        has_point = is_seen;
    }
}

void cn_coastlines_trace(const struct cn_extent *extent, enum cn_map_line kind, double width,
                         double height, const struct cn_line_pen *pen)
{
    const struct line_map map = {pen, *extent, width / (extent->east - extent->west),
                                 height / (extent->north - extent->south)};
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++)
        for (int turn = -720; turn <= 720 && lines[k][0] == kinds[kind]; turn += 360)
            if (extent->west <= turn + 180 && extent->east >= turn - 180)
                add_seen_line(&map, lines[k] + 1, turn);
}

static void move_cairo_to(void *cairo, double x, double y)
{
    cairo_move_to(cairo, x, y);
}

static void draw_cairo_to(void *cairo, double x, double y)
{
    cairo_line_to(cairo, x, y);
}

void cn_coastlines_draw(cairo_t *cairo, const struct cn_extent *extent, double width, double height,
                        double line_width)
{
    static const struct {
        double width, darkness;
    } styles[CN_MAP_LINES] = {[CN_LINE_OF_STATES] = {0.55, 0.55},
                              [CN_LINE_OF_COUNTRIES] = {0.75, 0.7},
                              [CN_LINE_OF_COASTS] = {1, 0.85}};
    const struct cn_line_pen pen = {cairo, move_cairo_to, draw_cairo_to};
    cairo_save(cairo);
    cairo_rectangle(cairo, 0, 0, width, height);
    cairo_clip(cairo);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    for (int kind = 0; kind < CN_MAP_LINES; kind++) {
        cn_coastlines_trace(extent, (enum cn_map_line)kind, width, height, &pen);
        /* A light edge shows dark lines on dark colours. */
        cairo_set_source_rgba(cairo, 1, 1, 1, 0.35);
        cairo_set_line_width(cairo, 2.2 * styles[kind].width * line_width);
        cairo_stroke_preserve(cairo);
        cairo_set_source_rgba(cairo, 0.12, 0.12, 0.12, styles[kind].darkness);
        cairo_set_line_width(cairo, styles[kind].width * line_width);
        cairo_stroke(cairo);
    }
    cairo_restore(cairo);
}
