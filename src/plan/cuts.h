/*
 * Ways to cut a variable into passes: stretches of day slots, of rows of the grid, or both. Pure.
 */
#ifndef CLIMNORM_PLAN_CUTS_H
#define CLIMNORM_PLAN_CUTS_H

#include "climnorm/plan.h"

struct cn_cuts {
    const struct cn_variable_plan *variable;
    size_t first_row, row_count; /* of the grid: the rows that hold cells of a region */
    size_t slot_step, row_step;  /* a chunk of the files has so many days and rows */
    size_t chunk_rows;           /* rows of chunks that hold these rows */
    size_t *cells;               /* [row_count] of all regions */
    size_t most_day_parts;       /* into which the days may be cut */
    /* Where groups of several days end, which are not divided: [edge_count]. edge_count 0: a
     * stretch may end with any day. */
    size_t edges[CN_MONTHS], edge_count;
};

/* Looks at the regions' rows, at the groups of the products, and at the chunks of one of the files.
 * Returns: false: out of memory. Owns: the pool. */
bool cn_cuts_prepare(struct cn_pool *pool, const struct cn_variable_plan *variable,
                     enum cn_leap_day rule, struct cn_cuts *cuts);

/* How a variable is cut: the most days and rows that a pass has; 0: all, they are not cut. */
struct cn_cut {
    size_t days, rows;
};

/* Returns: how the passes of a variable are cut. */
struct cn_cut cn_cut_of(const struct cn_variable_plan *variable);

/* Returns: the days of the longest stretch, if the days are cut into at most `parts`. */
size_t cn_cuts_days(const struct cn_cuts *cuts, size_t parts);

/* Cuts the days into at most day_parts stretches of which the longest has as few days as it can,
 * and the rows into at most row_parts stretches of which the largest has as few cells as it can.
 * Where there are no more parts than chunks, stretches begin at a chunk, as far as all files are
 * alike; but for days of which groups are made. Returns: stretches[*count]: of the first days all
 * rows, then of the next; NULL: out of memory. Owns: the pool. */
struct cn_pass_stretch *cn_cuts_make(struct cn_pool *pool, const struct cn_cuts *cuts,
                                     size_t day_parts, size_t row_parts, size_t *count);

#endif
