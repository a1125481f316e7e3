/*
 * Groups source years that share a chunk of a file: they are read together.
 */
#ifndef CLIMNORM_PLAN_GROUPS_H
#define CLIMNORM_PLAN_GROUPS_H

#include "climnorm/plan.h"

/* Fills variable->loads with the years in the windows of wanted targets, and
 * load_of_year[year_count] for these years. Sets bytes_to_read to the sizes of their files, each
 * once. Errors: CN_BAD_MACHINE: out of memory. Owns: the loads live in the plan's pool. */
enum cn_status cn_make_loads(struct cn_plan *plan, struct cn_variable_plan *variable,
                             size_t *load_of_year, struct cn_error *error);

#endif
