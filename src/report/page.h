/*
 * The page as a whole.
 */
#ifndef CLIMNORM_REPORT_PAGE_H
#define CLIMNORM_REPORT_PAGE_H

#include "report/content.h"

/* Writes the page. Errors: page->failed. */
void cn_page_write(struct cn_strbuf *page, const struct cn_report *report);

#endif
