/*
 * The regions of a variable, as its grid has them. Pure.
 */
#ifndef CLIMNORM_PLAN_REGIONS_H
#define CLIMNORM_PLAN_REGIONS_H

#include "climnorm/plan.h"

/* Sets the variable's layout and results; its slots are set. A region without cells is a problem of
 * the variable.
 * Errors: CN_BAD_USAGE: the regions hold too many cells. CN_BAD_MACHINE: out of memory. Owns: the
 * pool. */
enum cn_status cn_plan_regions(struct cn_pool *pool, const struct cn_config *config,
                               struct cn_variable_plan *variable, struct cn_error *error);

#endif
