/*
 * The size of the scratch that the caller of a statistic provides. The same for every ISA.
 */
#include "batch.h"

size_t cn_window_scratch_bytes(const struct cn_window_job *job)
{
    const struct window_batch largest = largest_batch(job);
    const size_t collected = job->pool * largest.years; /* expansion.h */
    return (row_capacity(&largest) + collected) * LANE_BYTES + LANE_BYTES;
}
