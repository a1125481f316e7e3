/*
 * A map is equirectangular: true to scale at its middle latitude. Its cells are an image; its lines
 * are paths in the colours of the page, once for all maps of an extent.
 */
#include "report/map_figure.h"

#include "pictures/coastlines.h"
#include "pictures/map.h"
#include "report/markup.h"

#include <math.h>

enum { MAP_WIDTH = 640, MOST_MAP_HEIGHT = 1280, BAR_STOPS = 9 };

/* A line as it is written. */
struct line_path {
    struct cn_strbuf *page;
    double x, y;
};

static double map_height(const struct cn_extent *extent)
{
    return fmin(fmax(MAP_WIDTH * cn_map_aspect(extent), 40), MOST_MAP_HEIGHT);
}

static void begin_path_line(void *context, double x, double y)
{
    struct line_path *path = context;
    cn_strbuf_add(path->page, "M%.1f %.1f", x, y);
    path->x = x;
    path->y = y;
}

/* Leaves out what is not seen. */
static void continue_path_line(void *context, double x, double y)
{
    struct line_path *path = context;
    if (hypot(x - path->x, y - path->y) < 1)
        return;
    cn_strbuf_add(path->page, "L%.1f %.1f", x, y);
    path->x = x;
    path->y = y;
}

static void add_lines(struct cn_strbuf *page, const struct cn_extent *extent)
{
    static const char *const names[CN_MAP_LINES] = {[CN_LINE_OF_STATES] = "state",
                                                    [CN_LINE_OF_COUNTRIES] = "country",
                                                    [CN_LINE_OF_COASTS] = "coast"};
    struct line_path path = {.page = page};
    const struct cn_line_pen pen = {&path, begin_path_line, continue_path_line};
    for (int kind = 0; kind < CN_MAP_LINES; kind++) {
        cn_strbuf_add(page, "<path class=\"%s\" d=\"M0 0", names[kind]);
        cn_coastlines_trace(extent, (enum cn_map_line)kind, MAP_WIDTH, map_height(extent), &pen);
        cn_strbuf_add(page, "\"/>\n");
    }
}

static bool is_same_extent(const struct cn_extent *a, const struct cn_extent *b)
{
    return a->west == b->west && a->east == b->east && a->south == b->south && a->north == b->north;
}

/* The first block whose maps have the same extent. */
static size_t first_like(const struct cn_report *report, size_t b)
{
    const struct cn_output_block *blocks = report->blocks.blocks;
    size_t k = 0;
    while (k < b && (!report->results[k].map_count ||
                     !is_same_extent(&blocks[k].places.extent, &blocks[b].places.extent)))
        k++;
    return k;
}

static void add_gradient(struct cn_strbuf *page, int quantity, bool is_change)
{
    const struct cn_scale scale = {.quantity = (enum cn_quantity)quantity, .is_change = is_change};
    cn_strbuf_add(page, "<linearGradient id=\"scale%d%d\">", quantity, is_change);
    for (int k = 0; k < BAR_STOPS; k++) {
        const double at = k / (BAR_STOPS - 1.0);
        const struct cn_colour colour = cn_scale_colour(&scale, at);
        cn_strbuf_add(page, "<stop offset=\"%g\" stop-color=\"#%02lx%02lx%02lx\"/>", at,
                      lround(255 * colour.red), lround(255 * colour.green),
                      lround(255 * colour.blue));
    }
    cn_strbuf_add(page, "</linearGradient>\n");
}

void cn_map_symbols_add(struct cn_strbuf *page, const struct cn_report *report)
{
    cn_strbuf_add(page, "<svg class=\"symbols\" aria-hidden=\"true\"><defs>\n");
    for (int quantity = 0; quantity <= CN_OTHER_QUANTITY; quantity++) {
        add_gradient(page, quantity, false);
        add_gradient(page, quantity, true);
    }
    for (size_t b = 0; b < report->blocks.count; b++)
        if (report->results[b].map_count && first_like(report, b) == b) {
            cn_strbuf_add(page, "<g id=\"lines%zu\">\n", b);
            add_lines(page, &report->blocks.blocks[b].places.extent);
            cn_strbuf_add(page, "</g>\n");
        }
    cn_strbuf_add(page, "</defs></svg>\n");
}

static const char *scenario_of(const struct cn_output_block *block, const struct cn_report_map *map)
{
    return block->series[map->series].scenario;
}

/* "1980", or "2100 minus 1980". */
static void add_years(struct cn_strbuf *page, const struct cn_output_block *block,
                      const struct cn_report_map *map)
{
    cn_strbuf_add(page, "%d", block->series[map->series].points[map->point].year);
    if (map->is_change)
        cn_strbuf_add(page, " minus %d", block->series[0].points[0].year);
}

/* What the map shows, for those who do not see it. */
static void add_alt(struct cn_strbuf *page, const struct cn_output_block *block,
                    const struct cn_report_map *map)
{
    const struct cn_output_facts *facts = block->facts;
    cn_strbuf_add(page, map->is_change ? "Map of the change of the " : "Map of the ");
    cn_markup_text(page, facts->phrase);
    cn_strbuf_add(page, ", mean over the year, in ");
    cn_markup_text(page, facts->region_name[0] ? facts->region_name : facts->region);
    cn_strbuf_add(page, ", target year ");
    add_years(page, block, map);
    cn_strbuf_add(page, ", ");
    cn_markup_text(page, scenario_of(block, map));
    cn_strbuf_add(page, ": from ");
    cn_markup_number(page, map->least);
    cn_strbuf_add(page, " to ");
    cn_markup_number(page, map->most);
    cn_strbuf_add(page, " ");
    cn_markup_text(page, block->unit.text);
    cn_strbuf_add(page, ", area mean ");
    cn_markup_number(page, map->mean);
    if (map->empty)
        cn_strbuf_add(page, "; %zu of %zu cells have no value", map->empty,
                      facts->rows * facts->columns);
}

/* An end of the bar; "\u2264 5" where values lie beyond it. */
static void add_bar_end(struct cn_strbuf *page, const struct cn_scale *scale, double end,
                        const char *beyond)
{
    char text[CN_TICK_BYTES];
    cn_strbuf_add(page, "<span>%s%s%s</span>", beyond, scale->is_change && end > 0 ? "+" : "",
                  cn_tick_text(end, scale->step / 2, text));
}

static void add_bar(struct cn_strbuf *page, const struct cn_scale *scale)
{
    cn_strbuf_add(page, "<div class=\"bar\" aria-hidden=\"true\">");
    add_bar_end(page, scale, scale->low, scale->is_cut_low ? "\u2264 " : "");
    cn_strbuf_add(page,
                  "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\"><rect width=\"100\" "
                  "height=\"10\" fill=\"url(#scale%d%d)\"/></svg>",
                  (int)scale->quantity, scale->is_change);
    add_bar_end(page, scale, scale->high, scale->is_cut_high ? "\u2265 " : "");
    cn_strbuf_add(page, "</div>");
}

static void add_caption(struct cn_strbuf *page, const struct cn_output_block *block,
                        const struct cn_report_map *map)
{
    cn_strbuf_add(page, "<figcaption><strong>");
    add_years(page, block, map);
    cn_strbuf_add(page, "</strong> <span class=\"soft\">");
    cn_markup_text(page, scenario_of(block, map));
    cn_strbuf_add(page, "</span><span class=\"mean\">mean ");
    (map->is_change ? cn_markup_change : cn_markup_number)(page, map->mean);
    cn_strbuf_add(page, " ");
    cn_markup_text(page, block->unit.text);
    cn_strbuf_add(page, "</span></figcaption>\n");
}

void cn_map_figure_add(struct cn_strbuf *page, const struct cn_report *report, size_t b,
                       const struct cn_report_map *map)
{
    const struct cn_output_block *block = &report->blocks.blocks[b];
    const struct cn_block_result *result = &report->results[b];
    const double height = map_height(&block->places.extent);
    cn_strbuf_add(page, "<figure class=\"map%s\">\n", map->is_change ? " change" : "");
    add_caption(page, block, map);
    cn_strbuf_add(page, "<svg class=\"plate\" viewBox=\"0 0 %d %.0f\" role=\"img\"><title>",
                  MAP_WIDTH, height);
    add_alt(page, block, map);
    cn_strbuf_add(page,
                  "</title><image width=\"%d\" height=\"%.0f\" preserveAspectRatio=\"none\" "
                  "href=\"data:image/png;base64,",
                  MAP_WIDTH, height);
    cn_markup_base64(page, map->png, map->png_size);
    cn_strbuf_add(page, "\"/><use href=\"#lines%zu\"/></svg>\n", first_like(report, b));
    add_bar(page, map->is_change ? &result->change_scale : &result->scale);
    cn_strbuf_add(page, "</figure>\n");
}
