/*
 * Samples: which products are made of the same values.
 */
#ifndef CLIMNORM_PLAN_SAMPLES_H
#define CLIMNORM_PLAN_SAMPLES_H

#include "climnorm/plan.h"

/* Groups the products of a variable, in the order of the config.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the samples live in the pool. */
enum cn_status cn_samples_make(struct cn_pool *pool, const struct cn_config *config,
                               struct cn_variable_plan *variable, struct cn_error *error);

#endif
