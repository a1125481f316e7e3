/*
 * The program over slots: batches of target years, the loads they need, and the slot of the arena
 * for each, as a compiler assigns values to registers. Pure.
 */
#include "base/error.h"
#include "base/format.h"
#include "base/pool.h"
#include "climnorm/plan.h"
#include "plan/groups.h"
#include "plan/output_sizes.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH_YEARS = 25, /* larger batches gain little (bench_kernels) */
    LOOK_AHEAD = 8,   /* free year slots, so that loading runs ahead (test_busy) */
    RESULT_SLOTS = 2, /* one is encoded while the next is computed */
    PAGE_BYTES = 4096,
};

static size_t round_to_pages(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/* Arrays for making the program of one variable; each has an item for each source year. */
struct scheduler {
    struct cn_plan *plan;
    struct cn_variable_plan *variable;
    size_t *load_of_year;
    size_t *last_use; /* [load_count] last batch that reads the load; SIZE_MAX: none so far */
    size_t *queue;    /* free year slots; one item more than years */
};

/* Makes a batch of each run of wanted, consecutive target years of a timeline; at most `years`
 * each. */
static enum cn_status make_batches(struct cn_plan *plan, struct cn_variable_plan *variable,
                                   size_t years, struct cn_error *error)
{
    size_t window = (size_t)plan->config->normals.window;
    variable->batches = cn_pool_alloc(plan->pool, variable->target_count, sizeof(struct cn_batch));
    variable->batch_count = 0;
    variable->batch_years = 0;
    if (!variable->batches)
        return cn_fail_memory(error, "target years");
    for (size_t t = 0; t < variable->target_count;) {
        const struct cn_target *first = &variable->targets[t];
        if (!cn_wanted_normals(variable, first)) {
            t++;
            continue;
        }
        size_t count = 1;
        while (count < years && t + count < variable->target_count &&
               first[count].timeline == first->timeline &&
               first[count].year == first->year + (int)count &&
               cn_wanted_normals(variable, &first[count]))
            count++;
        ptrdiff_t *rows = cn_pool_alloc(plan->pool, window + count - 1, sizeof *rows);
        if (!rows)
            return cn_fail_memory(error, "target years");
        memcpy(rows, first->window, window * sizeof *rows);
        for (size_t k = 1; k < count; k++)
            rows[window + k - 1] = first[k].window[window - 1];
        variable->batches[variable->batch_count++] =
            (struct cn_batch){.first_target = t,
                              .target_count = count,
                              .rows = rows,
                              .row_count = window + count - 1};
        if (count > variable->batch_years)
            variable->batch_years = count;
        t += count;
    }
    return CN_OK;
}

/* Puts the batches in program order, each after the loads that it needs. */
static enum cn_status make_steps(struct scheduler *scheduler, struct cn_error *error)
{
    struct cn_variable_plan *variable = scheduler->variable;
    variable->steps =
        cn_pool_alloc(scheduler->plan->pool, variable->load_count + variable->batch_count,
                      sizeof(struct cn_step));
    if (!variable->steps)
        return cn_fail_memory(error, "the plan");
    variable->step_count = 0;
    for (size_t l = 0; l < variable->load_count; l++)
        scheduler->last_use[l] = SIZE_MAX;
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        for (size_t k = 0; k < batch->row_count; k++) {
            if (batch->rows[k] < 0)
                continue;
            size_t load = scheduler->load_of_year[batch->rows[k]];
            if (scheduler->last_use[load] == SIZE_MAX)
                variable->steps[variable->step_count++] = (struct cn_step){CN_LOAD, load};
            scheduler->last_use[load] = b;
        }
        variable->steps[variable->step_count++] = (struct cn_step){CN_BATCH, b};
    }
    return CN_OK;
}

/* Assigns slots by running the program with `slots` year slots, and with more if it needs them.
 * Returns how many there are then. The slot that has been free longest is used first, because a
 * load waits least for it. */
static size_t assign_slots(struct scheduler *scheduler, size_t slots)
{
    struct cn_variable_plan *variable = scheduler->variable;
    size_t *queue = scheduler->queue, head = 0, tail = 0, made = 0;
    size_t capacity = variable->variable->year_count + 1;
    for (; made < slots; made++)
        queue[tail++ % capacity] = made;
    for (size_t s = 0; s < variable->step_count; s++) {
        size_t index = variable->steps[s].index;
        if (variable->steps[s].kind == CN_LOAD) {
            const struct cn_load *load = &variable->loads[index];
            for (size_t k = 0; k < load->year_count; k++)
                variable->slot_of_year[load->years[k]] =
                    head < tail ? queue[head++ % capacity] : made++;
            continue;
        }
        variable->batches[index].result_slot = index % variable->result_slots;
        for (size_t l = 0; l < variable->load_count; l++) {
            const struct cn_load *load = &variable->loads[l];
            for (size_t k = 0; scheduler->last_use[l] == index && k < load->year_count; k++)
                queue[tail++ % capacity] = variable->slot_of_year[load->years[k]];
        }
    }
    return made;
}

/* Computes the sizes of slots, and *need: bytes of the arena for this variable. False: overflow;
 * cn_layout_compute bounds the size of a year. */
static bool size_variable(const struct cn_plan *plan, struct cn_variable_plan *variable,
                          size_t year_slots, uint64_t *need)
{
    const struct cn_layout *layout = &variable->layout;
    size_t cell_bytes = sizeof(float) + (plan->config->output.counts ? sizeof(int16_t) : 0);
    size_t slabs, results;
    variable->year_slots = year_slots;
    variable->slab_bytes =
        round_to_pages((size_t)variable->slots * layout->row_cells * sizeof(float));
    variable->target_bytes = round_to_pages(layout->result_cells * cell_bytes);
    return !__builtin_mul_overflow(variable->batch_years, variable->target_bytes,
                                   &variable->result_bytes) &&
           !__builtin_mul_overflow(variable->result_bytes, variable->result_slots, &results) &&
           !__builtin_mul_overflow(variable->slab_bytes, year_slots, &slabs) &&
           !__builtin_add_overflow((uint64_t)slabs, (uint64_t)results, need);
}

/* Makes the program with batches of at most batch_years target years, and with extra_slots more
 * year slots than it needs. *need: bytes of the arena. */
static enum cn_status make_program(struct scheduler *scheduler, size_t batch_years,
                                   size_t result_slots, size_t extra_slots, uint64_t *need,
                                   struct cn_error *error)
{
    struct cn_variable_plan *variable = scheduler->variable;
    enum cn_status status = make_batches(scheduler->plan, variable, batch_years, error);
    if (!status)
        status = make_steps(scheduler, error);
    if (status)
        return status;
    size_t most = variable->batch_count ? variable->batch_count : 1, loaded = 0;
    variable->result_slots = result_slots < most ? result_slots : most;
    for (size_t l = 0; l < variable->load_count; l++)
        loaded += variable->loads[l].year_count;
    size_t slots = assign_slots(scheduler, 0) + extra_slots;
    slots = slots < loaded ? slots : loaded;
    assign_slots(scheduler, slots);
    return size_variable(scheduler->plan, variable, slots, need)
               ? CN_OK
               : cn_fail(error, CN_BAD_USAGE, "%s: the regions hold too many cells",
                         variable->variable->label);
}

static enum cn_status fail_for_memory(const struct cn_plan *plan,
                                      const struct cn_variable_plan *variable, uint64_t limit,
                                      uint64_t need, struct cn_error *error)
{
    char has[24], needs[24];
    const char *advice = plan->config->engine.batch_years > 1
                             ? "; raise it, or set engine.batch_years to 0"
                             : "; raise it, or ask for fewer regions";
    return cn_fail(
        error, CN_BAD_USAGE,
        "%s: engine.memory gives %s (%llu bytes), but %s needs at least %s (%llu bytes)%s",
        plan->config->origin.engine_memory, cn_format_bytes(limit, has), (unsigned long long)limit,
        variable->variable->label, cn_format_bytes(need, needs), (unsigned long long)need, advice);
}

/* Makes the program with the largest batch that fits, first with all useful look-ahead, then with
 * less. If nothing fits, *need is above the limit: the least memory that would do. */
static enum cn_status choose_program(struct scheduler *scheduler, uint64_t limit, uint64_t *need,
                                     struct cn_error *error)
{
    size_t asked = (size_t)scheduler->plan->config->engine.batch_years;
    size_t longest = asked ? asked : BATCH_YEARS;
    const struct {
        size_t smallest; /* batch for which this look-ahead is worth its memory */
        size_t result_slots, extra_slots;
    } levels[] = {
        {8, RESULT_SLOTS, LOOK_AHEAD}, {2, RESULT_SLOTS, 2}, {1, RESULT_SLOTS, 1}, {1, 1, 0}};
    for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
        size_t smallest =
            asked || levels[level].smallest > longest ? longest : levels[level].smallest;
        for (size_t years = longest; years >= smallest; years--) {
            enum cn_status status = make_program(scheduler, years, levels[level].result_slots,
                                                 levels[level].extra_slots, need, error);
            if (status || *need <= limit)
                return status;
        }
    }
    return CN_OK;
}

static enum cn_status schedule_variable(struct cn_plan *plan, struct cn_variable_plan *variable,
                                        uint64_t limit, uint64_t *need, struct cn_error *error)
{
    size_t years = variable->variable->year_count;
    struct scheduler scheduler = {
        .plan = plan,
        .variable = variable,
        .load_of_year = cn_pool_alloc(plan->pool, years, sizeof(size_t)),
        .last_use = cn_pool_alloc(plan->pool, years, sizeof(size_t)),
        .queue = cn_pool_alloc(plan->pool, years + 1, sizeof(size_t)),
    };
    variable->slot_of_year = cn_pool_alloc(plan->pool, years, sizeof *variable->slot_of_year);
    if (!scheduler.load_of_year || !scheduler.last_use || !scheduler.queue ||
        !variable->slot_of_year)
        return cn_fail_memory(error, "the schedule");
    for (size_t y = 0; y < years; y++)
        variable->slot_of_year[y] = SIZE_MAX;
    enum cn_status status = cn_make_loads(plan, variable, scheduler.load_of_year, error);
    return status ? status : choose_program(&scheduler, limit, need, error);
}

static void count_normals(struct cn_variable_plan *variable)
{
    variable->normals_wanted = variable->normals_skipped = 0;
    for (size_t o = 0; o < variable->output_count; o++) {
        const struct cn_output *output = &variable->outputs[o];
        *(output->wanted ? &variable->normals_wanted : &variable->normals_skipped) +=
            output->target_count;
    }
}

enum cn_status cn_plan_schedule(struct cn_plan *plan, const struct cn_resources *resources,
                                struct cn_error *error)
{
    const uint64_t memory_limit = resources->memory_limit;
    plan->resources = *resources;
    plan->arena_bytes = 0;
    plan->space = (struct cn_space_need){0};
    const struct cn_variable_plan *largest = NULL;
    for (size_t v = 0; v < plan->variable_count; v++) {
        struct cn_variable_plan *variable = &plan->variables[v];
        if (variable->failure)
            continue;
        uint64_t need = 0;
        enum cn_status status = schedule_variable(plan, variable, memory_limit, &need, error);
        if (status)
            return status;
        count_normals(variable);
        cn_estimate_output_sizes(plan, variable);
        if (need > plan->arena_bytes) {
            plan->arena_bytes = need;
            largest = variable;
        }
    }
    return !largest || plan->arena_bytes <= memory_limit
               ? CN_OK
               : fail_for_memory(plan, largest, memory_limit, plan->arena_bytes, error);
}
