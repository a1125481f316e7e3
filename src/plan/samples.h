/*
 * Samples: which products are made of the same values.
 */
#ifndef CLIMNORM_PLAN_SAMPLES_H
#define CLIMNORM_PLAN_SAMPLES_H

#include "climnorm/plan.h"

/* Finds the samples of a variable's products, and the group values that they need. A product whose
 * units do not convert is a problem of the variable.
 * Errors: CN_BAD_MACHINE: out of memory, or no UDUNITS database. Owns: the samples live in the
 * pool.
 */
enum cn_status cn_samples_make(struct cn_pool *pool, const struct cn_config *config,
                               struct cn_variable_plan *variable, struct cn_error *error);

#endif
