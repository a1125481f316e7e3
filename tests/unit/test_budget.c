/*
 * The budget of large decodes: threads never hold more than it together, one alone may hold more,
 * and all come to an end.
 */
#include "engine/budget.h"

#include "cn_test.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

enum { THREADS = 8, ROUNDS = 2000, BYTES = 100 };

static struct cn_budget budget;
static atomic_int held, holders, breaches;

static void *take_turns(void *seed)
{
    unsigned dice = *(const unsigned *)seed;
    for (int i = 0; i < ROUNDS; i++) {
        dice = dice * 1664525 + 1013904223;
        const int bytes = 1 + (int)(dice >> 16) % (BYTES * 3 / 2);
        cn_budget_acquire(&budget, (uint64_t)bytes);
        const int now = atomic_fetch_add(&held, bytes) + bytes;
        const int others = atomic_fetch_add(&holders, 1);
        atomic_fetch_add(&breaches, now > BYTES && others > 0);
        sched_yield();
        atomic_fetch_sub(&holders, 1);
        atomic_fetch_sub(&held, bytes);
        cn_budget_release(&budget, (uint64_t)bytes);
    }
    return NULL;
}

static void test_many_threads_never_hold_more_than_the_budget(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    cn_budget_init(&budget, BYTES);
    for (unsigned t = 0; t < THREADS; t++) {
        seeds[t] = t;
        assert_int_equal(pthread_create(&threads[t], NULL, take_turns, &seeds[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    assert_int_equal(atomic_load(&breaches), 0);
    assert_int_equal(budget.held, 0);
    cn_budget_destroy(&budget);
}

static void *take_and_tell(void *taken)
{
    cn_budget_acquire(&budget, BYTES);
    atomic_store((atomic_bool *)taken, true);
    cn_budget_release(&budget, BYTES);
    return NULL;
}

static void test_more_than_the_budget_is_given_to_one_alone(void **state)
{
    (void)state;
    const struct timespec pause = {.tv_nsec = 50000000};
    pthread_t thread;
    atomic_bool taken = false;
    cn_budget_init(&budget, BYTES);
    cn_budget_acquire(&budget, 1000 * BYTES); /* alone: at once */
    assert_int_equal(pthread_create(&thread, NULL, take_and_tell, &taken), 0);
    nanosleep(&pause, NULL);
    assert_false(atomic_load(&taken));
    cn_budget_release(&budget, 1000 * BYTES);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&taken));
    cn_budget_destroy(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_threads_never_hold_more_than_the_budget),
        cmocka_unit_test(test_more_than_the_budget_is_given_to_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
