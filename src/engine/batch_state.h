/*
 * What becomes known of batches while they run, as those see it who compute and write them.
 */
#ifndef CLIMNORM_ENGINE_BATCH_STATE_H
#define CLIMNORM_ENGINE_BATCH_STATE_H

#include "engine/engine.h"

/* What becomes known of one batch of the plan. */
struct cn_batch_state {
    /* [row_count] what the years have: a slab, or rows of a group slot. NULL: the year is left out.
     * Set by the gate. */
    const float **values;
    bool *computed; /* [target_count] the window has enough years; set by the gate */
    size_t *slots;  /* [slot_count] indices in engine->source_slot_used: the dependences */
    size_t slot_count;
    size_t tile_count; /* a multiple of pieces */
    size_t pieces;     /* 1; or, in a pass of few day slots, into which the cells of each are cut */
    size_t batch_before; /* with the same targets, in the pass before; else the batch itself */
    bool is_last;        /* no later pass has these targets */
    bool is_put;         /* only its address counts: all that the batch made is put into files */
    bool first_use;      /* the result slot holds its first batch; set by the gate */
};

#endif
