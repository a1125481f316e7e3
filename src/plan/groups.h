/*
 * Groups source years that share a chunk of a file: they are read together.
 */
#ifndef CLIMNORM_PLAN_GROUPS_H
#define CLIMNORM_PLAN_GROUPS_H

#include "climnorm/plan.h"

/* Fills variable->loads for the years that the batches need, and load_of_year[year_count] for these
 * years.
 * Errors: CN_BAD_MACHINE, out of memory. Owns: the plan's pool, the loads. */
enum cn_status cn_make_loads(struct cn_plan *plan, struct cn_variable_plan *variable,
                             size_t *load_of_year, struct cn_error *error);

/* Sets variable->bytes_to_read to the sum of the sizes of the files that the loads open, each once.
 * Errors: CN_BAD_MACHINE, out of memory. */
enum cn_status cn_count_bytes_to_read(struct cn_variable_plan *variable, struct cn_error *error);

#endif
