/*
 * The batches of a variable: target years that are computed together. Pure.
 */
#ifndef CLIMNORM_PLAN_BATCHES_H
#define CLIMNORM_PLAN_BATCHES_H

#include "climnorm/error.h"
#include "climnorm/plan.h"

/* The batches of one pass, in program order. */
struct cn_batch_list {
    struct cn_batch *items;
    size_t count;
    size_t longest;                /* targets of the longest */
    size_t most_results[CN_TIMES]; /* of one batch */
};

/* Lists the batches of the target years that are to be made, each of at most `most_targets`.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the pool. */
enum cn_status cn_batches_make(const struct cn_plan *plan, struct cn_pool *pool,
                               const struct cn_variable_plan *variable, size_t most_targets,
                               struct cn_batch_list *list, struct cn_error *error);

#endif
