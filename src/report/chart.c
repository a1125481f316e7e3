/*
 * Draws axes with round numbers, and lines. Widths are of a box that the browser scales.
 */
#include "report/chart.h"

#include "report/markup.h"

#include <math.h>
#include <stdio.h>

/* Numbers beyond these stand beside a power of ten. */
static const double least_plain = 0.01, most_plain = 1e6;

enum {
    WIDTH = 480,
    HEIGHT = 240,
    LEFT = 56,
    RIGHT = 14,
    TOP = 26,
    BOTTOM = 28,
    TICKS = 5,
    X_TICKS = 7
};

struct chart_scale {
    double x[2], y[2], step;
    int power; /* of ten, beside the unit */
};

/* 1, 2 or 5 times a power of ten, so that about `ticks` of them fit. */
static double round_step(double width, int ticks)
{
    const double rough = width / ticks, power = pow(10, floor(log10(rough)));
    const double share = rough / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

static bool find_scale(const struct cn_chart *chart, struct chart_scale *scale)
{
    double least = NAN, most = NAN;
    for (size_t l = 0; l < chart->line_count; l++)
        for (size_t i = 0; i < chart->lines[l].count; i++) {
            least = fmin(least, chart->lines[l].y[i]);
            most = fmax(most, chart->lines[l].y[i]);
        }
    if (isnan(least) || !isfinite(most - least))
        return false;
    if (most - least <= 1e-6 * fmax(fabs(most), fabs(least)) || most == least) {
        const double half = most == 0 ? 1 : 0.05 * fabs(most);
        least -= half;
        most += half;
    }
    const double size = fmax(fabs(most), fabs(least));
    scale->power = size < least_plain || size >= most_plain ? (int)floor(log10(size)) : 0;
    scale->step = round_step(most - least, TICKS);
    scale->y[0] = scale->step * floor(least / scale->step);
    scale->y[1] = scale->step * ceil(most / scale->step);
    scale->x[0] = chart->first_x;
    scale->x[1] = chart->last_x > chart->first_x ? chart->last_x : chart->first_x + 1;
    return true;
}

static double place_x(const struct chart_scale *scale, double x)
{
    return LEFT + (x - scale->x[0]) / (scale->x[1] - scale->x[0]) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct chart_scale *scale, double y)
{
    return HEIGHT - BOTTOM -
           (y - scale->y[0]) / (scale->y[1] - scale->y[0]) * (HEIGHT - TOP - BOTTOM);
}

static void add_y_axis(struct cn_strbuf *page, const struct cn_chart *chart,
                       const struct chart_scale *scale)
{
    const double factor = pow(10, -scale->power);
    const int decimals = (int)fmin(fmax(-floor(log10(scale->step * factor) + 1e-9), 0), 9);
    cn_strbuf_add(page, "<text class=\"unit\" x=\"4\" y=\"14\">");
    if (scale->power) {
        cn_markup_power(page, scale->power);
        cn_strbuf_add(page, " ");
    }
    cn_markup_text(page, chart->units);
    cn_strbuf_add(page, "</text>");
    for (int k = 0; k <= 2 * TICKS + 2; k++) {
        const double y = scale->y[0] + k * scale->step, at = place_y(scale, y);
        if (y > scale->y[1] + scale->step / 2)
            break;
        cn_strbuf_add(page, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, at, WIDTH - RIGHT);
        cn_strbuf_add(page, "<text x=\"%d\" y=\"%.1f\" class=\"y\">", LEFT - 7, at + 4);
        const double shown = fabs(y) < scale->step / 2 ? 0 : y * factor;
        cn_strbuf_add(page, "%s%.*f</text>", shown < 0 ? "\u2212" : "", decimals, fabs(shown));
    }
}

static void add_x_tick(struct cn_strbuf *page, const struct chart_scale *scale, double x,
                       const char *text)
{
    const double at = place_x(scale, x);
    cn_strbuf_add(page,
                  "<path class=\"tick\" d=\"M%.1f %dv4\"/><text x=\"%.1f\" y=\"%d\">%s</text>", at,
                  HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 18, text);
}

static void add_x_axis(struct cn_strbuf *page, const struct cn_chart *chart,
                       const struct chart_scale *scale)
{
    cn_strbuf_add(page, "<g class=\"x\"><path class=\"axis\" d=\"M%d %dH%d\"/>", LEFT,
                  HEIGHT - BOTTOM, WIDTH - RIGHT);
    for (size_t t = 0; t < chart->tick_count; t++)
        add_x_tick(page, scale, chart->ticks[t].x, chart->ticks[t].text);
    const double step = fmax(round_step(scale->x[1] - scale->x[0], X_TICKS), 1);
    for (double x = step * ceil(scale->x[0] / step); !chart->ticks && x <= scale->x[1]; x += step) {
        char year[24];
        snprintf(year, sizeof year, "%.0f", x);
        add_x_tick(page, scale, x, year);
    }
    cn_strbuf_add(page, "</g>");
}

static void add_curve(struct cn_strbuf *page, const struct chart_scale *scale,
                      const struct cn_chart_line *line, bool has_marks)
{
    bool is_down = false; /* the pen */
    cn_strbuf_add(page, "<path class=\"line c%zu\" d=\"", line->colour);
    for (size_t i = 0; i < line->count; i++) {
        if (!isnan(line->y[i]))
            cn_strbuf_add(page, "%s%.1f %.1f", is_down ? "L" : "M", place_x(scale, line->x[i]),
                          place_y(scale, line->y[i]));
        is_down = !isnan(line->y[i]);
    }
    cn_strbuf_add(page, "\"/>");
    for (size_t i = 0; i < line->count; i++)
        if (!isnan(line->y[i]) && (has_marks || line->count == 1))
            cn_strbuf_add(page, "<circle class=\"mark c%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>",
                          line->colour, place_x(scale, line->x[i]), place_y(scale, line->y[i]));
}

void cn_chart_add(struct cn_strbuf *page, const struct cn_chart *chart)
{
    struct chart_scale scale;
    if (!find_scale(chart, &scale))
        return;
    cn_strbuf_add(page, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\"><title>", WIDTH,
                  HEIGHT);
    cn_markup_text(page, chart->alt);
    cn_strbuf_add(page, "</title>");
    add_y_axis(page, chart, &scale);
    add_x_axis(page, chart, &scale);
    for (size_t l = 0; l < chart->line_count; l++)
        add_curve(page, &scale, &chart->lines[l], chart->has_marks);
    cn_strbuf_add(page, "</svg>\n");
}
