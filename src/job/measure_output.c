/*
 * Makes means of rows and encodes them, as the run does.
 */
#include "job/measure_output.h"

#include "base/clock.h"
#include "base/netcdf_constants.h"
#include "codec/scratch.h"

#include <stdlib.h>

enum {
    STRETCH_CELLS = 32768, /* of a region, for the time of means */
    MOST_TIMES = 64,
};
static const double MEANS_S = 0.02, CHUNKS_S = 0.01; /* of one region */

/* Room for what a batch reads and makes of one region. */
struct mean_batch {
    const float **rows; /* [window + targets - 1] */
    float **means;      /* [targets] */
    float *memory;
    void *scratch; /* of the kernel */
    size_t window, targets, cells;
};

static struct cn_window_job batch_job(const struct mean_batch *batch)
{
    return (struct cn_window_job){.rows = batch->rows,
                                  .window = batch->window,
                                  .targets = batch->targets,
                                  .slots = 1,
                                  .pool = 1,
                                  .min_values = 1,
                                  .cells = batch->cells,
                                  .results = batch->means,
                                  .scratch = batch->scratch};
}

static bool make_batch(struct mean_batch *batch, size_t window, size_t targets, size_t cells)
{
    *batch = (struct mean_batch){.window = window, .targets = targets, .cells = cells};
    batch->rows = calloc(window + targets, sizeof *batch->rows);
    batch->means = calloc(targets, sizeof *batch->means);
    batch->memory = calloc(targets, cells * sizeof(float));
    const struct cn_window_job job = batch_job(batch);
    batch->scratch = malloc(cn_window_scratch_bytes(&job));
    for (size_t t = 0; batch->means && batch->memory && t < targets; t++)
        batch->means[t] = batch->memory + t * cells;
    return batch->rows && batch->means && batch->memory && batch->scratch;
}

static void free_batch(struct mean_batch *batch)
{
    free(batch->rows);
    free(batch->means);
    free(batch->memory);
    free(batch->scratch);
}

/* Makes the means of a batch, of cells `first` … of rows. */
static void compute_batch(const struct cn_kernels *kernels, const struct cn_decoded_rows *rows,
                          size_t first, const struct mean_batch *batch)
{
    for (size_t k = 0; k < batch->window + batch->targets - 1; k++)
        batch->rows[k] = rows->items[k % rows->count] + first;
    const struct cn_window_job job = batch_job(batch);
    kernels->window_statistics(&job, 1);
}

static const struct cn_region_cells *largest_region(const struct cn_layout *layout)
{
    const struct cn_region_cells *largest = &layout->regions[0];
    for (size_t r = 1; r < layout->region_count; r++)
        if (layout->regions[r].row_count * layout->regions[r].column_count >
            largest->row_count * largest->column_count)
            largest = &layout->regions[r];
    return largest;
}

/* Of batches as long as those of the run. */
static bool measure_means(const struct cn_variable_plan *variable, const struct cn_kernels *kernels,
                          const struct cn_decoded_rows *rows, double *mean_s)
{
    const struct cn_region_cells *region = largest_region(&variable->layout);
    const size_t window = (size_t)variable->samples[0].window;
    const size_t all = region->row_count * region->column_count;
    struct mean_batch batch;
    const bool made = make_batch(&batch, window, variable->batch_years,
                                 all < STRETCH_CELLS ? all : STRETCH_CELLS);
    if (made)
        compute_batch(kernels, rows, region->first_cell, &batch); /* its pages are there now */
    const double start_s = cn_thread_cpu_s();
    double taken_s = 0;
    size_t times = 0, first = 0;
    for (; made && times < MOST_TIMES && taken_s < MEANS_S; times++) {
        compute_batch(kernels, rows, region->first_cell + first, &batch);
        first = first + 2 * batch.cells <= all ? first + batch.cells : 0;
        taken_s = cn_thread_cpu_s() - start_s;
    }
    *mean_s = taken_s / (double)(times * batch.cells * (window + 2 * batch.targets - 1));
    free_batch(&batch);
    return made;
}

/* Encodes the first chunk of a region. The means of other windows stand for those of other days:
 * they overlap less than windows of neighbouring years, which would be too much alike. */
static bool measure_region(const struct cn_config *config, int years,
                           const struct cn_region_cells *region, const struct cn_kernels *kernels,
                           const struct cn_decoded_rows *rows, struct cn_encode_cost *cost)
{
    const size_t cells = region->row_count * region->column_count, window = (size_t)years;
    const size_t slots = region->chunk_slots < rows->count ? region->chunk_slots : rows->count;
    const size_t values = cells * slots, bytes = values * sizeof(float);
    const size_t most = rows->count > 2 ? rows->count * 2 / 3 : 1;
    const size_t capacity = cn_deflate.bound(bytes);
    struct cn_scratch scratch = {0};
    struct mean_batch batch;
    const bool made = make_batch(&batch, window < most ? window : most, slots, cells);
    unsigned char *shuffled = cn_scratch_get(&scratch, 0, bytes);
    unsigned char *encoded = cn_scratch_get(&scratch, 1, capacity);
    const bool has_memory = made && shuffled && encoded;
    if (has_memory)
        compute_batch(kernels, rows, region->first_cell, &batch);
    const double start_s = cn_thread_cpu_s();
    double size = (double)bytes, taken_s = 0;
    size_t times = 0;
    for (; has_memory && config->output.compression && times < 4 && taken_s < CHUNKS_S; times++) {
        kernels->shuffle_f32(shuffled, batch.memory, values, CN_FILL_VALUE);
        size = (double)cn_scratch_encode(&scratch, &cn_deflate, config->output.compression,
                                         shuffled, bytes, encoded, capacity);
        taken_s = cn_thread_cpu_s() - start_s;
    }
    *cost = (struct cn_encode_cost){times ? taken_s / (double)(times * values) : 0,
                                    size / (double)bytes};
    free_batch(&batch);
    cn_scratch_free(&scratch);
    return has_memory && size > 0;
}

bool cn_measure_output(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                       const struct cn_kernels *kernels, const struct cn_decoded_rows *rows,
                       double seconds, struct cn_output_costs *costs)
{
    const uint64_t end_ns = cn_now_ns() + (uint64_t)(seconds * 1e9);
    bool is_known = measure_means(variable, kernels, rows, &costs->mean_s);
    for (size_t r = 0; r < variable->layout.region_count && is_known; r++)
        if (r && cn_now_ns() > end_ns)
            costs->encode[r] = costs->encode[r - 1];
        else
            is_known =
                measure_region(plan->config, variable->samples[0].window,
                               &variable->layout.regions[r], kernels, rows, &costs->encode[r]);
    return is_known;
}
