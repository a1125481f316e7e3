/*
 * Values that a variable cannot have, counted where they are decoded. The kernels say for a stretch
 * of values whether there are any; only then they are looked at one by one. Values stay as they
 * are.
 */
#ifndef CLIMNORM_SOURCE_TALLY_H
#define CLIMNORM_SOURCE_TALLY_H

#include "climnorm/catalog.h"
#include "kernels.h"

#include <pthread.h>

/* A value, and the cell that has it. */
struct cn_cell_value {
    float value;
    const struct cn_file *file;
    size_t instant, row, column; /* indices along the file's time and its grid */
};

/* Of some days: how many values lie outside of the plausible range, and which are the farthest.
 * Zero-initialise. It does not depend on the order in which values are added. */
struct cn_tally {
    uint64_t count;
    struct cn_cell_value least, most; /* of these values; of equal ones the first */
};

/* What all tallies of a variable share. */
struct cn_plausibility {
    struct cn_float_range range;
    pthread_mutex_t lock; /* of the tallies */
};

/* All floats. */
extern const struct cn_float_range cn_all_floats;

/* Adds what one tally has to another. */
void cn_tally_add(struct cn_tally *to, const struct cn_tally *from);

/* Returns: of the two values the one that lies farther outside. The tally is not empty. */
const struct cn_cell_value *cn_tally_extreme(const struct cn_tally *tally,
                                             const struct cn_float_range *range);

#endif
