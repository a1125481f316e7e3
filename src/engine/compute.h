/*
 * Computing: batches of target years, from year slots or group slots to a result slot.
 */
#ifndef CLIMNORM_ENGINE_COMPUTE_H
#define CLIMNORM_ENGINE_COMPUTE_H

#include "engine/batch_state.h"

/* Prepares the state of all batches.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the state is in the engine's pool. */
enum cn_status cn_batches_prepare(struct cn_engine *engine, struct cn_error *error);

/* Decides which targets can be computed, now that each year is loaded or dropped. */
void cn_batch_gate(struct cn_engine *engine, size_t batch);

/* Computes all regions of a stretch of day slots or other groups, or a piece of each region in one
 * of them. */
void cn_batch_tile(struct cn_engine *engine, size_t batch, size_t tile);

/* Counts the batch's normals, after all tiles of the last pass. */
void cn_batch_join(struct cn_engine *engine, size_t batch);

#endif
