/*
 * Maps on the page: the image, its lines, and the bar of colours.
 */
#ifndef CLIMNORM_REPORT_MAP_FIGURE_H
#define CLIMNORM_REPORT_MAP_FIGURE_H

#include "report/content.h"

/* Adds the colours of the bars and the lines of each extent, once. */
void cn_map_symbols_add(struct cn_strbuf *page, const struct cn_report *report);

/* Adds a figure of block b. */
void cn_map_figure_add(struct cn_strbuf *page, const struct cn_report *report, size_t b,
                       const struct cn_report_map *map);

#endif
