/*
 * The layout of curves. All lengths follow from the size of the text.
 */
#include "pictures/series.h"

#include "pictures/text.h"
#include "products/groups.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* In sizes of the text. */
static const double MARGIN = 0.9, LEFT = 4.2, BOTTOM = 1.9, TITLE = 1.9, SUBTITLE = 1.5, LINE = 1.5;

enum { MOST_LABELS = 10, YEAR_STOPS = 32 };

struct series_layout {
    const struct cn_series *series;
    double size;                     /* of the text */
    double left, top, width, height; /* of the frame */
    double low, high, step;          /* of the values */
    int first_year, last_year;
    bool is_by_year; /* each curve has a year of its own */
};

/* Of files that share target years: M. Okabe and K. Ito, Color Universal Design (2008). */
static const struct cn_colour distinct[] = {
    {0.00, 0.45, 0.70}, {0.84, 0.37, 0.00}, {0.00, 0.62, 0.45}, {0.80, 0.47, 0.65},
    {0.34, 0.71, 0.91}, {0.90, 0.62, 0.00}, {0.13, 0.13, 0.13}};

static struct cn_colour year_colour(double share)
{
    const struct cn_scale scale = {.quantity = CN_TEMPERATURE};
    return cn_scale_colour(&scale, 0.08 + 0.72 * share); /* the ends are too dark and too light */
}

static struct cn_colour line_colour(const struct series_layout *layout, size_t k)
{
    const struct cn_series_line *line = &layout->series->lines[k];
    const int years = layout->last_year - layout->first_year;
    return layout->is_by_year ? year_colour((double)(line->year - layout->first_year) / years)
                              : distinct[k % (sizeof distinct / sizeof *distinct)];
}

static void find_ranges(struct series_layout *layout)
{
    const struct cn_series *series = layout->series;
    double low = INFINITY, high = -INFINITY;
    layout->is_by_year = series->time != CN_YEAR && series->line_count > 1;
    layout->first_year = INT32_MAX;
    layout->last_year = INT32_MIN;
    for (size_t k = 0; k < series->line_count; k++) {
        const struct cn_series_line *line = &series->lines[k];
        for (size_t other = 0; other < k; other++)
            layout->is_by_year &= series->lines[other].year != line->year;
        for (size_t i = 0; i < line->count; i++) {
            const int year = line->years ? line->years[i] : line->year;
            layout->first_year = year < layout->first_year ? year : layout->first_year;
            layout->last_year = year > layout->last_year ? year : layout->last_year;
            low = fmin(low, line->values[i]);
            high = fmax(high, line->values[i]);
        }
    }
    if (!(low <= high)) {
        low = 0;
        high = 1;
    }
    if (!(high - low > 1e-9 * fmax(fabs(low), fabs(high)))) {
        const double half = fmax(0.01 * fabs(low), 1e-30);
        low -= half;
        high += half;
    }
    if (series->begins_at_zero && low > 0 && low < 0.3 * high)
        low = 0;
    layout->step = cn_nice_step(high - low, 7);
    layout->low = floor(low / (layout->step / 2) + 1e-6) * layout->step / 2;
    layout->high = ceil(high / (layout->step / 2) - 1e-6) * layout->step / 2;
}

/* How wide the legend is; 0: there is none. */
static double legend_width(const struct series_layout *layout, cairo_t *cairo)
{
    const struct cn_series *series = layout->series;
    double widest = 0;
    if (series->line_count == 1)
        return 0;
    cn_text_font(cairo, 0.9 * layout->size, false);
    for (size_t k = 0; k < series->line_count; k++)
        widest = fmax(widest, cn_text_width(cairo, series->lines[k].label));
    return widest + 3.2 * layout->size;
}

static double x_of(const struct series_layout *layout, const struct cn_series_line *line, size_t i)
{
    const double years = fmax(layout->last_year - layout->first_year, 1);
    const double share = line->years ? 0.03 + 0.94 * (line->years[i] - layout->first_year) / years
                                     : ((double)i + 0.5) / (double)line->count;
    return layout->left + share * layout->width;
}

static double y_of(const struct series_layout *layout, double value)
{
    return layout->top + (layout->high - value) / (layout->high - layout->low) * layout->height;
}

static void draw_value_ticks(const struct series_layout *layout, cairo_t *cairo)
{
    const double size = layout->size;
    char text[CN_TICK_BYTES];
    for (double k = ceil(layout->low / layout->step - 1e-6);
         k * layout->step <= layout->high + 1e-6 * layout->step; k++) {
        const double y = round(y_of(layout, k * layout->step)) + 0.5;
        cairo_move_to(cairo, layout->left, y);
        cairo_line_to(cairo, layout->left + layout->width, y);
        cairo_set_source_rgb(cairo, 0.88, 0.88, 0.88);
        cairo_set_line_width(cairo, fmax(0.06 * size, 0.5));
        cairo_stroke(cairo);
        cn_text_font(cairo, 0.9 * size, false);
        cn_text_draw(cairo, cn_tick_text(k * layout->step, layout->step, text),
                     layout->left - 0.5 * size, y + 0.32 * size, CN_ALIGN_RIGHT);
    }
}

/* A name below the frame; of months three letters, or one where there is little room. */
static void draw_group_name(const struct series_layout *layout, cairo_t *cairo, enum cn_time time,
                            size_t group, double x, double room)
{
    char name[CN_GROUP_BYTES];
    cn_group_name(time, group, name);
    if (time == CN_MONTH)
        name[room > 2.4 * layout->size ? 3 : 1] = '\0';
    cn_text_draw(cairo, name, x, layout->top + layout->height + 1.35 * layout->size,
                 CN_ALIGN_CENTRE);
}

static void draw_tick_below(const struct series_layout *layout, cairo_t *cairo, double x)
{
    const double bottom = layout->top + layout->height;
    cairo_move_to(cairo, x, bottom);
    cairo_line_to(cairo, x, bottom + 0.35 * layout->size);
    cairo_stroke(cairo);
}

static void draw_x_axis(const struct series_layout *layout, cairo_t *cairo)
{
    const struct cn_series *series = layout->series;
    const double slots = (double)series->lines[0].count;
    cn_text_font(cairo, 0.9 * layout->size, false);
    cairo_set_line_width(cairo, fmax(0.07 * layout->size, 0.5));
    if (series->time == CN_YEAR) {
        const double range = fmax(layout->last_year - layout->first_year, 1);
        const double step = fmax(cn_nice_step(range, 8), 1);
        for (long k = lround(ceil(layout->first_year / step));
             (double)k * step <= layout->last_year; k++) {
            const double year = (double)k * step;
            const double x =
                layout->left + (0.03 + 0.94 * (year - layout->first_year) / range) * layout->width;
            char text[CN_TICK_BYTES];
            draw_tick_below(layout, cairo, x);
            snprintf(text, sizeof text, "%.0f", year);
            cn_text_draw(cairo, text, x, layout->top + layout->height + 1.35 * layout->size,
                         CN_ALIGN_CENTRE);
        }
        return;
    }
    const bool is_of_days = series->time == CN_DAY;
    const size_t groups = is_of_days ? CN_MONTHS : (size_t)slots;
    for (size_t g = 0; g < groups; g++) {
        const double begin = is_of_days ? (double)series->month_starts[g] : (double)g;
        const double end = g + 1 == groups ? slots
                           : is_of_days    ? (double)series->month_starts[g + 1]
                                           : (double)(g + 1);
        if (is_of_days && g > 0)
            draw_tick_below(layout, cairo, layout->left + begin / slots * layout->width);
        draw_group_name(layout, cairo, is_of_days ? CN_MONTH : series->time, g,
                        layout->left + (begin + end) / 2 / slots * layout->width,
                        (end - begin) / slots * layout->width);
    }
}

static void draw_line(const struct series_layout *layout, cairo_t *cairo, size_t k)
{
    const struct cn_series_line *line = &layout->series->lines[k];
    const struct cn_colour colour = line_colour(layout, k);
    const bool has_points = line->count <= 40;
    bool is_on = false;
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
    cairo_set_line_width(cairo,
                         (layout->series->line_count > MOST_LABELS ? 0.09 : 0.14) * layout->size);
    for (size_t i = 0; i < line->count; i++) {
        const double value = line->values[i];
        if (!isnan(value) && is_on)
            cairo_line_to(cairo, x_of(layout, line, i), y_of(layout, value));
        else if (!isnan(value))
            cairo_move_to(cairo, x_of(layout, line, i), y_of(layout, value));
        is_on = !isnan(value);
    }
    cairo_stroke(cairo);
    for (size_t i = 0; i < line->count && has_points; i++) {
        if (isnan(line->values[i]))
            continue;
        cairo_arc(cairo, x_of(layout, line, i), y_of(layout, line->values[i]), 0.28 * layout->size,
                  0, 2 * M_PI);
        cairo_fill(cairo);
    }
}

/* Many curves have a bar of years instead of labels. */
static void draw_year_bar(const struct series_layout *layout, cairo_t *cairo, double x)
{
    const double size = layout->size, height = layout->height, width = 0.95 * size;
    cairo_pattern_t *colours = cairo_pattern_create_linear(0, layout->top + height, 0, layout->top);
    for (int k = 0; k <= YEAR_STOPS; k++) {
        const struct cn_colour colour = year_colour((double)k / YEAR_STOPS);
        cairo_pattern_add_color_stop_rgb(colours, (double)k / YEAR_STOPS, colour.red, colour.green,
                                         colour.blue);
    }
    cairo_rectangle(cairo, x, layout->top, width, height);
    cairo_set_source(cairo, colours);
    cairo_fill(cairo);
    cairo_pattern_destroy(colours);
    cn_text_font(cairo, 0.9 * size, false);
    const double range = layout->last_year - layout->first_year;
    const double step = fmax(cn_nice_step(range, 8), 1);
    for (long k = lround(ceil(layout->first_year / step)); (double)k * step <= layout->last_year;
         k++) {
        const double year = (double)k * step;
        char text[CN_TICK_BYTES];
        snprintf(text, sizeof text, "%.0f", year);
        cn_text_draw(cairo, text, x + 1.4 * size,
                     layout->top + (layout->last_year - year) / range * height + 0.32 * size,
                     CN_ALIGN_LEFT);
    }
}

static void draw_legend(const struct series_layout *layout, cairo_t *cairo)
{
    const struct cn_series *series = layout->series;
    const double size = layout->size, x = layout->left + layout->width + size;
    if (series->line_count > MOST_LABELS && layout->is_by_year) {
        draw_year_bar(layout, cairo, x);
        return;
    }
    for (size_t k = 0; k < series->line_count; k++) {
        const double y = layout->top + ((double)k + 0.6) * LINE * size;
        const struct cn_colour colour = line_colour(layout, k);
        if (y > layout->top + layout->height)
            return;
        cairo_move_to(cairo, x, y);
        cairo_line_to(cairo, x + 1.3 * size, y);
        cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
        cairo_set_line_width(cairo, 0.2 * size);
        cairo_stroke(cairo);
        cn_text_font(cairo, 0.9 * size, false);
        cn_text_draw(cairo, series->lines[k].label, x + 1.7 * size, y + 0.32 * size, CN_ALIGN_LEFT);
    }
}

void cn_series_draw(void *series, cairo_t *cairo, double width, double height, double detail)
{
    (void)detail;
    struct series_layout layout = {.series = series, .size = cn_text_size(width, height)};
    const double size = layout.size, room = width - 2 * MARGIN * size;
    double y = MARGIN * size;
    find_ranges(&layout);
    if (*layout.series->title) {
        cn_text_font(cairo, 1.3 * size, true);
        cn_text_draw_within(cairo, layout.series->title, MARGIN * size, y + 1.2 * size,
                            CN_ALIGN_LEFT, room);
        y += TITLE * size;
    }
    if (*layout.series->subtitle) {
        cn_text_font(cairo, 0.95 * size, false);
        cairo_set_source_rgb(cairo, 0.35, 0.35, 0.35);
        cn_text_draw_within(cairo, layout.series->subtitle, MARGIN * size, y + 0.85 * size,
                            CN_ALIGN_LEFT, room);
        y += SUBTITLE * size;
    }
    cn_text_font(cairo, 0.95 * size, false);
    cn_text_draw(cairo, layout.series->unit, MARGIN * size, y + size, CN_ALIGN_LEFT);
    layout.left = round((MARGIN + LEFT) * size);
    layout.top = round(y + 1.7 * size);
    layout.width =
        round(fmax(width - layout.left - MARGIN * size - legend_width(&layout, cairo), 10));
    layout.height = round(fmax(height - layout.top - (BOTTOM + 0.5) * size, 10));
    draw_value_ticks(&layout, cairo);
    cairo_save(cairo);
    cairo_rectangle(cairo, layout.left, layout.top, layout.width, layout.height);
    cairo_clip(cairo);
    for (size_t k = 0; k < layout.series->line_count; k++)
        draw_line(&layout, cairo, k);
    cairo_restore(cairo);
    cairo_rectangle(cairo, layout.left - 0.5, layout.top - 0.5, layout.width + 1,
                    layout.height + 1);
    cairo_set_source_rgb(cairo, 0.13, 0.13, 0.13);
    cairo_set_line_width(cairo, fmax(round(0.07 * size), 1));
    cairo_stroke(cairo);
    draw_x_axis(&layout, cairo);
    draw_legend(&layout, cairo);
}
