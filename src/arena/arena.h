/*
 * The arena: one memory mapping, made once per run and kept between variables, because the first
 * touch of fresh memory costs more than all else that loading adds to inflating. It holds year
 * slots (a slab each), then result slots, at the sizes that a variable's plan gives.
 */
#ifndef CLIMNORM_ARENA_ARENA_H
#define CLIMNORM_ARENA_ARENA_H

#include "climnorm/plan.h"

struct cn_arena {
    unsigned char *base;
    size_t bytes, mapped;
};

enum cn_status cn_arena_open(struct cn_arena *arena, uint64_t bytes, struct cn_error *error);
void cn_arena_close(struct cn_arena *arena);

/* Asks for the pages below `bytes` bytes at `at` by the thread that is about to fill them: one call
 * costs a third less than a fault for each page. Only a hint. */
void cn_arena_touch(void *at, size_t bytes);

/* The slab of a year slot: [slots][row_cells] float. */
static inline float *cn_arena_slab(const struct cn_arena *arena,
                                   const struct cn_variable_plan *plan, size_t year_slot)
{
    return (float *)(void *)(arena->base + year_slot * plan->slab_bytes);
}

/* A target's means in a result slot: [slots][row_cells] float; its counts follow. */
static inline float *cn_arena_means(const struct cn_arena *arena,
                                    const struct cn_variable_plan *plan, size_t result_slot,
                                    size_t target)
{
    return (float *)(void *)(arena->base + plan->year_slots * plan->slab_bytes +
                             result_slot * plan->result_bytes + target * plan->target_bytes);
}

/* A target's counts: [slots][row_cells] int16. */
static inline int16_t *cn_arena_counts(const struct cn_arena *arena,
                                       const struct cn_variable_plan *plan, size_t result_slot,
                                       size_t target)
{
    return (int16_t *)(void *)(cn_arena_means(arena, plan, result_slot, target) +
                               (size_t)plan->slots * plan->layout.row_cells);
}

#endif
