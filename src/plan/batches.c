/*
 * Runs of consecutive target years, cut into batches, in an order that loads each year once.
 */
#include "plan/batches.h"

#include "base/error.h"
#include "base/pool.h"
#include "plan/periods.h"
#include "plan/sizes.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_TARGETS = 4 }; /* of a batch of many products */

/* A batch, and what puts batches in program order. */
struct ordered_batch {
    struct cn_batch batch;
    size_t timeline;
    int last_year;
};

/* Counts the wanted, consecutive target years of a timeline from target t on; at most `most`. */
static size_t count_run(const struct cn_variable_plan *variable, size_t t, size_t most)
{
    const struct cn_target *first = &variable->targets[t];
    size_t count = 1;
    while (count < most && t + count < variable->target_count &&
           first[count].timeline == first->timeline && first[count].sample == first->sample &&
           first[count].year == first->year + (int)count &&
           cn_wanted_normals(variable, &first[count]))
        count++;
    return count;
}

/* The most targets of a batch of such samples. Where the program chooses, the results of a batch
 * take no more memory than the years that it reads: larger batches of many products cost more
 * memory than they save time. */
static size_t count_most_targets(const struct cn_plan *plan, const struct cn_sample *sample,
                                 size_t most)
{
    const size_t products = sample->product_count;
    if (plan->config->engine.batch_years || products < 2)
        return most;
    /* products * targets <= window + targets - 1 */
    const size_t fit = ((size_t)sample->window - 1) / (products - 1);
    const size_t enough = fit > LEAST_TARGETS ? fit : LEAST_TARGETS;
    return enough < most ? enough : most;
}

/* Samples that need the same years follow each other, so that each year is loaded once. */
static int compare_batches(const void *a, const void *b)
{
    const struct ordered_batch *x = a, *y = b;
    const size_t t = x->batch.first_target, u = y->batch.first_target;
    if (x->timeline != y->timeline)
        return x->timeline < y->timeline ? -1 : 1;
    return x->last_year != y->last_year ? x->last_year - y->last_year : (t > u) - (t < u);
}

/* Makes a batch of `count` targets from target t on. False: out of memory. */
static bool fill_batch(struct cn_pool *pool, const struct cn_variable_plan *variable, size_t t,
                       size_t count, struct ordered_batch *batch)
{
    const struct cn_target *first = &variable->targets[t];
    const size_t window = (size_t)first->sample->window, of_windows = window + count - 1;
    const size_t row_count = of_windows + (first->sample->baseline ? window : 0);
    ptrdiff_t *rows = cn_pool_alloc(pool, row_count, sizeof *rows);
    if (!rows)
        return false;
    memcpy(rows, first->window, window * sizeof *rows);
    for (size_t k = 1; k < count; k++)
        rows[window + k - 1] = first[k].window[window - 1];
    if (row_count > of_windows)
        memcpy(rows + of_windows, first->window + cn_sample_window(first->sample),
               window * sizeof *rows);
    for (size_t k = 0; k < row_count; k++)
        if (rows[k] >= 0 && !variable->variable->years[rows[k]].usable)
            rows[k] = -1; /* it is there for its December alone */
    *batch = (struct ordered_batch){
        {.first_target = t, .target_count = count, .rows = rows, .row_count = row_count},
        first->timeline,
        first[count - 1].year};
    return true;
}

enum cn_status cn_batches_make(const struct cn_plan *plan, struct cn_pool *pool,
                               const struct cn_variable_plan *variable, size_t most_targets,
                               struct cn_batch_list *list, struct cn_error *error)
{
    struct ordered_batch *ordered = cn_pool_alloc(pool, variable->target_count, sizeof *ordered);
    bool made = ordered;
    *list = (struct cn_batch_list){.count = 0};
    for (size_t t = 0; t < variable->target_count && made;) {
        const struct cn_target *first = &variable->targets[t];
        if (!cn_wanted_normals(variable, first)) {
            t++;
            continue;
        }
        const size_t most = count_most_targets(plan, first->sample, most_targets);
        const size_t count = count_run(variable, t, most);
        struct ordered_batch *batch = &ordered[list->count];
        made = fill_batch(pool, variable, t, count, batch);
        if (!made)
            break;
        cn_raise_to(&list->most_results[first->sample->time],
                    cn_batch_results(&batch->batch, first->sample) * first->sample->product_count);
        cn_raise_to(&list->longest, count);
        list->count++;
        t += count;
    }
    list->items = made ? cn_pool_alloc(pool, list->count, sizeof *list->items) : NULL;
    if (!list->items)
        return cn_fail_memory(error, "target years");
    qsort(ordered, list->count, sizeof *ordered, compare_batches);
    for (size_t b = 0; b < list->count; b++)
        list->items[b] = ordered[b].batch;
    return CN_OK;
}
