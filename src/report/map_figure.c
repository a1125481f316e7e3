/*
 * A map is equirectangular: true to scale at its middle latitude.
 */
#include "report/map_figure.h"

#include "report/markup.h"

#include <math.h>

enum { MAP_WIDTH = 640, BAR_STOPS = 9 };

/* A map: degrees at its edges, and the width and height of its box. */
struct map_frame {
    double west, east, south, north, width, height;
};

static struct map_frame frame_of(const struct cn_output_facts *facts)
{
    const double columns = (double)facts->columns, rows = (double)facts->rows;
    double across = columns > 1 ? (facts->east - facts->west) / (columns - 1) : NAN;
    double along = rows > 1 ? (facts->north - facts->south) / (rows - 1) : NAN;
    across = isnan(across) ? (isnan(along) ? 1 : along) : across;
    along = isnan(along) ? across : along;
    struct map_frame frame = {.west = facts->west - across / 2,
                              .east = facts->east + across / 2,
                              .south = fmax(facts->south - along / 2, -90),
                              .north = fmin(facts->north + along / 2, 90)};
    const double middle = (frame.south + frame.north) / 2 * acos(-1.0) / 180;
    const double ratio =
        (frame.north - frame.south) / ((frame.east - frame.west) * fmax(cos(middle), 0.05));
    frame.width = MAP_WIDTH;
    frame.height = isfinite(ratio) ? fmin(fmax(MAP_WIDTH * ratio, 40), 2 * MAP_WIDTH) : MAP_WIDTH;
    return frame;
}

static bool has_frame(const struct cn_output_facts *facts)
{
    return facts->is_regular && isfinite(facts->east - facts->west) &&
           isfinite(facts->north - facts->south) && facts->east - facts->west < 721 &&
           fabs(facts->west) < 1000;
}

void cn_map_symbols_add(struct cn_strbuf *page)
{
    cn_strbuf_add(page, "<svg class=\"symbols\" aria-hidden=\"true\"><defs>\n");
    for (int scale = 0; scale < CN_COLOUR_SCALES; scale++) {
        cn_strbuf_add(page, "<linearGradient id=\"scale%d\">", scale);
        for (int k = 0; k < BAR_STOPS; k++) {
            uint8_t rgb[3];
            cn_colour((enum cn_colours)scale, k / (BAR_STOPS - 1.0), rgb);
            cn_strbuf_add(page, "<stop offset=\"%g\" stop-color=\"#%02x%02x%02x\"/>",
                          k / (BAR_STOPS - 1.0), rgb[0], rgb[1], rgb[2]);
        }
        cn_strbuf_add(page, "</linearGradient>\n");
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
    cn_markup_text(page, facts->units);
    cn_strbuf_add(page, ", area mean ");
    cn_markup_number(page, map->mean);
    if (map->empty)
        cn_strbuf_add(page, "; %zu of %zu cells have no value", map->empty,
                      facts->rows * facts->columns);
}

static void add_bar(struct cn_strbuf *page, const struct cn_block_result *result, bool is_change)
{
    const double *range = is_change ? result->change_range : result->range;
    void (*add_end)(struct cn_strbuf *, double) = is_change ? cn_markup_change : cn_markup_number;
    cn_strbuf_add(page, "<div class=\"bar\" aria-hidden=\"true\"><span>");
    add_end(page, range[0]);
    cn_strbuf_add(page,
                  "</span><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\"><rect "
                  "width=\"100\" height=\"10\" fill=\"url(#scale%d)\"/></svg><span>",
                  is_change ? (int)cn_colours_of_change(result->colours) : (int)result->colours);
    add_end(page, range[1]);
    cn_strbuf_add(page, "</span></div>");
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
    cn_markup_text(page, block->facts->units);
    cn_strbuf_add(page, "</span></figcaption>\n");
}

void cn_map_figure_add(struct cn_strbuf *page, const struct cn_output_block *block,
                       const struct cn_block_result *result, const struct cn_report_map *map)
{
    if (!has_frame(block->facts))
        return;
    const struct map_frame frame = frame_of(block->facts);
    cn_strbuf_add(page, "<figure class=\"map%s\">\n", map->is_change ? " change" : "");
    add_caption(page, block, map);
    cn_strbuf_add(page, "<svg class=\"plate\" viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>",
                  frame.width, frame.height);
    add_alt(page, block, map);
    cn_strbuf_add(page,
                  "</title><image width=\"%.0f\" height=\"%.0f\" preserveAspectRatio=\"none\" "
                  "href=\"data:image/png;base64,",
                  frame.width, frame.height);
    cn_markup_base64(page, map->png, map->png_size);
    cn_strbuf_add(page, "\"/></svg>\n");
    add_bar(page, result, map->is_change);
    cn_strbuf_add(page, "</figure>\n");
}
