/*
 * The samples of LANES cells, for statistics that first make something of the days of each year,
 * then of the years of each window.
 */
#ifndef CLIMNORM_KERNELS_SAMPLES_H
#define CLIMNORM_KERNELS_SAMPLES_H

#include "lanes.h"

/* LANES cells of all slots of a batch. */
struct samples {
    const struct window_batch *batch;
    size_t first, cells; /* of the job; at most LANES */
    const float *block;  /* [days][years][LANES] */
    bool missing;        /* some values may be NaN */
};

/* Whether values may be missing: a sum of values is NaN. */
static bool has_gaps(const float *block, size_t rows)
{
    enum { CHAINS = VECTORS < 4 ? 4 / VECTORS : 1 }; /* additions that do not wait for each other */
    bool gaps = false;
    for (size_t i = 0; i < LANES; i += VL) {
        vf sums[CHAINS];
        float lanes[VL];
        size_t row = 0;
        for (size_t k = 0; k < CHAINS; k++)
            sums[k] = vf_set(0);
        for (; row + CHAINS <= rows; row += CHAINS)
            for (size_t k = 0; k < CHAINS; k++)
                sums[k] = vf_add(sums[k], vf_load(block + (row + k) * LANES + i));
        for (; row < rows; row++)
            sums[0] = vf_add(sums[0], vf_load(block + row * LANES + i));
        for (size_t k = 1; k < CHAINS; k++)
            sums[0] = vf_add(sums[0], sums[k]);
        vf_store(lanes, sums[0]);
        for (size_t k = 0; k < VL; k++)
            gaps |= isnan(lanes[k]);
    }
    return gaps;
}

static ALWAYS_INLINE vf is_present(vf x) /* 1 or 0 */
{
    return vf_if(vf_le(x, x), vf_set(1), vf_set(0));
}

/* Counts the values of each slot's days in each year, if some are missing. */
static void count_samples(const struct samples *of)
{
    const struct window_batch *batch = of->batch;
    const size_t pool = batch->job->pool, day = batch->years * LANES;
    if (!of->missing)
        return;
    for (size_t i = 0; i < day; i += VL) {
        vf n = vf_set(0);
        for (size_t d = 0; d + 1 < pool; d++)
            n = vf_add(n, is_present(vf_load(of->block + d * day + i)));
        for (size_t slot = 0; slot < batch->slots; slot++) {
            n = vf_add(n, is_present(vf_load(of->block + (slot + pool - 1) * day + i)));
            vf_store(of->batch->numbers + slot * day + i, n);
            n = vf_sub(n, is_present(vf_load(of->block + slot * day + i)));
        }
    }
}

/* The values of a year enter the sizes of samples, or leave them. */
static ALWAYS_INLINE void enter_numbers(const struct samples *of, size_t slot, size_t year,
                                        vf n[VECTORS])
{
    for (size_t i = 0; of->missing && i < VECTORS; i++)
        n[i] = vf_add(
            n[i], vf_load(of->batch->numbers + (slot * of->batch->years + year) * LANES + i * VL));
}

static ALWAYS_INLINE void leave_numbers(const struct samples *of, size_t slot, size_t year,
                                        vf n[VECTORS])
{
    for (size_t i = 0; of->missing && i < VECTORS; i++)
        n[i] = vf_sub(
            n[i], vf_load(of->batch->numbers + (slot * of->batch->years + year) * LANES + i * VL));
}

/* The sizes of the samples of a slot's first target, without its newest year. */
static ALWAYS_INLINE void begin_numbers(const struct samples *of, size_t slot, vf n[VECTORS])
{
    const struct cn_window_job *job = of->batch->job;
    for (size_t i = 0; i < VECTORS; i++)
        n[i] = vf_set(of->missing ? 0 : (float)(job->window * job->pool));
    for (size_t year = 0; year + 1 < job->window; year++)
        enter_numbers(of, slot, year, n);
}

#endif
