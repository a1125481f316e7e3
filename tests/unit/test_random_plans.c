/*
 * Plans of thousands of random jobs, followed on paper: nothing exceeds the memory, no slot is
 * overwritten while it is needed, every output is complete. CLIMNORM_SEED draws other jobs;
 * CLIMNORM_JOB=N tries one of them alone. Failures name both.
 */
#include "plan/schedule.h"

#include "base/pool.h"
#include "plan_checks.h"
#include "random_job.h"

#include <math.h>

enum { MOST_CUTS = 512 };
#define PLENTY (UINT64_C(1) << 50)

static uint64_t seed;
static int only_job = -1;

static struct cn_plan *plan_targets(struct job *job)
{
    struct cn_plan *plan;
    struct cn_error error = {.text = ""};
    if (cn_plan_targets(&job->config, &job->catalog, &plan, &error))
        fail_msg("%s: %s", checked_job, error.text);
    return plan;
}

/* *least: if memory does not suffice, how much would. Returns whether it suffices. */
static bool schedule(struct cn_plan *plan, uint64_t limit, uint64_t machine, uint64_t *least)
{
    const struct cn_resources resources = {
        .threads = 2, .memory_limit = limit, .machine_memory = machine};
    struct cn_error error = {.text = ""};
    const enum cn_status status = cn_plan_schedule(plan, &resources, &error);
    if (status == CN_OK)
        return true;
    assert_row(status == CN_BAD_USAGE, checked_job);
    const char *needs = strstr(error.text, "needs at least");
    if (!needs)
        fail_msg("%s: %s", checked_job, error.text);
    *least = strtoull(strchr(needs, '(') + 1, NULL, 10);
    return false;
}

/* Some outputs exist. */
static void draw_existing(struct cn_variable_plan *variable)
{
    const int chance = one_in(3) ? roll(1, 6) : 0;
    for (size_t o = 0; o < variable->output_count; o++)
        variable->outputs[o].wanted = !chance || !one_in(chance);
}

/* Half of the memory that one pass takes, a thousandth, or somewhere between. */
static uint64_t draw_limit(uint64_t whole)
{
    const double share = pow(0.5, roll(0, 1000) / 100.);
    return (uint64_t)((double)whole * share) + 1;
}

/* What the plan says is the least memory is true. */
static void check_least(struct cn_plan *plan, uint64_t limit, uint64_t least)
{
    uint64_t again = 0;
    must(least > limit);
    must(schedule(plan, least, 0, &again));
    check_variable(plan, &plan->variables[0], least);
    must(!schedule(plan, least - 1, 0, &again));
    must(again == least);
}

typedef void check_job(struct cn_plan *plan);

/* Gives the plans of so many jobs to a check. */
static void for_each_job(int jobs, check_job *check)
{
    size_t checked = 0;
    for (int k = only_job < 0 ? 0 : only_job; k < (only_job < 0 ? jobs : only_job + 1); k++) {
        seed_dice(seed, (uint64_t)k);
        snprintf(checked_job, sizeof checked_job, "CLIMNORM_SEED=%llu CLIMNORM_JOB=%d",
                 (unsigned long long)seed, k);
        struct job *job = draw_job();
        struct cn_plan *plan = plan_targets(job);
        struct cn_variable_plan *variable = &plan->variables[0];
        if (!variable->failure && variable->target_count) {
            draw_existing(variable);
            check(plan);
            checked++;
        }
        cn_plan_free(plan);
        free(job);
    }
    assert_true(only_job >= 0 || checked > (size_t)jobs / 2);
    print_message("%zu jobs\n", checked);
}

/* Schedules with plenty of memory, then with some of what that took. Returns whether it suffices;
 * *limit is what was drawn. */
static bool draw_schedule(struct cn_plan *plan, uint64_t *limit, uint64_t *least)
{
    must(schedule(plan, PLENTY, 0, least));
    *limit = draw_limit(plan->arena_bytes);
    return schedule(plan, *limit, 0, least);
}

static void check_memories(struct cn_plan *plan)
{
    struct cn_variable_plan *variable = &plan->variables[0];
    uint64_t least = 0;
    must(schedule(plan, PLENTY, 0, &least));
    must(variable->pass_count == 1);
    check_variable(plan, variable, PLENTY);
    must(variable->bytes_to_decode == variable->bytes_to_decode_once);
    const uint64_t whole = plan->arena_bytes, limit = draw_limit(whole);
    if (!schedule(plan, limit, one_in(2) ? 0 : limit * (uint64_t)roll(1, 64), &least)) {
        check_least(plan, limit, least);
        return;
    }
    check_variable(plan, variable, limit);
    must(schedule(plan, limit + (uint64_t)roll(1, 100000), 0, &least)); /* more is enough, too */
}

static void test_programs_of_random_jobs_are_right(void **state)
{
    (void)state;
    for_each_job(800, check_memories);
}

/* Cuts days into stretches of `days`, and rows into stretches of `rows`. Returns how many; 0: too
 * many. */
static size_t cut_evenly(const struct cn_variable_plan *variable, size_t days, size_t rows,
                         struct cn_pass_stretch stretches[MOST_CUTS])
{
    const struct cn_pass *first = &variable->passes[0];
    const struct cn_pass *last = &variable->passes[variable->pass_count - 1];
    const size_t slots = (size_t)variable->slots, row = first->stretch.first_row;
    const size_t end = last->stretch.first_row + last->stretch.row_count;
    size_t count = 0;
    for (size_t s = 0; s < slots; s += days)
        for (size_t r = row; r < end; r += rows) {
            if (count == MOST_CUTS)
                return 0;
            stretches[count++] = (struct cn_pass_stretch){s, s + days < slots ? days : slots - s, r,
                                                          r + rows < end ? rows : end - r};
        }
    return count;
}

/* Whether another plan is no worse in all that memory gives nor in passes, and decodes less by more
 * than days that are left out; or takes half the passes without more cuts of rows. */
static bool is_beaten(const struct offer *chosen, const struct offer *other)
{
    if (other->look_ahead < chosen->look_ahead || other->result_slots < chosen->result_slots ||
        other->passes > chosen->passes)
        return false;
    return other->bytes < chosen->bytes - chosen->bytes / 100 ||
           (other->bytes == chosen->bytes && other->row_stretches <= chosen->row_stretches &&
            other->passes * 2 < chosen->passes);
}

/* Plans the same job as if a run had cut it in another way and made nothing yet. */
static void check_alternative(struct cn_plan *plan, uint64_t limit, const struct offer *chosen,
                              size_t days, size_t rows)
{
    struct cn_variable_plan *variable = &plan->variables[0];
    struct cn_pass_stretch stretches[MOST_CUTS];
    const size_t count = cut_evenly(variable, days, rows, stretches);
    uint64_t least;
    if (!count)
        return;
    variable->resume = (struct cn_resume){stretches, count, 0};
    must(schedule(plan, limit, 0, &least));
    if (variable->resume.count) {
        must(variable->pass_count == count);
        const struct offer other = check_variable(plan, variable, limit);
        if (is_beaten(chosen, &other))
            fail_msg("%s: %zu days x %zu rows: %llu bytes in %zu passes, chosen %llu in %zu",
                     checked_job, days, rows, (unsigned long long)other.bytes, other.passes,
                     (unsigned long long)chosen->bytes, chosen->passes);
    }
    variable->resume = (struct cn_resume){0};
}

static void check_alternatives(struct cn_plan *plan)
{
    struct cn_variable_plan *variable = &plan->variables[0];
    const struct cn_grid *grid = &variable->variable->grid;
    uint64_t limit, least;
    if (!draw_schedule(plan, &limit, &least))
        return;
    const struct offer chosen = check_variable(plan, variable, limit);
    const struct cn_storage *storage = &variable->variable->files[0].storage;
    const bool is_chunked = storage->layout == CN_CHUNKED;
    const int all_days = variable->slots, all_rows = (int)grid->row_count;
    for (int turn = 0; turn < 8; turn++) {
        int days = one_in(3) ? all_days : roll(1, all_days / (one_in(2) ? 1 : 10));
        int rows = one_in(3) ? all_rows : roll(1, all_rows);
        if (is_chunked && one_in(2)) { /* whole chunks */
            const int day_step = (int)storage->chunk[storage->time_dim];
            const int row_step = (int)storage->chunk[storage->row_dim];
            days = (days - 1) / day_step * day_step + day_step;
            rows = (rows - 1) / row_step * row_step + row_step;
        }
        check_alternative(plan, limit, &chosen, (size_t)days, (size_t)rows);
    }
}

static void test_no_simple_cut_is_better(void **state)
{
    (void)state;
    for_each_job(150, check_alternatives);
}

/* A run was killed after some passes; the next one has the same memory, or another. */
static void check_resume(struct cn_plan *plan)
{
    struct cn_variable_plan *variable = &plan->variables[0];
    struct cn_pass_stretch stretches[MOST_CUTS];
    uint64_t limit, least;
    if (!draw_schedule(plan, &limit, &least))
        return;
    const size_t count = variable->pass_count;
    const uint64_t bytes = variable->bytes_to_decode, once = variable->bytes_to_decode_once;
    assert_row(count <= MOST_CUTS, checked_job);
    for (size_t p = 0; p < count; p++)
        stretches[p] = variable->passes[p].stretch;
    const size_t done = (size_t)roll(1, (int)count);
    variable->resume = (struct cn_resume){stretches, count, done};
    const uint64_t other = one_in(3) ? limit / 2 + (uint64_t)roll(0, 10000) : limit;
    if (!schedule(plan, other, 0, &least)) {
        must(other < limit);
        return;
    }
    check_variable(plan, variable, other);
    must(variable->bytes_to_decode_once == once);
    must(variable->resume.count || other < limit);
    if (variable->resume.count) {
        must(variable->pass_count == count && variable->resume.passes_done == done);
        must(variable->bytes_to_decode <= bytes);
        for (size_t p = 0; p < done; p++)
            must(!variable->passes[p].load_count && !variable->passes[p].batch_count);
    }
}

static void test_a_killed_run_goes_on(void **state)
{
    (void)state;
    for_each_job(400, check_resume);
}

/* Some years could not be read in a later pass, so that some outputs are made again. */
static void check_again(struct cn_plan *plan)
{
    struct cn_variable_plan *variable = &plan->variables[0];
    uint64_t limit, least;
    if (!draw_schedule(plan, &limit, &least))
        return;
    bool unreadable[JOB_YEARS];
    for (size_t y = 0; y < variable->variable->year_count; y++)
        unreadable[y] = one_in(4);
    struct cn_variable_plan again = *variable;
    struct cn_pool *pool = cn_pool_new();
    struct cn_error error = {.text = ""};
    for (size_t o = 0; o < again.output_count; o++)
        again.outputs[o].wanted = again.outputs[o].wanted && one_in(2);
    again.unreadable = unreadable;
    if (cn_plan_again(plan, pool, limit, &again, &error))
        fail_msg("%s: %s", checked_job, error.text);
    check_variable(plan, &again, limit);
    cn_pool_free(pool);
}

static void test_stale_outputs_are_made_again(void **state)
{
    (void)state;
    for_each_job(400, check_again);
}

int main(void)
{
    seed = seed_of_test();
    const char *job = getenv("CLIMNORM_JOB");
    only_job = job ? atoi(job) : -1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs_of_random_jobs_are_right),
        cmocka_unit_test(test_no_simple_cut_is_better),
        cmocka_unit_test(test_a_killed_run_goes_on),
        cmocka_unit_test(test_stale_outputs_are_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
