/*
 * Counts of a plan, which its text and its JSON share.
 */
#ifndef CLIMNORM_JOB_PLAN_COUNTS_H
#define CLIMNORM_JOB_PLAN_COUNTS_H

#include "climnorm/plan.h"

/* Consecutive targets of a variable that have one period, timeline and sample. */
struct cn_period_share {
    size_t first, end; /* indices in variable->targets */
};

/* Returns: the share that begins at target `first`. */
struct cn_period_share cn_period_share_at(const struct cn_variable_plan *variable, size_t first);

/* Returns: how many normals of the share and a region are to be made; *kept: how many are there. */
size_t cn_share_normals(const struct cn_variable_plan *variable,
                        const struct cn_period_share *share, size_t region, size_t *kept);

/* Returns: a file of a variable that has not failed. Its files are alike. */
const struct cn_file *cn_usable_file(const struct cn_variable *variable);

/* Returns: how many files of the variable a run opens. */
size_t cn_files_to_read(const struct cn_variable_plan *variable);

/* Returns: how many files are to be made; *kept: how many are there. */
size_t cn_count_outputs(const struct cn_plan *plan, size_t *kept);

/* Returns: how many models the plan has variables of. */
size_t cn_count_models(const struct cn_plan *plan);

/* Returns: how many variables can be made at all. */
size_t cn_sound_variables(const struct cn_plan *plan);

/* Returns: a product of the config as one variable has it; NULL: the variable has it not. */
const struct cn_product *cn_product_of(const struct cn_variable_plan *variable,
                                       const struct cn_product *product);

#endif
