/*
 * The order of tasks. src/engine/graph.c creates the tasks of random jobs, but libgomp does not get
 * them: here are noted what each depends on and what its body would touch. Of two tasks that touch
 * one thing in turn, the later must depend on the earlier, over others too. Then each order of
 * tasks that the dependences allow is right, so none has to be tried. Each clause is also deleted,
 * which must be noticed.
 */
#include "base/pool.h"
#include "engine/compute.h"
#include "engine/graph.h"
#include "engine/groups.h"
#include "engine/load.h"
#include "engine/output.h"

#include "cn_test.h"
#include "noted_tasks.h"
#include "random_job.h"

#include <limits.h>

enum { JOBS = 400, MOST_CLAUSES = 64, NONE_DELETED = INT_MAX };

/* What a slot goes through, each time that it is filled. */
enum phase { OPENED, FILLED, SEALED, READ };

/* A body touches a thing: a slot; or what only one task may have at a time. */
struct touch {
    size_t task, thing;
    size_t turn; /* the step of the program that fills it: what comes later must wait */
    enum phase phase;
    bool is_late; /* perhaps before others of its turn; only the next turn must wait */
};

/* Addresses of one kind in the pragma of one body. */
struct clause {
    void (*body)(void *);
    char kind; /* of address_kind */
    char name[48];
    bool is_noticed; /* where it is deleted */
};

static struct {
    struct cn_engine *engine;
    size_t task; /* whose body is called */
    struct touch *touches;
    size_t touch_count, touch_capacity;
    size_t *step_of_load, *step_of_groups, *step_of_batch;
} run;

static struct clause clauses[MOST_CLAUSES];
static int clause_count;
static char checked_job[64];

/* The things: year slots, group slots, result slots, the indexes of files, target years. */
static size_t result_thing(size_t slot)
{
    return run.engine->variable->year_slots + run.engine->variable->group_slots + slot;
}

static size_t index_thing(void)
{
    return result_thing(run.engine->variable->result_slots);
}

static size_t target_thing(size_t target)
{
    return index_thing() + 1 + target;
}

static struct touch *touch(const char *name, size_t thing, size_t turn, enum phase phase)
{
    if (run.touch_count == run.touch_capacity) {
        run.touch_capacity = 2 * run.touch_capacity + 1024;
        run.touches = realloc(run.touches, run.touch_capacity * sizeof *run.touches);
        assert_non_null(run.touches);
    }
    noted.tasks[run.task].name = name;
    run.touches[run.touch_count] = (struct touch){run.task, thing, turn, phase, false};
    return &run.touches[run.touch_count++];
}

static void touch_load(const char *name, size_t load, enum phase phase)
{
    const struct cn_variable_plan *variable = run.engine->variable;
    const struct cn_load *plan = &variable->loads[load];
    for (size_t k = 0; k < plan->year_count; k++)
        touch(name, variable->passes[plan->pass].slot_of_year[plan->years[k]],
              run.step_of_load[load], phase);
}

/* Reads the slab of a year, if the pass loads it. */
static void read_year(const char *name, size_t pass, size_t year)
{
    const struct cn_variable_plan *variable = run.engine->variable;
    const struct cn_pass *of = &variable->passes[pass];
    for (size_t l = of->first_load; l < of->first_load + of->load_count; l++)
        for (size_t k = 0; k < variable->loads[l].year_count; k++)
            if (variable->loads[l].years[k] == year)
                touch(name, of->slot_of_year[year], run.step_of_load[l], READ);
}

static void touch_groups(const char *name, size_t index, enum phase phase)
{
    const struct cn_groups *groups = &run.engine->variable->groups[index];
    read_year(name, groups->pass, groups->year);
    if (groups->year_before >= 0)
        read_year(name, groups->pass, (size_t)groups->year_before);
    touch(name, run.engine->variable->year_slots + groups->group_slot, run.step_of_groups[index],
          phase);
}

static void touch_batch(const char *name, size_t index, enum phase phase)
{
    const struct cn_variable_plan *variable = run.engine->variable;
    const struct cn_batch *batch = &variable->batches[index];
    const bool has_groups = cn_batch_sample(variable, batch)->values != SIZE_MAX;
    for (size_t k = 0; k < batch->row_count; k++) {
        if (batch->rows[k] < 0)
            continue;
        const size_t groups =
            has_groups ? cn_batch_groups(variable, batch, batch->rows[k]) : SIZE_MAX;
        if (!has_groups)
            read_year(name, batch->pass, (size_t)batch->rows[k]);
        else if (groups != SIZE_MAX)
            touch(name, variable->year_slots + variable->groups[groups].group_slot,
                  run.step_of_groups[groups], READ);
    }
    touch(name, result_thing(batch->result_slot), run.step_of_batch[index], phase);
}

/* The bodies. */
#define INSTEAD_OF(body) __asm__("__wrap_cn_" #body)
void load_open(struct cn_engine *engine, size_t load) INSTEAD_OF(load_open);
void load_decode(struct cn_engine *engine, size_t load, size_t decode) INSTEAD_OF(load_decode);
void load_seal(struct cn_engine *engine, size_t load) INSTEAD_OF(load_seal);
void groups_open(struct cn_engine *engine, size_t groups) INSTEAD_OF(groups_open);
void groups_tile(struct cn_engine *engine, size_t groups, size_t tile) INSTEAD_OF(groups_tile);
void batch_gate(struct cn_engine *engine, size_t batch) INSTEAD_OF(batch_gate);
void batch_tile(struct cn_engine *engine, size_t batch, size_t tile) INSTEAD_OF(batch_tile);
void batch_join(struct cn_engine *engine, size_t batch) INSTEAD_OF(batch_join);
void output_encode(struct cn_engine *engine, size_t task, size_t share) INSTEAD_OF(output_encode);

void load_open(struct cn_engine *engine, size_t load)
{
    (void)engine;
    touch_load("open", load, OPENED);
    touch("open", index_thing(), run.step_of_load[load], OPENED);
}

void load_decode(struct cn_engine *engine, size_t load, size_t decode)
{
    (void)engine, (void)decode;
    touch_load("decode", load, FILLED);
}

void load_seal(struct cn_engine *engine, size_t load)
{
    (void)engine;
    touch_load("seal", load, SEALED);
}

void groups_open(struct cn_engine *engine, size_t groups)
{
    (void)engine;
    touch_groups("groups", groups, OPENED);
}

void groups_tile(struct cn_engine *engine, size_t groups, size_t tile)
{
    (void)engine, (void)tile;
    touch_groups("tile of groups", groups, FILLED);
}

void batch_gate(struct cn_engine *engine, size_t batch)
{
    (void)engine;
    touch_batch("gate", batch, OPENED);
}

void batch_tile(struct cn_engine *engine, size_t batch, size_t tile)
{
    (void)engine, (void)tile;
    touch_batch("tile", batch, FILLED);
}

void batch_join(struct cn_engine *engine, size_t batch)
{
    (void)engine;
    touch("join", result_thing(run.engine->variable->batches[batch].result_slot),
          run.step_of_batch[batch], SEALED);
}

static size_t output_of(const struct cn_engine *engine, const struct cn_normal_task *task)
{
    return engine->variable->targets[task->target].normals[task->normal].output;
}

/* A target's passes are put one after another. In one pass a normal may have waited for this one,
 * which then puts it from its own result slot. */
void output_encode(struct cn_engine *engine, size_t index, size_t share)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_outputs *outputs = engine->outputs;
    const struct cn_normal_task *task = &outputs->tasks[index];
    const struct cn_batch *batch = &variable->batches[task->batch];
    (void)share;
    touch("encode", result_thing(batch->result_slot), run.step_of_batch[task->batch], READ);
    touch("encode", target_thing(task->target), batch->pass, FILLED);
    for (size_t n = outputs->first_of_batch[task->batch + 1];
         n < outputs->count && variable->pass_count == 1; n++) {
        const struct cn_normal_task *later = &outputs->tasks[n];
        if (output_of(engine, later) == output_of(engine, task))
            touch("encode", result_thing(variable->batches[later->batch].result_slot),
                  run.step_of_batch[later->batch], READ)
                ->is_late = true;
    }
}

/* What an address stands for. */
static char address_kind(const void *address)
{
    const struct cn_engine *engine = run.engine;
    const struct cn_variable_plan *variable = engine->variable;
    const char *at = address;
    const char *slots = (const char *)engine->source_slot_used;
    const char *results = (const char *)engine->result_slot_used;
    const char *batches = (const char *)engine->batches;
    if (at >= slots && at < slots + variable->year_slots)
        return 'y';
    if (at >= slots && at < slots + variable->year_slots + variable->group_slots)
        return 'g';
    if (at >= results && at < results + variable->result_slots)
        return 'r';
    if (at >= batches && at < batches + variable->batch_count * sizeof *engine->batches)
        return 'p';
    return 'o';
}

static const char *kind_name(char kind)
{
    return kind == 'y'   ? "year slots"
           : kind == 'g' ? "group slots"
           : kind == 'r' ? "result slots"
           : kind == 'p' ? "is_put"
                         : "the order of others";
}

/* Notes the clause of each dependence; those that are not known yet are added. */
static void list_clauses(void)
{
    for (size_t t = 0; t < noted.count; t++)
        for (size_t d = 0; d < noted.tasks[t].dependence_count; d++) {
            const struct task *task = &noted.tasks[t];
            const char kind = address_kind(task->dependences[d].address);
            int c = 0;
            while (c < clause_count && (clauses[c].body != task->body || clauses[c].kind != kind))
                c++;
            task->dependences[d].clause = c;
            if (c < clause_count)
                continue;
            assert_true(clause_count < MOST_CLAUSES);
            struct clause *clause = &clauses[clause_count++];
            clause->body = task->body;
            clause->kind = kind;
            snprintf(clause->name, sizeof clause->name, "%s: %s", task->name, kind_name(kind));
        }
}

/* Whether a touch must have ended before another of the same thing begins. */
static bool must_precede(const struct touch *one, const struct touch *other)
{
    if (one->turn != other->turn)
        return one->turn < other->turn && !other->is_late;
    return one->phase < other->phase && !one->is_late && !other->is_late;
}

static int compare_things(const void *one, const void *other)
{
    const struct touch *a = one, *b = other;
    return a->thing < b->thing ? -1 : a->thing > b->thing;
}

/* Whether a touch is in order with all others of its thing, from first to end - 1. */
static bool is_in_order(const struct touch *one, size_t first, size_t end,
                        const struct task_order *order)
{
    for (size_t k = first; k < end; k++)
        if (must_precede(one, &run.touches[k]) && !is_before(order, one->task, run.touches[k].task))
            return false;
    return true;
}

/* Whether all touches are in order without a clause. */
static bool is_right(int deleted)
{
    struct task_order order = find_order(deleted);
    bool right = true;
    for (size_t first = 0, end = 0; first < run.touch_count && right; first = end) {
        while (end < run.touch_count && run.touches[end].thing == run.touches[first].thing)
            end++;
        for (size_t k = first; k < end && right; k++)
            right = is_in_order(&run.touches[k], first, end, &order);
    }
    free(order.bits);
    return right;
}

/* Schedules in a part of the memory that a plan has, or in the least of all. */
static void schedule_in_less(struct cn_plan *plan)
{
    const uint64_t part = one_in(2) ? 1 : plan->arena_bytes / (uint64_t)roll(2, 40) + 1;
    struct cn_resources resources = {.threads = 1, .memory_limit = part};
    struct cn_error error = {.text = ""};
    if (!cn_plan_schedule(plan, &resources, &error))
        return;
    const char *least = strrchr(error.text, '('); /* the error says how much that is */
    assert_non_null(least);
    resources.memory_limit = strtoull(least + 1, NULL, 10);
    assert_int_equal(cn_plan_schedule(plan, &resources, &error), CN_OK);
}

/* NULL: nothing is made. */
static struct cn_plan *plan_job(struct job *job)
{
    struct cn_plan *plan;
    struct cn_error error = {.text = ""};
    const struct cn_resources resources = {.threads = 1, .memory_limit = UINT64_C(1) << 50};
    if (one_in(2))
        job->config.engine.batch_years = roll(1, 3);
    if (cn_plan_targets(&job->config, &job->catalog, &plan, &error))
        fail_msg("%s: %s", checked_job, error.text);
    if (plan->variables[0].failure || !plan->variables[0].target_count) {
        cn_plan_free(plan);
        return NULL;
    }
    assert_int_equal(cn_plan_schedule(plan, &resources, &error), CN_OK);
    if (!one_in(3))
        schedule_in_less(plan);
    return plan;
}

/* Loads as the engine prepares them, but for the files; and fewer tasks of each kind. */
static void prepare(struct cn_engine *engine)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_error error = {.text = ""};
    engine->source_slot_used =
        cn_pool_alloc(engine->pool, variable->year_slots + variable->group_slots, sizeof(bool));
    engine->result_slot_used = cn_pool_alloc(engine->pool, variable->result_slots, sizeof(bool));
    engine->loads = cn_pool_alloc(engine->pool, variable->load_count, sizeof *engine->loads);
    assert_true(engine->source_slot_used && engine->result_slot_used && engine->loads);
    for (size_t l = 0; l < variable->load_count; l++) {
        const struct cn_load *load = &variable->loads[l];
        struct cn_load_state *state = &engine->loads[l];
        state->slots = cn_pool_alloc(engine->pool, load->year_count, sizeof *state->slots);
        assert_non_null(state->slots);
        for (size_t k = 0; k < load->year_count; k++)
            state->slots[state->slot_count++] =
                variable->passes[load->pass].slot_of_year[load->years[k]];
        state->decode_count = (size_t)roll(0, 3);
    }
    if (cn_groups_prepare(engine, &error) || cn_batches_prepare(engine, &error) ||
        cn_outputs_prepare(engine, &error))
        fail_msg("%s: %s", checked_job, error.text);
    for (size_t g = 0; g < variable->group_count; g++)
        engine->groups[g].tile_count = (size_t)roll(1, 2);
    for (size_t b = 0; b < variable->batch_count; b++)
        engine->batches[b].tile_count = (size_t)roll(1, 2);
}

/* The steps of the program that make each load, groups and batch. */
static void find_steps(const struct cn_engine *engine)
{
    const struct cn_variable_plan *variable = engine->variable;
    run.step_of_load = cn_pool_alloc(engine->pool, variable->load_count, sizeof(size_t));
    run.step_of_groups = cn_pool_alloc(engine->pool, variable->group_count, sizeof(size_t));
    run.step_of_batch = cn_pool_alloc(engine->pool, variable->batch_count, sizeof(size_t));
    assert_true(run.step_of_load && run.step_of_groups && run.step_of_batch);
    for (size_t s = 0; s < variable->step_count; s++) {
        const struct cn_step *step = &variable->steps[s];
        size_t *const of[] = {[CN_LOAD] = run.step_of_load,
                              [CN_GROUPS] = run.step_of_groups,
                              [CN_BATCH] = run.step_of_batch};
        of[step->kind][step->index] = s;
    }
}

/* Notes the tasks of a job and what they touch. */
static void note_job(struct cn_engine *engine)
{
    struct cn_error error;
    prepare(engine);
    find_steps(engine);
    run.engine = engine;
    assert_int_equal(cn_graph_run(engine, &error), CN_OK);
    run.touch_count = 0;
    for (run.task = 0; run.task < noted.count; run.task++)
        noted.tasks[run.task].body(noted.tasks[run.task].data);
    qsort(run.touches, run.touch_count, sizeof *run.touches, compare_things);
}

/* Returns whether the job was small enough. */
static bool check_plan(const struct cn_plan *plan)
{
    const struct cn_watch watch = {0};
    struct cn_variable_result result = {0};
    struct cn_counters counters = {0};
    struct cn_engine engine = {.plan = plan,
                               .variable = &plan->variables[0],
                               .watch = &watch,
                               .counters = &counters,
                               .result = &result,
                               .threads = 1,
                               .report_lock = PTHREAD_MUTEX_INITIALIZER,
                               .pool = cn_pool_new()};
    assert_non_null(engine.pool);
    note_job(&engine);
    const bool is_checked = !noted.are_too_many;
    if (is_checked) {
        list_clauses();
        assert_row(is_right(NONE_DELETED), checked_job);
        for (int c = 0; c < clause_count; c++)
            clauses[c].is_noticed = clauses[c].is_noticed || !is_right(c);
    }
    forget_tasks();
    cn_outputs_free(&engine);
    cn_pool_free(engine.pool);
    return is_checked;
}

static void test_each_order_is_right_and_needs_each_clause(void **state)
{
    (void)state;
    const uint64_t seed = seed_of_test();
    size_t checked = 0;
    for (uint64_t k = 0; k < JOBS; k++) {
        seed_dice(seed, k);
        snprintf(checked_job, sizeof checked_job, "CLIMNORM_SEED=%llu, job %llu",
                 (unsigned long long)seed, (unsigned long long)k);
        struct job *job = draw_job();
        struct cn_plan *plan = plan_job(job);
        checked += plan && check_plan(plan);
        cn_plan_free(plan);
        free(job);
    }
    print_message("%zu jobs, %d clauses\n", checked, clause_count);
    assert_true(checked > JOBS / 2);
    for (int c = 0; c < clause_count; c++) {
        print_message("  %s\n", clauses[c].name);
        if (!clauses[c].is_noticed)
            fail_msg("nothing shows that \"%s\" is missing", clauses[c].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_order_is_right_and_needs_each_clause)};
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(run.touches);
    return failed;
}
