/*
 * The part of a page that tells how long a run took, and what the machine could do.
 */
#ifndef CLIMNORM_REPORT_TIMES_H
#define CLIMNORM_REPORT_TIMES_H

#include "report/content.h"

/* Adds the part, or how to get what it needs. */
void cn_times_section_add(struct cn_strbuf *page, const struct cn_report *report);

#endif
