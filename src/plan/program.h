/*
 * The program of a variable that is cut in a given way: loads and batches of all passes in order,
 * and the slot of the arena for each, as a compiler assigns values to registers. Pure.
 */
#ifndef CLIMNORM_PLAN_PROGRAM_H
#define CLIMNORM_PLAN_PROGRAM_H

#include "plan/loads.h"

/* How a variable is cut, and how much memory each pass may take for speed. */
struct cn_program_shape {
    const struct cn_pass_stretch *stretches; /* [pass_count] */
    size_t pass_count;
    size_t passes_done;  /* that need no loads nor batches */
    size_t batch_years;  /* at most, in a batch */
    size_t result_slots; /* at most */
    size_t extra_slots;  /* year slots beside those that the batches need */
    uint64_t most_bytes; /* of the arena: a program that is known to need more is not made */
};

/* Makes the program of a variable: all of its members from `passes` on, but bytes_to_read, space
 * and what is behind it. *need: bytes of the arena. Where these are more than shape->most_bytes
 * even if each year were read alone, `steps` is NULL, and *need and year_slots are those of reading
 * each year alone: lower bounds.
 * Errors: CN_BAD_USAGE: sizes overflow. CN_BAD_MACHINE: out of memory. Owns: the pool. */
enum cn_status cn_program_make(struct cn_plan *plan, struct cn_pool *pool,
                               struct cn_loading *loading, const struct cn_program_shape *shape,
                               struct cn_variable_plan *variable, uint64_t *need,
                               struct cn_error *error);

#endif
