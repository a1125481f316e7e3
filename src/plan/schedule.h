/*
 * The program of a variable of which a run has left outputs to be made again.
 */
#ifndef CLIMNORM_PLAN_SCHEDULE_H
#define CLIMNORM_PLAN_SCHEDULE_H

#include "climnorm/plan.h"

/* Makes *variable, a copy of one of the plan's, whose outputs have `wanted` set anew and whose
 * unreadable years are known: all of its members from `passes` on, within limit bytes.
 * Errors: as cn_plan_schedule. Owns: the pool. */
enum cn_status cn_plan_again(const struct cn_plan *plan, struct cn_pool *pool, uint64_t limit,
                             struct cn_variable_plan *variable, struct cn_error *error);

#endif
