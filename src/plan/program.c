/*
 * Batches, steps, slots and sizes. All passes have the same batches; their loads may differ, since
 * fewer days share fewer chunks.
 */
#include "plan/program.h"

#include "base/error.h"
#include "base/pool.h"
#include "grid/layout.h"

#include <stdlib.h>
#include <string.h>

static size_t round_to_pages(size_t bytes)
{
    return (bytes + CN_PAGE_BYTES - 1) / CN_PAGE_BYTES * CN_PAGE_BYTES;
}

/* A batch, and what puts batches in program order. */
struct ordered_batch {
    struct cn_batch batch;
    size_t timeline;
    int last_year;
};

/* What the steps of making a program share. */
struct maker {
    struct cn_plan *plan;
    struct cn_pool *pool;
    struct cn_loading *loading;
    const struct cn_program_shape *shape;
    struct cn_variable_plan *variable;
    struct ordered_batch *batches; /* [batch_count] of one pass */
    size_t batch_count;
    size_t *last_use; /* [load_count] last batch that reads the load; SIZE_MAX: none so far */
    size_t *queue;    /* [capacity] free year slots */
    size_t capacity;
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
static bool add_batch(struct maker *maker, size_t t, size_t count)
{
    const struct cn_target *first = &maker->variable->targets[t];
    const size_t window = (size_t)first->sample->window, row_count = window + count - 1;
    ptrdiff_t *rows = cn_pool_alloc(maker->pool, row_count, sizeof *rows);
    if (!rows)
        return false;
    memcpy(rows, first->window, window * sizeof *rows);
    for (size_t k = 1; k < count; k++)
        rows[window + k - 1] = first[k].window[window - 1];
    maker->batches[maker->batch_count++] = (struct ordered_batch){
        {.first_target = t, .target_count = count, .rows = rows, .row_count = row_count},
        first->timeline,
        first[count - 1].year};
    return true;
}

/* Makes the batches of one pass, of each run of target years. */
static enum cn_status make_batches(struct maker *maker, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    maker->batches = cn_pool_alloc(maker->pool, variable->target_count, sizeof *maker->batches);
    bool made = maker->batches;
    variable->batch_years = variable->batch_results = 0;
    for (size_t t = 0; t < variable->target_count && made;) {
        const struct cn_target *first = &variable->targets[t];
        if (!cn_wanted_normals(variable, first)) {
            t++;
            continue;
        }
        const size_t count = count_run(variable, t, maker->shape->batch_years);
        const size_t results = count * first->sample->product_count;
        made = add_batch(maker, t, count);
        if (count > variable->batch_years)
            variable->batch_years = count;
        if (results > variable->batch_results)
            variable->batch_results = results;
        t += count;
    }
    if (!made)
        return cn_fail_memory(error, "target years");
    qsort(maker->batches, maker->batch_count, sizeof *maker->batches, compare_batches);
    return CN_OK;
}

/* Repeats these batches for each pass that is to be made. */
static void repeat_batches(struct maker *maker)
{
    struct cn_variable_plan *variable = maker->variable;
    const size_t each = maker->batch_count, done = maker->shape->passes_done;
    for (size_t p = done; p < variable->pass_count; p++) {
        struct cn_pass *pass = &variable->passes[p];
        pass->batch_count = each;
        pass->first_batch = (p - done) * each;
        for (size_t b = 0; b < each; b++) {
            variable->batches[pass->first_batch + b] = maker->batches[b].batch;
            variable->batches[pass->first_batch + b].pass = p;
        }
    }
    variable->batch_count = each * (variable->pass_count - done);
}

/* Makes the loads of a pass, and puts its batches in program order, each after the loads that it
 * needs. */
static enum cn_status make_pass(struct maker *maker, size_t index, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    struct cn_pass *pass = &variable->passes[index];
    pass->first_load = variable->load_count;
    enum cn_status status = cn_make_loads(maker->loading, maker->pool, pass, index,
                                          variable->loads + variable->load_count, &pass->load_count,
                                          &variable->bytes_to_decode, error);
    if (status)
        return status;
    variable->load_count += pass->load_count;
    for (size_t l = 0; l < pass->load_count; l++)
        maker->last_use[pass->first_load + l] = SIZE_MAX;
    for (size_t b = pass->first_batch; b < pass->first_batch + pass->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        for (size_t k = 0; k < batch->row_count; k++) {
            if (batch->rows[k] < 0 || !maker->loading->needed[batch->rows[k]])
                continue;
            const size_t load = pass->first_load + maker->loading->load_of_year[batch->rows[k]];
            if (maker->last_use[load] == SIZE_MAX)
                variable->steps[variable->step_count++] = (struct cn_step){CN_LOAD, load};
            maker->last_use[load] = b;
        }
        variable->steps[variable->step_count++] = (struct cn_step){CN_BATCH, b};
    }
    return CN_OK;
}

/* Assigns slots by running the program with `slots` year slots, and with more if it needs them.
 * Returns how many there are then. The slot that has been free longest is used first, because a
 * load waits least for it. */
static size_t assign_slots(struct maker *maker, size_t slots)
{
    struct cn_variable_plan *variable = maker->variable;
    size_t *queue = maker->queue, head = 0, tail = 0, made = 0;
    for (; made < slots; made++)
        queue[tail++ % maker->capacity] = made;
    for (size_t s = 0; s < variable->step_count; s++) {
        const size_t index = variable->steps[s].index;
        if (variable->steps[s].kind == CN_LOAD) {
            const struct cn_load *load = &variable->loads[index];
            for (size_t k = 0; k < load->year_count; k++)
                variable->passes[load->pass].slot_of_year[load->years[k]] =
                    head < tail ? queue[head++ % maker->capacity] : made++;
            continue;
        }
        struct cn_batch *batch = &variable->batches[index];
        const struct cn_pass *pass = &variable->passes[batch->pass];
        batch->result_slot = index % variable->result_slots;
        for (size_t l = pass->first_load; l < pass->first_load + pass->load_count; l++) {
            const struct cn_load *load = &variable->loads[l];
            for (size_t k = 0; maker->last_use[l] == index && k < load->year_count; k++)
                queue[tail++ % maker->capacity] = pass->slot_of_year[load->years[k]];
        }
    }
    return made;
}

/* Computes the sizes of slots, and *need. False: overflow; cn_layout_compute bounds the size of a
 * year. */
static bool size_slots(const struct maker *maker, uint64_t *need)
{
    struct cn_variable_plan *variable = maker->variable;
    size_t slabs, results, count_bytes = 0;
    for (size_t s = 0; s < variable->sample_count && maker->plan->config->output.counts; s++) {
        const struct cn_sample *sample = &variable->samples[s];
        const size_t bytes = cn_count_bytes(sample->window, sample->pool);
        count_bytes = bytes > count_bytes ? bytes : count_bytes;
    }
    variable->slab_bytes = variable->result_cells = 0;
    for (size_t p = maker->shape->passes_done; p < variable->pass_count; p++) {
        const struct cn_pass *pass = &variable->passes[p];
        const size_t slab = pass->stretch.slot_count * pass->layout.row_cells * sizeof(float);
        const size_t cells = pass->layout.result_cells;
        variable->slab_bytes = slab > variable->slab_bytes ? slab : variable->slab_bytes;
        variable->result_cells = cells > variable->result_cells ? cells : variable->result_cells;
    }
    variable->slab_bytes = round_to_pages(variable->slab_bytes);
    variable->result_bytes = round_to_pages(variable->result_cells * (sizeof(float) + count_bytes));
    return !__builtin_mul_overflow(variable->batch_results, variable->result_bytes,
                                   &variable->slot_bytes) &&
           !__builtin_mul_overflow(variable->slot_bytes, variable->result_slots, &results) &&
           !__builtin_mul_overflow(variable->slab_bytes, variable->year_slots, &slabs) &&
           !__builtin_add_overflow((uint64_t)slabs, (uint64_t)results, need);
}

static enum cn_status fail_for_cells(const struct cn_variable_plan *variable,
                                     struct cn_error *error)
{
    return cn_fail(error, CN_BAD_USAGE, "%s: the regions hold too many cells",
                   variable->variable->label);
}

/* Cuts the layout for each pass. */
static enum cn_status cut_passes(struct maker *maker, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    const struct cn_program_shape *shape = maker->shape;
    variable->pass_count = shape->pass_count;
    variable->passes = cn_pool_alloc(maker->pool, shape->pass_count, sizeof *variable->passes);
    for (size_t p = 0; variable->passes && p < shape->pass_count; p++) {
        struct cn_pass *pass = &variable->passes[p];
        pass->stretch = shape->stretches[p];
        if (!cn_layout_cut(maker->pool, &variable->layout, &pass->stretch, &pass->layout))
            return cn_fail_memory(error, "the plan");
    }
    return variable->passes ? CN_OK : cn_fail_memory(error, "the plan");
}

/* Counts slots as if each year were a load of its own: loads of several years take as many slots or
 * more. False: overflow. */
static bool size_least(const struct maker *maker, uint64_t *need)
{
    struct cn_variable_plan *variable = maker->variable;
    const struct cn_program_shape *shape = maker->shape;
    const size_t passes = shape->pass_count - shape->passes_done;
    const size_t batches = maker->batch_count * passes;
    size_t loaded = 0, read = 0; /* by one batch */
    for (size_t y = 0; y < variable->variable->year_count; y++)
        loaded += maker->loading->needed[y] ? passes : 0;
    for (size_t b = 0; b < maker->batch_count; b++) {
        const struct cn_batch *batch = &maker->batches[b].batch;
        size_t years = 0;
        for (size_t k = 0; k < batch->row_count; k++)
            years += batch->rows[k] >= 0 && maker->loading->needed[batch->rows[k]];
        read = years > read ? years : read;
    }
    read += shape->extra_slots;
    variable->year_slots = read < loaded ? read : loaded;
    variable->result_slots = shape->result_slots < batches ? shape->result_slots
                             : batches                     ? batches
                                                           : 1;
    return size_slots(maker, need);
}

/* Allocates what the steps need. */
static enum cn_status prepare_steps(struct maker *maker, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    const size_t years = variable->variable->year_count, passes = variable->pass_count;
    size_t loads, batches;
    if (__builtin_mul_overflow(years, passes, &loads) ||
        __builtin_mul_overflow(maker->batch_count, passes, &batches))
        return cn_fail_memory(error, "the plan");
    maker->capacity = years + maker->shape->extra_slots + 1;
    maker->last_use = cn_pool_alloc(maker->pool, loads, sizeof *maker->last_use);
    maker->queue = cn_pool_alloc(maker->pool, maker->capacity, sizeof *maker->queue);
    size_t *slots = cn_pool_alloc(maker->pool, loads, sizeof *slots);
    variable->loads = cn_pool_alloc(maker->pool, loads, sizeof *variable->loads);
    variable->batches = cn_pool_alloc(maker->pool, batches, sizeof *variable->batches);
    variable->steps = cn_pool_alloc(maker->pool, loads + batches, sizeof *variable->steps);
    if (!maker->last_use || !maker->queue || !slots || !variable->loads || !variable->batches ||
        !variable->steps)
        return cn_fail_memory(error, "the plan");
    variable->load_count = variable->step_count = variable->bytes_to_decode = 0;
    for (size_t k = 0; k < loads; k++)
        slots[k] = SIZE_MAX;
    for (size_t p = 0; p < passes; p++)
        variable->passes[p].slot_of_year = slots + p * years;
    return CN_OK;
}

/* Makes loads, steps and slots, and sizes these. */
static enum cn_status make_steps(struct maker *maker, uint64_t *need, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    const struct cn_program_shape *shape = maker->shape;
    enum cn_status status = prepare_steps(maker, error);
    if (status)
        return status;
    repeat_batches(maker);
    for (size_t p = shape->passes_done; p < shape->pass_count && !status; p++)
        status = make_pass(maker, p, error);
    if (status)
        return status;
    size_t loaded = 0;
    for (size_t l = 0; l < variable->load_count; l++)
        loaded += variable->loads[l].year_count;
    const size_t slots = assign_slots(maker, 0) + shape->extra_slots;
    variable->year_slots = slots < loaded ? slots : loaded;
    assign_slots(maker, variable->year_slots);
    return size_slots(maker, need) ? CN_OK : fail_for_cells(variable, error);
}

enum cn_status cn_program_make(struct cn_plan *plan, struct cn_pool *pool,
                               struct cn_loading *loading, const struct cn_program_shape *shape,
                               struct cn_variable_plan *variable, uint64_t *need,
                               struct cn_error *error)
{
    struct maker maker = {
        .plan = plan, .pool = pool, .loading = loading, .shape = shape, .variable = variable};
    enum cn_status status = cut_passes(&maker, error);
    if (!status)
        status = make_batches(&maker, error);
    if (status)
        return status;
    if (!size_least(&maker, need))
        return fail_for_cells(variable, error);
    variable->steps = NULL;
    return *need > shape->most_bytes ? CN_OK : make_steps(&maker, need, error);
}
