/*
 * Writes a block as a details element, whose summary tells the first and the last target year.
 */
#include "report/block_section.h"

#include "climnorm/limits.h"
#include "report/chart.h"
#include "report/map_figure.h"
#include "report/markup.h"

#include <math.h>
#include <string.h>

enum { MOST_SHOWN = 41 * CN_MOST_BLOCK_SERIES };

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const season_names[] = {"DJF", "MAM", "JJA", "SON"};
/* The first slot of each month, and the number of slots. */
static const int month_starts[3][13] = {
    {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
    {0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 360}};

/* NULL: the slots are no days. */
static const int *starts_of_months(size_t slots)
{
    for (int k = 0; k < 3; k++)
        if ((size_t)month_starts[k][12] == slots)
            return month_starts[k];
    return NULL;
}

/* The colours of the page: grey for what all series begin with and for the first target year. */
static size_t colour_of(const struct cn_output_block *block, size_t series)
{
    return block->has_shared ? series : series + 1;
}

static int point_year(const struct cn_output_block *block, size_t series, size_t point)
{
    return block->series[series].points[point].year;
}

static void add_block_place(struct cn_strbuf *page, const struct cn_output_block *block)
{
    const struct cn_output_facts *facts = block->facts;
    cn_markup_text(page, facts->region[0] ? facts->region : "region");
    if (facts->model[0]) {
        cn_strbuf_add(page, " <span class=\"soft\">");
        cn_markup_text(page, facts->model);
        cn_strbuf_add(page, "</span>");
    }
}

/* "1980: 284.7 K → 2100: 287.5 K, +2.8". Of the last series. */
static void add_key_numbers(struct cn_strbuf *page, const struct cn_output_block *block,
                            const struct cn_block_result *result)
{
    if (!result->cycle_count)
        return;
    const struct cn_cycle *first = &result->cycles[0];
    const struct cn_cycle *last = &result->cycles[result->cycle_count - 1];
    cn_strbuf_add(page, "<span class=\"keys\"><span><i>%d</i> ",
                  point_year(block, first->series, first->point));
    cn_markup_number(page, first->mean);
    if (last != first) {
        cn_strbuf_add(page, "</span> <span><i>%d</i> ",
                      point_year(block, last->series, last->point));
        cn_markup_number(page, last->mean);
    }
    cn_strbuf_add(page, " ");
    cn_markup_text(page, block->unit.text);
    if (last != first) {
        cn_strbuf_add(page, "</span> <b>");
        cn_markup_change(page, last->mean - first->mean);
        cn_strbuf_add(page, "</b></span>");
    } else {
        cn_strbuf_add(page, "</span></span>");
    }
}

static void add_legend_entry(struct cn_strbuf *page, size_t colour, const char *text, int year)
{
    cn_strbuf_add(page,
                  "<li><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path "
                  "class=\"line c%zu\" d=\"M1 4H23\"/></svg>",
                  colour);
    if (year)
        cn_strbuf_add(page, "%d ", year);
    cn_markup_text(page, text);
    cn_strbuf_add(page, "</li>");
}

/* Slots at the middle of their days, months or seasons. */
static void add_cycle_chart(struct cn_strbuf *page, const struct cn_output_block *block,
                            const struct cn_block_result *result)
{
    const size_t slots = block->facts->slots;
    const int *starts = starts_of_months(slots);
    struct cn_chart_line lines[CN_MOST_BLOCK_SERIES + 1];
    struct cn_chart_tick ticks[12];
    double x[CN_MAX_SLOTS];
    size_t tick_count = starts || slots == 12 ? 12 : slots == 4 ? 4 : 0;
    for (size_t k = 0; k < slots; k++)
        x[k] = (double)k + 0.5;
    for (size_t k = 0; k < tick_count; k++)
        ticks[k] =
            (struct cn_chart_tick){starts ? (starts[k] + starts[k + 1]) / 2.0 : (double)k + 0.5,
                                   tick_count == 4 ? season_names[k] : month_names[k]};
    cn_strbuf_add(page, "<figure class=\"curve\"><figcaption><strong>The year’s cycle</strong> "
                        "<span class=\"soft\">mean of the region</span></figcaption><ul "
                        "class=\"legend\">");
    for (size_t c = 0; c < result->cycle_count; c++) {
        const struct cn_cycle *cycle = &result->cycles[c];
        const size_t colour = c == 0 ? 0 : colour_of(block, cycle->series);
        lines[c] = (struct cn_chart_line){x, cycle->means, slots, colour};
        add_legend_entry(page, colour, block->series[cycle->series].scenario,
                         point_year(block, cycle->series, cycle->point));
    }
    cn_strbuf_add(page, "</ul>\n");
    struct cn_strbuf alt = {0};
    cn_strbuf_add(&alt,
                  "Curves of the mean of the region over the year, of %zu target year%s; the "
                  "numbers are in the table below",
                  result->cycle_count, result->cycle_count == 1 ? "" : "s");
    cn_chart_add(page, &(struct cn_chart){.alt = cn_strbuf_text(&alt),
                                          .units = block->unit.text,
                                          .first_x = 0,
                                          .last_x = (double)slots,
                                          .ticks = ticks,
                                          .tick_count = tick_count,
                                          .lines = lines,
                                          .line_count = result->cycle_count,
                                          .has_marks = slots <= 12});
    cn_strbuf_free(&alt);
    cn_strbuf_add(page, "</figure>\n");
}

/* Makes a line of a series; it begins with the last year that all begin with. */
static size_t fill_line(const struct cn_output_block *block, const struct cn_block_result *result,
                        size_t series, double *x, double *y)
{
    size_t count = 0;
    for (size_t i = 0; i < result->year_count && count < MOST_SHOWN; i++) {
        const struct cn_shown_year *year = &result->years[i];
        const bool is_joint = block->has_shared && series && year->series == 0 &&
                              i + 1 < result->year_count && result->years[i + 1].series != 0;
        if (year->series != series && !is_joint)
            continue;
        x[count] = point_year(block, year->series, year->point);
        y[count++] = year->mean;
    }
    return count;
}

static void add_years_chart(struct cn_strbuf *page, const struct cn_output_block *block,
                            const struct cn_block_result *result)
{
    double x[CN_MOST_BLOCK_SERIES][MOST_SHOWN], y[CN_MOST_BLOCK_SERIES][MOST_SHOWN];
    struct cn_chart_line lines[CN_MOST_BLOCK_SERIES];
    size_t count = 0, shown = result->year_count, all = 0;
    double first = INFINITY, last = -INFINITY;
    for (size_t s = 0; s < block->series_count; s++)
        all += block->series[s].count;
    cn_strbuf_add(page,
                  "<figure class=\"curve\"><figcaption><strong>Over the target "
                  "years</strong> <span class=\"soft\">mean of the region and the "
                  "year%s",
                  shown < all ? "" : "</span></figcaption>");
    if (shown < all)
        cn_strbuf_add(page, "; %zu of %zu target years</span></figcaption>", shown, all);
    cn_strbuf_add(page, "<ul class=\"legend\">");
    for (size_t s = 0; s < block->series_count && s < CN_MOST_BLOCK_SERIES; s++) {
        const size_t points = fill_line(block, result, s, x[s], y[s]);
        if (!points)
            continue;
        lines[count++] = (struct cn_chart_line){x[s], y[s], points, colour_of(block, s)};
        add_legend_entry(page, colour_of(block, s), block->series[s].scenario, 0);
        first = fmin(first, x[s][0]);
        last = fmax(last, x[s][points - 1]);
    }
    cn_strbuf_add(page, "</ul>\n");
    struct cn_strbuf alt = {0};
    cn_strbuf_add(&alt,
                  "Curve of the mean of the region and the year over target years %.0f to "
                  "%.0f; the numbers are in the table below",
                  first, last);
    cn_chart_add(page, &(struct cn_chart){.alt = cn_strbuf_text(&alt),
                                          .units = block->unit.text,
                                          .first_x = first,
                                          .last_x = last,
                                          .lines = lines,
                                          .line_count = count,
                                          .has_marks = shown <= 12});
    cn_strbuf_free(&alt);
    cn_strbuf_add(page, "</figure>\n");
}

static double mean_between(const double *values, int begin, int end)
{
    double sum = 0;
    int count = 0;
    for (int k = begin; k < end; k++)
        if (!isnan(values[k])) {
            sum += values[k];
            count++;
        }
    return count ? sum / count : NAN;
}

static void add_cycle_head(struct cn_strbuf *page, const struct cn_output_block *block,
                           const struct cn_block_result *result, const char *first)
{
    cn_strbuf_add(page, "<thead><tr><th scope=\"col\">%s</th>", first);
    for (size_t c = 0; c < result->cycle_count; c++) {
        const struct cn_cycle *cycle = &result->cycles[c];
        cn_strbuf_add(page, "<th scope=\"col\">%d ",
                      point_year(block, cycle->series, cycle->point));
        cn_markup_text(page, block->series[cycle->series].scenario);
        cn_strbuf_add(page, "</th>");
    }
    cn_strbuf_add(page, "</tr></thead><tbody>\n");
}

/* Months, also of days; or seasons. */
static void add_cycle_table(struct cn_strbuf *page, const struct cn_output_block *block,
                            const struct cn_block_result *result)
{
    const size_t slots = block->facts->slots;
    const int *starts = starts_of_months(slots);
    const size_t rows = starts || slots == 12 ? 12 : slots;
    if (rows > 12 || rows == 1)
        return;
    cn_strbuf_add(page, "<table class=\"cycle\"><caption>%s, mean of the region, in ",
                  starts ? "Means of the days of each month" : "The year’s cycle");
    cn_markup_text(page, block->unit.text);
    cn_strbuf_add(page, "</caption>");
    add_cycle_head(page, block, result, rows == 12 ? "month" : rows == 4 ? "season" : "slot");
    for (size_t k = 0; k < rows; k++) {
        cn_strbuf_add(page, "<tr><th scope=\"row\">%s</th>",
                      rows == 12  ? month_names[k]
                      : rows == 4 ? season_names[k]
                                  : "");
        for (size_t c = 0; c < result->cycle_count; c++) {
            const double *means = result->cycles[c].means;
            cn_strbuf_add(page, "<td>");
            cn_markup_number(page,
                             starts ? mean_between(means, starts[k], starts[k + 1]) : means[k]);
            cn_strbuf_add(page, "</td>");
        }
        cn_strbuf_add(page, "</tr>\n");
    }
    cn_strbuf_add(page, "</tbody></table>\n");
}

static void add_years_table(struct cn_strbuf *page, const struct cn_output_block *block,
                            const struct cn_block_result *result)
{
    cn_strbuf_add(page, "<table class=\"years\"><caption>Mean of the region and the year, in ");
    cn_markup_text(page, block->unit.text);
    cn_strbuf_add(page, "</caption><thead><tr><th scope=\"col\">target year</th><th "
                        "scope=\"col\">source years</th><th scope=\"col\">scenario</th><th "
                        "scope=\"col\">mean</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < result->year_count; i++) {
        const struct cn_shown_year *year = &result->years[i];
        const struct cn_block_point *point = &block->series[year->series].points[year->point];
        cn_strbuf_add(page, "<tr><th scope=\"row\">%d</th><td>", point->year);
        cn_markup_text(page, point->facts->targets[point->target].source_years);
        cn_strbuf_add(page, "</td><td>");
        cn_markup_text(page, block->series[year->series].scenario);
        cn_strbuf_add(page, "</td><td>");
        cn_markup_number(page, year->mean);
        cn_strbuf_add(page, "</td></tr>\n");
    }
    cn_strbuf_add(page, "</tbody></table>\n");
}

/* The first map, then of each series the last and the change. */
static void add_maps(struct cn_strbuf *page, const struct cn_report *report, size_t b)
{
    const struct cn_block_result *result = &report->results[b];
    if (!result->map_count || page->length > CN_MOST_MAP_BYTES) {
        cn_strbuf_add(page, "<p class=\"soft\">No maps: the page would become too large.</p>\n");
        return;
    }
    cn_strbuf_add(page, "<div class=\"maps\">\n");
    for (size_t m = 0; m < result->map_count; m++)
        cn_map_figure_add(page, report, b, &result->maps[m]);
    cn_strbuf_add(page, "</div>\n");
}

static void add_body(struct cn_strbuf *page, const struct cn_report *report, size_t b)
{
    const struct cn_output_block *block = &report->blocks.blocks[b];
    const struct cn_block_result *result = &report->results[b];
    if (result->problem) {
        cn_strbuf_add(page, "<p class=\"problem\">");
        cn_markup_text(page, result->problem);
        cn_strbuf_add(page, "</p>\n");
        return;
    }
    add_maps(page, report, b);
    cn_strbuf_add(page, "<div class=\"curves\">\n");
    if (block->facts->slots > 1)
        add_cycle_chart(page, block, result);
    if (result->year_count > 1)
        add_years_chart(page, block, result);
    cn_strbuf_add(page, "</div>\n<details class=\"numbers\"><summary>Numbers of these curves"
                        "</summary><div class=\"tables\">\n");
    add_cycle_table(page, block, result);
    add_years_table(page, block, result);
    cn_strbuf_add(page, "</div></details>\n");
    if (block->series_count > CN_MOST_BLOCK_SERIES)
        cn_strbuf_add(page, "<p class=\"soft\">%zu more scenarios are not shown.</p>\n",
                      block->series_count - CN_MOST_BLOCK_SERIES);
}

void cn_block_section_add(struct cn_strbuf *page, const struct cn_report *report, size_t b,
                          bool is_open)
{
    const struct cn_output_block *block = &report->blocks.blocks[b];
    cn_strbuf_add(page, "<details class=\"block\"%s><summary><h4>", is_open ? " open" : "");
    add_block_place(page, block);
    cn_strbuf_add(page, "</h4>");
    add_key_numbers(page, block, &report->results[b]);
    cn_strbuf_add(page, "</summary>\n");
    add_body(page, report, b);
    cn_strbuf_add(page, "</details>\n");
}
