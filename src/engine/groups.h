/*
 * Group values: of the months, seasons, … of each source year, from year slots to a group slot.
 */
#ifndef CLIMNORM_ENGINE_GROUPS_H
#define CLIMNORM_ENGINE_GROUPS_H

#include "engine/engine.h"

/* What becomes known of the groups of one year. */
struct cn_groups_state {
    size_t slots[2], slot_count; /* year slots that are read: the dependences */
    size_t filled_slot;          /* group slot: index in engine->source_slot_used */
    size_t tile_count;
    bool is_read, is_before_read; /* the year, and that before it; set by open */
    bool first_use;               /* the group slot holds its first year; set by open */
};

/* Prepares the state of all groups.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the state is in the engine's pool. */
enum cn_status cn_groups_prepare(struct cn_engine *engine, struct cn_error *error);

/* Decides which years can be used, now that each is loaded or dropped. */
void cn_groups_open(struct cn_engine *engine, size_t groups);

/* Computes all group values of a piece of the cells. */
void cn_groups_tile(struct cn_engine *engine, size_t groups, size_t tile);

/* Returns: whether the year could be read. */
bool cn_are_groups_made(const struct cn_engine *engine, size_t groups);

/* Returns: whether a December entered the groups that a later pass has found to be damaged. */
bool cn_are_groups_stale(const struct cn_engine *engine, size_t groups);

/* Returns: whether a year's seasons have the December before it. */
bool cn_is_year_before_used(const struct cn_engine *engine, size_t groups);

#endif
