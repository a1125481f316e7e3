/*
 * A grid in words.
 */
#ifndef CLIMNORM_CLI_GRID_TEXT_H
#define CLIMNORM_CLI_GRID_TEXT_H

#include "climnorm/catalog.h"

struct cn_pool;
struct cn_strbuf;

/* Returns: "600 x 1440 cells (lat x lon)", "412 x 424 cells (rlat x rlon, curvilinear)", "864000
 * cells (cell)", "1 cell (a point)"; names are those of the file. NULL: out of memory. Owns: the
 * pool. */
const char *cn_grid_text(struct cn_pool *pool, const struct cn_grid *grid);

/* Adds a sentence without names of the file: "grid of 600 latitudes and 1440 longitudes." */
void cn_grid_add_words(struct cn_strbuf *text, const struct cn_grid *grid);

#endif
