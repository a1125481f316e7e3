/*
 * How a window job is cut into batches whose values fit into scratch, and where the rows and
 * results of a batch are. It must not know an ISA: the size of scratch is the same for all.
 */
#ifndef CLIMNORM_KERNELS_BATCH_H
#define CLIMNORM_KERNELS_BATCH_H

#include "kernels.h"

enum {
    LANES = 16, /* cells that are computed together: a cache line of floats */
    LANE_BYTES = LANES * sizeof(float),
    MAX_ROWS = 1024,            /* of one batch without a pool: 64 KiB fit the L2 cache */
    MAX_POOLED_ROWS = 16 << 10, /* of one batch with a pool, but for the largest samples */
    SPARE_ROWS = 4,             /* for each slot and year of a batch, beside values and numbers */
};
_Static_assert((int)CN_MAX_WINDOW <= (int)MAX_ROWS, "a batch must hold the years of one window");
_Static_assert((int)CN_MAX_WINDOW *(int)CN_MAX_POOL <= UINT16_MAX, "counts are uint16");

/* Some slots and targets of a job. */
struct window_batch {
    const struct cn_window_job *job;     /* of the statistic that is made */
    size_t first_slot, slots, days;      /* days: that the slots' samples have */
    size_t first_target, targets, years; /* years: that the targets' windows have */
    /* Scratch behind the block: cn_window_scratch_bytes. */
    float *numbers; /* [slots][years][LANES], values of a slot's days; only if some are missing */
    float *spare;   /* for any use */
};

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The size of parts of a whole, at most `most` each, that are about equal. */
static inline size_t even_part(size_t whole, size_t most)
{
    const size_t parts = (whole + most - 1) / most;
    return (whole + parts - 1) / parts;
}

/* The largest batch of a job. Samples of neighbouring slots share days, so a batch with a pool has
 * as many slots as are worth it. */
static inline struct window_batch largest_batch(const struct cn_window_job *job)
{
    struct window_batch batch = {.job = job, .slots = 1};
    size_t rows = MAX_ROWS;
    if (job->pool > 1) {
        const size_t fit = MAX_POOLED_ROWS / job->window;
        const size_t most = job->pool < 16 ? 16 : job->pool;
        batch.slots = fit > job->pool ? even_part(job->slots, least(most, fit - job->pool + 1)) : 1;
        rows = MAX_POOLED_ROWS;
    }
    batch.days = batch.slots + job->pool - 1;
    const size_t years = rows / batch.days;
    batch.targets = years > job->window ? least(job->targets, years - job->window + 1) : 1;
    batch.years = job->window + batch.targets - 1;
    return batch;
}

/* The part of a job from a slot and a target on that is at most as large as `largest`. */
static inline struct window_batch batch_from(const struct window_batch *largest, size_t slot,
                                             size_t target)
{
    const struct cn_window_job *job = largest->job;
    struct window_batch batch = *largest;
    batch.first_slot = slot;
    batch.slots = least(job->slots - slot, largest->slots);
    batch.days = batch.slots + job->pool - 1;
    batch.first_target = target;
    batch.targets = least(job->targets - target, largest->targets);
    batch.years = job->window + batch.targets - 1;
    return batch;
}

/* The rows that scratch must hold, of LANES cells each. */
static inline size_t row_capacity(const struct window_batch *largest)
{
    const size_t rows = largest->days * largest->years;
    return rows < MAX_ROWS ? MAX_ROWS : rows;
}

/* The rows of the cells that expansion.h collects. */
static inline size_t collected_rows(const struct window_batch *largest)
{
    return largest->job->pool * largest->years;
}

/* The sorted lists of quantiles; quantile.h says what they are. */
enum {
    CHUNK = 32,    /* a list has a multiple of it */
    LIST_ENDS = 4, /* before and behind a list, together */
};

struct list_sizes {
    size_t day;    /* values of the list of a day */
    size_t levels; /* a group has 2^levels slots */
    size_t pairs;  /* whose lists are there at once */
    size_t values; /* of all other lists of a group, with their ends, at most */
};

static inline struct list_sizes list_sizes_of(const struct window_batch *largest)
{
    const size_t pool = largest->job->pool;
    struct list_sizes sizes = {.day = (largest->job->window + CHUNK - 1) / CHUNK * CHUNK};
    while ((size_t)2 << sizes.levels <= pool)
        sizes.levels++;
    sizes.pairs = (((size_t)1 << sizes.levels) + pool) / 2;
    /* Counted for each odd pool up to CN_MAX_POOL; a test runs all of them. */
    sizes.values = (13 * pool / 4 + 1) * (sizes.day + LIST_ENDS);
    return sizes;
}

/* The job's scratch from the first cache line on that it has whole. */
static inline float *scratch_of(const struct cn_window_job *job)
{
    return (float *)(((uintptr_t)job->scratch + LANE_BYTES - 1) / LANE_BYTES * LANE_BYTES);
}

/* The cells of all rows of a batch that fit into scratch: a multiple of LANES. */
static inline size_t block_cells(const struct window_batch *largest,
                                 const struct window_batch *batch)
{
    return row_capacity(largest) / (batch->days * batch->years) * LANES;
}

/* The rows of a day, from the first year of the batch on. */
static inline const float *const *rows_of(const struct window_batch *batch, size_t day)
{
    const struct cn_window_job *job = batch->job;
    return job->rows + (batch->first_slot + day) * (job->window + job->targets - 1) +
           batch->first_target;
}

/* The place of a slot and target in the job's results. */
static inline size_t place_of(const struct window_batch *batch, size_t slot, size_t target)
{
    return (batch->first_slot + slot) * batch->job->targets + batch->first_target + target;
}

#endif
