/*
 * Batches, steps, slots and sizes. A pass has the batches whose groups it makes; loads may differ,
 * since fewer days share fewer chunks.
 */
#include "plan/program.h"

#include "base/error.h"
#include "base/pool.h"
#include "grid/layout.h"
#include "plan/batches.h"
#include "plan/periods.h"
#include "plan/sizes.h"
#include "plan/stretch.h"
#include "plan/winters.h"

#include <stdlib.h>
#include <string.h>

/* Slots that hold nothing, first in, first out: what has been free longest is used first, because a
 * task waits least for it. */
struct free_slots {
    size_t *items; /* [capacity] */
    size_t capacity, head, tail;
    size_t made; /* slots that there are */
};

/* What the steps of making a program share. */
struct maker {
    struct cn_plan *plan;
    struct cn_pool *pool;
    struct cn_loading *loading;
    const struct cn_program_shape *shape;
    struct cn_variable_plan *variable;
    struct cn_batch_list batches; /* of one pass */
    /* [timeline_count][year_count] year of which December is needed; -1: of none. */
    ptrdiff_t *year_before;
    size_t *last_use;       /* [load_count] last step that reads the load; SIZE_MAX: none so far */
    size_t *last_group_use; /* [group_count] last step that reads the groups */
    struct free_slots year_slots, group_slots;
};

/* Whether a pass makes results of a batch. */
static bool makes_batch(const struct maker *maker, const struct cn_pass *pass,
                        const struct cn_batch *batch)
{
    return cn_pass_groups(pass, cn_batch_sample(maker->variable, batch)->time).count > 0;
}

/* Repeats the batches for each pass that is to be made, as far as it makes them. */
static void repeat_batches(struct maker *maker)
{
    struct cn_variable_plan *variable = maker->variable;
    variable->batch_count = 0;
    for (size_t p = maker->shape->passes_done; p < variable->pass_count; p++) {
        struct cn_pass *pass = &variable->passes[p];
        pass->first_batch = variable->batch_count;
        for (size_t b = 0; b < maker->batches.count; b++) {
            if (!makes_batch(maker, pass, &maker->batches.items[b]))
                continue;
            variable->batches[variable->batch_count] = maker->batches.items[b];
            variable->batches[variable->batch_count++].pass = p;
        }
        pass->batch_count = variable->batch_count - pass->first_batch;
    }
}

static size_t count_batches(const struct maker *maker)
{
    size_t count = 0;
    for (size_t p = maker->shape->passes_done; p < maker->variable->pass_count; p++)
        for (size_t b = 0; b < maker->batches.count; b++)
            count += makes_batch(maker, &maker->variable->passes[p], &maker->batches.items[b]);
    return count;
}

/* Adds the step that loads a year, unless the pass has it. The next step reads the year. */
static void add_load_step(struct maker *maker, const struct cn_pass *pass, size_t year)
{
    struct cn_variable_plan *variable = maker->variable;
    const size_t load = pass->first_load + maker->loading->load_of_year[year];
    if (maker->last_use[load] == SIZE_MAX)
        variable->steps[variable->step_count++] = (struct cn_step){CN_LOAD, load};
    maker->last_use[load] = variable->step_count;
}

/* The year of which December is needed for the groups of another; -1: none. */
static ptrdiff_t find_year_before(const struct maker *maker, size_t timeline, size_t year)
{
    const ptrdiff_t before =
        maker->year_before[timeline * maker->variable->variable->year_count + year];
    return before >= 0 && maker->loading->needed[before] ? before : -1;
}

/* Finds the groups of a year that were made for another timeline with the same year before.
 * SIZE_MAX: there are none. */
static size_t find_groups_of_others(const struct maker *maker, const struct cn_pass *pass,
                                    size_t year, ptrdiff_t before)
{
    const struct cn_variable *variable = maker->variable->variable;
    for (size_t t = 0; t < variable->timeline_count; t++) {
        const size_t groups = pass->groups_of_year[t * variable->year_count + year];
        if (groups != SIZE_MAX && maker->variable->groups[groups].year_before == before)
            return groups;
    }
    return SIZE_MAX;
}

/* Adds the steps that make the group values of a year for a timeline, unless the pass has them. */
static void add_groups_step(struct maker *maker, size_t pass_index, size_t timeline, size_t year)
{
    struct cn_variable_plan *variable = maker->variable;
    struct cn_pass *pass = &variable->passes[pass_index];
    size_t *groups = &pass->groups_of_year[timeline * variable->variable->year_count + year];
    if (*groups != SIZE_MAX)
        return;
    const ptrdiff_t before = find_year_before(maker, timeline, year);
    *groups = find_groups_of_others(maker, pass, year, before);
    if (*groups != SIZE_MAX)
        return;
    if (before >= 0)
        add_load_step(maker, pass, (size_t)before);
    add_load_step(maker, pass, year);
    if (before >= 0) /* the next step reads it, too */
        add_load_step(maker, pass, (size_t)before);
    *groups = variable->group_count;
    variable->steps[variable->step_count++] = (struct cn_step){CN_GROUPS, variable->group_count};
    variable->groups[variable->group_count++] =
        (struct cn_groups){.pass = pass_index, .year = year, .year_before = before};
    pass->groups_count++;
}

/* Adds a batch, behind the steps that it needs. */
static void add_batch_step(struct maker *maker, size_t index)
{
    struct cn_variable_plan *variable = maker->variable;
    const struct cn_batch *batch = &variable->batches[index];
    const struct cn_pass *pass = &variable->passes[batch->pass];
    const bool has_groups = cn_batch_sample(variable, batch)->values != SIZE_MAX;
    const size_t timeline = variable->targets[batch->first_target].timeline;
    for (size_t k = 0; k < batch->row_count; k++) {
        if (batch->rows[k] < 0 || !maker->loading->needed[batch->rows[k]])
            continue;
        if (has_groups)
            add_groups_step(maker, batch->pass, timeline, (size_t)batch->rows[k]);
        else
            add_load_step(maker, pass, (size_t)batch->rows[k]);
    }
    for (size_t k = 0; k < batch->row_count; k++) {
        if (batch->rows[k] < 0 || !maker->loading->needed[batch->rows[k]])
            continue;
        if (has_groups)
            maker->last_group_use[cn_batch_groups(variable, batch, batch->rows[k])] =
                variable->step_count;
        else
            add_load_step(maker, pass, (size_t)batch->rows[k]);
    }
    variable->steps[variable->step_count++] = (struct cn_step){CN_BATCH, index};
}

/* Marks the years whose loads a batch needs. */
static void mark_pass_years(const struct maker *maker, const struct cn_batch *batch)
{
    const struct cn_variable_plan *variable = maker->variable;
    const bool has_groups = cn_batch_sample(variable, batch)->values != SIZE_MAX;
    const size_t timeline = variable->targets[batch->first_target].timeline;
    for (size_t k = 0; k < batch->row_count; k++) {
        if (batch->rows[k] < 0 || !maker->loading->needed[batch->rows[k]])
            continue;
        const ptrdiff_t before =
            has_groups ? find_year_before(maker, timeline, (size_t)batch->rows[k]) : -1;
        maker->loading->of_pass[batch->rows[k]] = true;
        if (before >= 0)
            maker->loading->of_pass[before] = true;
    }
}

/* Makes the loads of a pass, and puts its steps in program order. */
static enum cn_status make_pass(struct maker *maker, size_t index, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    struct cn_pass *pass = &variable->passes[index];
    pass->first_load = variable->load_count;
    pass->first_groups = variable->group_count;
    pass->groups_count = 0;
    memset(maker->loading->of_pass, 0, variable->variable->year_count);
    for (size_t b = pass->first_batch; b < pass->first_batch + pass->batch_count; b++)
        mark_pass_years(maker, &variable->batches[b]);
    enum cn_status status = cn_make_loads(maker->loading, maker->pool, pass, index,
                                          variable->loads + variable->load_count, &pass->load_count,
                                          &variable->bytes_to_decode, error);
    if (status)
        return status;
    variable->load_count += pass->load_count;
    for (size_t l = 0; l < pass->load_count; l++)
        maker->last_use[pass->first_load + l] = SIZE_MAX;
    for (size_t b = pass->first_batch; b < pass->first_batch + pass->batch_count; b++)
        add_batch_step(maker, b);
    return CN_OK;
}

static size_t take_slot(struct free_slots *slots)
{
    return slots->head < slots->tail ? slots->items[slots->head++ % slots->capacity]
                                     : slots->made++;
}

static void free_slot(struct free_slots *slots, size_t slot)
{
    slots->items[slots->tail++ % slots->capacity] = slot;
}

static void reset_slots(struct free_slots *slots, size_t count)
{
    slots->head = slots->tail = slots->made = 0;
    while (slots->made < count)
        free_slot(slots, slots->made++);
}

/* Takes the slots that a step fills. */
static void take_slots(struct maker *maker, const struct cn_step *step)
{
    struct cn_variable_plan *variable = maker->variable;
    const struct cn_load *load = &variable->loads[step->index];
    if (step->kind == CN_GROUPS)
        variable->groups[step->index].group_slot = take_slot(&maker->group_slots);
    else if (step->kind == CN_BATCH)
        variable->batches[step->index].result_slot = step->index % variable->result_slots;
    for (size_t k = 0; step->kind == CN_LOAD && k < load->year_count; k++)
        variable->passes[load->pass].slot_of_year[load->years[k]] = take_slot(&maker->year_slots);
}

/* Frees the slots that step s of a pass is the last one to read. */
static void free_slots(struct maker *maker, const struct cn_pass *pass, size_t s)
{
    const struct cn_variable_plan *variable = maker->variable;
    for (size_t l = pass->first_load; l < pass->first_load + pass->load_count; l++)
        for (size_t k = 0; maker->last_use[l] == s && k < variable->loads[l].year_count; k++)
            free_slot(&maker->year_slots, pass->slot_of_year[variable->loads[l].years[k]]);
    for (size_t g = pass->first_groups; g < pass->first_groups + pass->groups_count; g++)
        if (maker->last_group_use[g] == s)
            free_slot(&maker->group_slots, variable->groups[g].group_slot);
}

/* Assigns slots by running the program with so many slots, and with more if it needs them. */
static void assign_slots(struct maker *maker, size_t year_slots, size_t group_slots)
{
    struct cn_variable_plan *variable = maker->variable;
    reset_slots(&maker->year_slots, year_slots);
    reset_slots(&maker->group_slots, group_slots);
    for (size_t s = 0; s < variable->step_count; s++) {
        const struct cn_step *step = &variable->steps[s];
        take_slots(maker, step);
        if (step->kind == CN_GROUPS)
            free_slots(maker, &variable->passes[variable->groups[step->index].pass], s);
        else if (step->kind == CN_BATCH)
            free_slots(maker, &variable->passes[variable->batches[step->index].pass], s);
    }
}

static enum cn_status fail_for_cells(const struct cn_variable_plan *variable,
                                     struct cn_error *error)
{
    return cn_fail(error, CN_BAD_USAGE, "%s: the regions hold too many cells",
                   variable->variable->label);
}

/* Cuts the layouts for a pass, and finds what its slots hold. False: out of memory. */
static bool cut_layouts(const struct maker *maker, struct cn_pass *pass)
{
    const struct cn_variable_plan *variable = maker->variable;
    const enum cn_leap_day rule = maker->plan->config->normals.leap_day;
    bool is_cut = cn_layout_cut(maker->pool, &variable->layout, &pass->stretch, &pass->layout);
    for (enum cn_time time = CN_DAY; time < CN_TIMES && is_cut; time++) {
        const struct cn_pass_stretch groups =
            cn_group_stretch(variable->variable->calendar, rule, &pass->stretch, time);
        pass->held[time] = (struct cn_circle){groups.first_slot, groups.slot_count,
                                              cn_group_count(time, (size_t)variable->slots)};
        is_cut =
            cn_layout_cut(maker->pool, &variable->results[time], &groups, &pass->results[time]);
    }
    pass->held[CN_DAY] = cn_stretch_days(variable, rule, &pass->stretch);
    return is_cut;
}

/* Gives group values their rows in the group slots of a pass. False: out of memory. */
static bool place_groups(const struct maker *maker, struct cn_pass *pass)
{
    const struct cn_variable_plan *variable = maker->variable;
    const size_t count = variable->group_value_count;
    pass->group_rows = cn_pool_alloc(maker->pool, count + 1, sizeof *pass->group_rows);
    for (size_t v = 0; pass->group_rows && v < count; v++)
        pass->group_rows[v + 1] =
            pass->group_rows[v] + pass->held[variable->group_values[v].time].count;
    return pass->group_rows;
}

/* Cuts the layouts for each pass. */
static enum cn_status cut_passes(struct maker *maker, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    const struct cn_program_shape *shape = maker->shape;
    variable->pass_count = shape->pass_count;
    variable->passes = cn_pool_alloc(maker->pool, shape->pass_count, sizeof *variable->passes);
    bool is_cut = variable->passes;
    for (size_t p = 0; p < shape->pass_count && is_cut; p++) {
        struct cn_pass *pass = &variable->passes[p];
        pass->stretch = shape->stretches[p];
        is_cut = cut_layouts(maker, pass) && place_groups(maker, pass);
    }
    return is_cut ? CN_OK : cn_fail_memory(error, "the plan");
}

/* Counts the years that a batch reads. A baseline may share some with the windows. */
static size_t count_batch_years(const struct maker *maker, const struct cn_batch *batch)
{
    size_t years = 0;
    for (size_t k = 0; k < batch->row_count; k++) {
        bool is_new = batch->rows[k] >= 0 && maker->loading->needed[batch->rows[k]];
        for (size_t i = 0; i < k && is_new; i++)
            is_new = batch->rows[i] != batch->rows[k];
        years += is_new;
    }
    return years;
}

/* Counts slots as if each year were a load of its own: loads of several years take as many slots or
 * more. False: overflow. */
static bool size_least(const struct maker *maker, uint64_t *need)
{
    struct cn_variable_plan *variable = maker->variable;
    const struct cn_program_shape *shape = maker->shape;
    const size_t passes = shape->pass_count - shape->passes_done;
    const size_t batches = count_batches(maker);
    size_t loaded = 0, read = 0, grouped = 0; /* by one step */
    for (size_t y = 0; y < variable->variable->year_count; y++)
        loaded += maker->loading->needed[y] ? passes : 0;
    for (size_t b = 0; b < maker->batches.count; b++) {
        const struct cn_batch *batch = &maker->batches.items[b];
        const bool has_groups = cn_batch_sample(variable, batch)->values != SIZE_MAX;
        const size_t years = count_batch_years(maker, batch);
        size_t *most = has_groups ? &grouped : &read;
        *most = years > *most ? years : *most;
        if (has_groups && years && !read)
            read = 1;
    }
    read += shape->extra_slots;
    grouped += grouped ? shape->extra_slots : 0;
    variable->year_slots = read < loaded ? read : loaded;
    variable->group_slots = grouped < loaded ? grouped : loaded;
    variable->result_slots = shape->result_slots < batches ? shape->result_slots
                             : batches                     ? batches
                                                           : 1;
    return cn_size_slots(maker->plan->config, variable, shape->passes_done,
                         maker->batches.most_results, need);
}

/* Finds the year before each year of each timeline. Timelines that share a year may have different
 * ones before it: where a scenario replaces historical years. Only seasons need it. False: out of
 * memory. */
static bool find_years_before(struct maker *maker)
{
    const struct cn_variable *variable = maker->variable->variable;
    const size_t years = variable->year_count;
    bool has_seasons = false;
    for (size_t v = 0; v < maker->variable->group_value_count; v++)
        has_seasons |= maker->variable->group_values[v].time == CN_SEASON;
    maker->year_before =
        cn_pool_alloc(maker->pool, years, variable->timeline_count * sizeof *maker->year_before);
    if (!maker->year_before)
        return false;
    for (size_t t = 0; t < variable->timeline_count; t++) {
        const struct cn_timeline *timeline = &variable->timelines[t];
        ptrdiff_t *year_before = maker->year_before + t * years;
        for (size_t y = 0; y < years; y++)
            year_before[y] = -1;
        for (int year = timeline->first_year + 1; year <= timeline->last_year && has_seasons;
             year++) {
            const ptrdiff_t y = cn_usable_year(variable, timeline, year);
            if (y >= 0)
                year_before[y] = cn_december_year(variable, timeline, year - 1);
        }
    }
    return true;
}

/* An array whose items are SIZE_MAX. NULL: out of memory. */
static size_t *make_unset(struct cn_pool *pool, size_t count)
{
    size_t *items = cn_pool_alloc(pool, count, sizeof *items);
    for (size_t k = 0; items && k < count; k++)
        items[k] = SIZE_MAX;
    return items;
}

/* Allocates what the steps need. */
static enum cn_status prepare_steps(struct maker *maker, struct cn_error *error)
{
    struct cn_variable_plan *variable = maker->variable;
    const size_t years = variable->variable->year_count, passes = variable->pass_count;
    size_t loads, batches, group_count;
    if (__builtin_mul_overflow(years, passes, &loads) ||
        __builtin_mul_overflow(loads, variable->variable->timeline_count, &group_count) ||
        __builtin_mul_overflow(maker->batches.count, passes, &batches))
        return cn_fail_memory(error, "the plan");
    const size_t capacity =
        years * variable->variable->timeline_count + maker->shape->extra_slots + 1;
    maker->year_slots = (struct free_slots){.capacity = capacity};
    maker->group_slots = (struct free_slots){.capacity = capacity};
    maker->year_slots.items = cn_pool_alloc(maker->pool, 2 * capacity, sizeof(size_t));
    maker->last_use = cn_pool_alloc(maker->pool, loads, sizeof *maker->last_use);
    maker->last_group_use = make_unset(maker->pool, group_count);
    size_t *slots = make_unset(maker->pool, loads), *groups = make_unset(maker->pool, group_count);
    variable->loads = cn_pool_alloc(maker->pool, loads, sizeof *variable->loads);
    variable->groups = cn_pool_alloc(maker->pool, group_count, sizeof *variable->groups);
    variable->batches = cn_pool_alloc(maker->pool, batches, sizeof *variable->batches);
    variable->steps =
        cn_pool_alloc(maker->pool, loads + group_count + batches, sizeof *variable->steps);
    if (!find_years_before(maker) || !maker->year_slots.items || !maker->last_use ||
        !maker->last_group_use || !slots || !groups || !variable->loads || !variable->groups ||
        !variable->batches || !variable->steps)
        return cn_fail_memory(error, "the plan");
    maker->group_slots.items = maker->year_slots.items + capacity;
    variable->load_count = variable->group_count = variable->step_count = 0;
    variable->bytes_to_decode = 0;
    for (size_t p = 0; p < passes; p++) {
        variable->passes[p].slot_of_year = slots + p * years;
        variable->passes[p].groups_of_year =
            groups + p * years * variable->variable->timeline_count;
    }
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
    assign_slots(maker, 0, 0);
    const size_t slots = maker->year_slots.made + shape->extra_slots;
    const size_t group_slots = maker->group_slots.made + shape->extra_slots;
    variable->year_slots = slots < loaded ? slots : loaded;
    variable->group_slots =
        group_slots < variable->group_count ? group_slots : variable->group_count;
    assign_slots(maker, variable->year_slots, variable->group_slots);
    return cn_size_slots(maker->plan->config, variable, shape->passes_done,
                         maker->batches.most_results, need)
               ? CN_OK
               : fail_for_cells(variable, error);
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
        status = cn_batches_make(plan, pool, variable, shape->batch_years, &maker.batches, error);
    if (status)
        return status;
    variable->batch_years = maker.batches.longest;
    if (!size_least(&maker, need))
        return fail_for_cells(variable, error);
    variable->steps = NULL;
    return *need > shape->most_bytes ? CN_OK : make_steps(&maker, need, error);
}
