/*
 * Maps on the page: the image, and the bar of colours.
 */
#ifndef CLIMNORM_REPORT_MAP_FIGURE_H
#define CLIMNORM_REPORT_MAP_FIGURE_H

#include "base/strbuf.h"
#include "report/block_work.h"

/* Adds the colours of the bars, once. */
void cn_map_symbols_add(struct cn_strbuf *page);

/* Adds a figure. Regular grids alone have one. */
void cn_map_figure_add(struct cn_strbuf *page, const struct cn_output_block *block,
                       const struct cn_block_result *result, const struct cn_report_map *map);

#endif
