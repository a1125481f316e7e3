/*
 * The size of the scratch that the caller of a statistic provides. The same for every ISA.
 */
#include "batch.h"

size_t cn_window_scratch_bytes(const struct cn_window_job *job)
{
    const struct window_batch largest = largest_batch(job);
    const struct list_sizes sizes = list_sizes_of(&largest);
    const size_t numbers = largest.slots * largest.years; /* samples.h */
    const size_t sums = SPARE_ROWS * numbers; /* deviation.h; mean.h and extremes.h need less */
    const size_t day = sizes.day + LIST_ENDS; /* quantile.h */
    const size_t lists = largest.days * (day + 1) + sizes.pairs * 2 * day + sizes.values;
    const size_t spare = lists > sums ? lists : sums;
    return (row_capacity(&largest) + collected_rows(&largest) + numbers + spare + 1) * LANE_BYTES;
}
