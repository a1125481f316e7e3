/*
 * Curves as SVG, in the colours of the page.
 */
#ifndef CLIMNORM_REPORT_CHART_H
#define CLIMNORM_REPORT_CHART_H

#include "base/strbuf.h"

struct cn_chart_line {
    const double *x, *y; /* [count] x ascends; NaN in y: a gap */
    size_t count;
    size_t colour; /* of the page: 0 is grey */
};

struct cn_chart_tick {
    double x;
    const char *text;
};

struct cn_chart {
    const char *alt; /* what it shows, for those who do not see it; text, not markup */
    const char *units;
    double first_x, last_x;
    const struct cn_chart_tick *ticks; /* [tick_count]; NULL: round numbers, which are years */
    size_t tick_count;
    const struct cn_chart_line *lines; /* [line_count] */
    size_t line_count;
    bool has_marks; /* a mark at each value */
};

/* Adds the chart. Nothing is added where no line has a value. */
void cn_chart_add(struct cn_strbuf *page, const struct cn_chart *chart);

#endif
