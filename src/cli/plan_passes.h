/*
 * What a plan says about the passes of its variables: how they are cut, and why.
 */
#ifndef CLIMNORM_CLI_PLAN_PASSES_H
#define CLIMNORM_CLI_PLAN_PASSES_H

#include "climnorm/plan.h"

/* Prints lines about variables that are made in several passes; nothing, if there are none. */
void cn_print_passes(const struct cn_plan *plan);

/* Returns: whether passes take much less memory than they may, because more is not of use. */
bool cn_is_memory_spared(const struct cn_plan *plan);

/* Prints how much one variable decodes, and the passes if there are several, as details. */
void cn_print_pass_details(const struct cn_variable_plan *variable);

#endif
