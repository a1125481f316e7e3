/*
 * Disk space of the outputs.
 */
#ifndef CLIMNORM_PLAN_OUTPUT_SIZES_H
#define CLIMNORM_PLAN_OUTPUT_SIZES_H

#include "climnorm/plan.h"

/* Computes `space` of the variable from its outputs, and adds it to that of the plan. */
void cn_estimate_output_sizes(struct cn_plan *plan, struct cn_variable_plan *variable);

#endif
