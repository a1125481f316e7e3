/*
 * Years, ranges of years and ranges with a step, as a config has them.
 */
#ifndef CLIMNORM_CONFIG_YEARS_H
#define CLIMNORM_CONFIG_YEARS_H

#include "config/value.h"

struct cn_strbuf;

/* Reads "2020", "1980-2100" or "1960-2020/10" into first, last and step.
 * Returns: false: the value is nothing of that. */
bool cn_years_parse(const struct cn_value *value, int years[3]);

/* Adds a list of ascending years in which years that follow each other in equal steps are a range.
 * Errors: text->failed. */
void cn_years_write(struct cn_strbuf *text, const int *years, size_t count);

#endif
