/*
 * How much room the outputs take.
 */
#ifndef CLIMNORM_PLAN_OUTPUT_SIZES_H
#define CLIMNORM_PLAN_OUTPUT_SIZES_H

#include "climnorm/plan.h"

/* Sets the variable's `space` from its outputs, and adds it to the plan's. */
void cn_estimate_output_sizes(struct cn_plan *plan, struct cn_variable_plan *variable);

#endif
