/*
 * The part of a page that shows a block: its maps, curves and numbers.
 */
#ifndef CLIMNORM_REPORT_BLOCK_SECTION_H
#define CLIMNORM_REPORT_BLOCK_SECTION_H

#include "report/content.h"

/* Adds the part for block b. is_open: shown before anybody asks for it. */
void cn_block_section_add(struct cn_strbuf *page, const struct cn_report *report, size_t b,
                          bool is_open);

#endif
