/*
 * The parts of a page that tell what was run, what went wrong, and how to cite it.
 */
#ifndef CLIMNORM_REPORT_OVERVIEW_H
#define CLIMNORM_REPORT_OVERVIEW_H

#include "report/content.h"

/* The names of models, variables, scenarios, regions and so on. */
void cn_overview_add(struct cn_strbuf *page, const struct cn_report *report);

/* Problems of the run, and what the files themselves tell. */
void cn_problems_section_add(struct cn_strbuf *page, const struct cn_report *report);

void cn_citation_add(struct cn_strbuf *page, const struct cn_report *report);

/* Numbers of files, target years, variables, regions and products, for the head of the page. */
void cn_tiles_add(struct cn_strbuf *page, const struct cn_report *report);

/* Adds the different texts of a member of the files' facts, at most `most` of them, with `between`
 * between them. member: its offset. Returns: how many there are; more than 64 count as 64. */
size_t cn_distinct_add(struct cn_strbuf *page, const struct cn_report *report, size_t member,
                       size_t most, const char *between);

#endif
