/*
 * The bytes of the slots of a program. Pure.
 */
#ifndef CLIMNORM_PLAN_SIZES_H
#define CLIMNORM_PLAN_SIZES_H

#include "climnorm/plan.h"

/* Sizes of slots are multiples of it. */
enum { CN_PAGE_BYTES = 4096 };

static inline void cn_raise_to(size_t *most, size_t value)
{
    *most = value > *most ? value : *most;
}

/* Sets the sizes of the variable's slots: slab_bytes, group_bytes, result and slot_bytes, for the
 * passes from first_pass on. The numbers of slots are set. most_results: the most results that one
 * batch has of these groups. *need: bytes of the arena.
 * Returns: false: overflow. */
bool cn_size_slots(const struct cn_config *config, struct cn_variable_plan *variable,
                   size_t first_pass, const size_t most_results[CN_TIMES], uint64_t *need);

/* Returns: the bytes of a value of a result of these groups and of its count, if counts are wanted:
 * of the product whose counts take the most. */
size_t cn_cell_bytes(const struct cn_config *config, const struct cn_variable_plan *variable,
                     enum cn_time time);

#endif
