/*
 * Disk space of the outputs.
 */
#ifndef CLIMNORM_PLAN_OUTPUT_SIZES_H
#define CLIMNORM_PLAN_OUTPUT_SIZES_H

#include "climnorm/plan.h"

/* Computes `space` of the variable from its outputs, and adds it to that of the plan. */
void cn_estimate_output_sizes(struct cn_plan *plan, struct cn_variable_plan *variable);

/* Computes `space` of the plan and of all its variables anew. */
void cn_estimate_all_output_sizes(struct cn_plan *plan);

enum cn_fit {
    CN_FITS,
    CN_MAY_FIT, /* if the outputs compress */
    CN_FITS_NOT
};
/* Returns: whether the need fits into the free space. */
enum cn_fit cn_space_judge(const struct cn_space_need *need, const struct cn_space_free *space);

#endif
