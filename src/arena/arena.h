/*
 * The arena: one memory mapping for the whole run. It is kept between variables, because the page
 * faults of fresh memory take longer than all else that loading adds to inflating. It holds year
 * slots (one slab each), then group slots, then result slots, with the sizes that a variable's plan
 * gives.
 */
#ifndef CLIMNORM_ARENA_ARENA_H
#define CLIMNORM_ARENA_ARENA_H

#include "climnorm/plan.h"

struct cn_arena {
    unsigned char *base;
    size_t bytes, mapped;
};

/* Maps memory for `bytes` bytes; 0 bytes map nothing.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: the machine refuses the memory. Owns: the caller calls
 * cn_arena_close. */
enum cn_status cn_arena_open(struct cn_arena *arena, uint64_t bytes, struct cn_error *error);
void cn_arena_close(struct cn_arena *arena);

/* Allocates the pages of `bytes` bytes at `at` with one call, which costs a third less than a fault
 * for each page. To be called by the thread that fills them. Only a hint: failures are ignored. */
void cn_arena_populate(void *at, size_t bytes);

/* Returns: the slab of a year slot, [slots][row_cells]. */
static inline float *cn_arena_slab(const struct cn_arena *arena,
                                   const struct cn_variable_plan *plan, size_t year_slot)
{
    return (float *)(void *)(arena->base + year_slot * plan->slab_bytes);
}

/* Returns: the group values of a group slot, [rows][row_cells]: see cn_pass.group_rows. */
static inline float *cn_arena_groups(const struct cn_arena *arena,
                                     const struct cn_variable_plan *plan, size_t group_slot)
{
    return (float *)(void *)(arena->base + plan->year_slots * plan->slab_bytes +
                             group_slot * plan->group_bytes);
}

/* Returns: the values of result `result`, of these groups, of a result slot,
 * [plan->result[time].cells]: see cn_result_index. */
static inline float *cn_arena_values(const struct cn_arena *arena,
                                     const struct cn_variable_plan *plan, size_t result_slot,
                                     enum cn_time time, size_t result)
{
    return (float *)(void *)((unsigned char *)cn_arena_groups(arena, plan, plan->group_slots) +
                             result_slot * plan->slot_bytes + result * plan->result[time].bytes);
}

/* Returns: where the counts of a result begin, behind its values. There is room for those that the
 * output file stores, at the same indices. */
static inline unsigned char *cn_arena_counts(const struct cn_arena *arena,
                                             const struct cn_variable_plan *plan,
                                             size_t result_slot, enum cn_time time, size_t result)
{
    return (unsigned char *)(cn_arena_values(arena, plan, result_slot, time, result) +
                             plan->result[time].cells);
}

#endif
