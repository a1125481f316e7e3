/*
 * A variable in words.
 */
#ifndef CLIMNORM_CLI_VARIABLE_TEXT_H
#define CLIMNORM_CLI_VARIABLE_TEXT_H

#include "base/pool.h"
#include "climnorm/catalog.h"

/* Returns: "historical 1950-2014, ssp245 2015-2100; calendar noleap, grid of ..."; NULL: out of
 * memory. Owns: the pool. */
const char *cn_variable_text(struct cn_pool *pool, const struct cn_variable *variable);

#endif
