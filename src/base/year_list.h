/*
 * Years for people: "1951-1953, 1960", "1960-2020/10".
 */
#ifndef CLIMNORM_BASE_YEAR_LIST_H
#define CLIMNORM_BASE_YEAR_LIST_H

#include "base/strbuf.h"

/* Zero-initialise. */
struct cn_year_list {
    struct cn_strbuf text;
    int first, last; /* of the years that are not in the text yet */
    bool has_any, is_full;
};

/* Adds years; none where last < first. They join those before them when they overlap or follow
 * them. */
void cn_year_list_add(struct cn_year_list *list, int first, int last);

/* Returns: the list; it ends with "and more" when it gets too long to read. "": there are no years.
 * Owns: the list, until cn_year_list_free. */
const char *cn_year_list_text(struct cn_year_list *list);

/* Frees the text; the list is then empty. */
void cn_year_list_free(struct cn_year_list *list);

/* Adds the range that a list of ascending years begins with: "1980-2014", "1960-2020/10" (every
 * tenth), "1991". Returns: how many years that are. Errors: text->failed. */
size_t cn_year_range_add(struct cn_strbuf *text, const int *years, size_t count);

#endif
