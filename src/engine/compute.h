/*
 * Computing: batches of target years, from year slots to a result slot.
 */
#ifndef CLIMNORM_ENGINE_COMPUTE_H
#define CLIMNORM_ENGINE_COMPUTE_H

#include "engine/engine.h"

/* What becomes known of one batch of the plan. */
struct cn_batch_state {
    const float **slabs; /* [row_count] NULL: year left out; set by the gate */
    bool *computed;      /* [target_count] the window has enough years; set by the gate */
    size_t *slots;       /* [slot_count] distinct year slots: the dependences */
    size_t slot_count;
    size_t tile_count; /* a multiple of pieces */
    size_t pieces;     /* 1; or, in a pass of few day slots, into which the cells of each are cut */
    size_t batch_before; /* with the same targets, in the pass before; else the batch itself */
    bool is_put;         /* only its address counts: all that the batch made is put into files */
    bool first_use;      /* the result slot holds its first batch; set by the gate */
};

/* Prepares the state of all batches.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the state is in the engine's pool. */
enum cn_status cn_batches_prepare(struct cn_engine *engine, struct cn_error *error);

/* Decides which targets can be computed, now that each year is loaded or dropped. */
void cn_batch_gate(struct cn_engine *engine, size_t batch);

/* Computes all regions of a stretch of day slots, or a piece of each region in one slot. */
void cn_batch_tile(struct cn_engine *engine, size_t batch, size_t tile);

/* Counts the batch's normals, after all tiles of the last pass. */
void cn_batch_join(struct cn_engine *engine, size_t batch);

#endif
