/*
 * One tile of a batch: a stretch of day slots, or of other groups, of all regions.
 */
#ifndef CLIMNORM_ENGINE_TILE_H
#define CLIMNORM_ENGINE_TILE_H

#include "engine/engine.h"

/* Groups and cells of each region: cells piece / pieces … of it. */
struct cn_tile {
    size_t batch;
    size_t first_group, end_group; /* of the year */
    size_t piece, pieces;
};

/* Allocates what computing the tile needs, in the thread's scratch, asks for the pages of its
 * results where the result slot is new, and computes all of its regions.
 * Errors: CN_BAD_MACHINE: out of memory. */
enum cn_status cn_tile_compute(struct cn_engine *engine, const struct cn_tile *tile,
                               struct cn_error *error);

#endif
