/*
 * The publisher on a disk that takes 100 ms to sync a file: a normal end publishes the whole queue,
 * a request to stop only what can be done in some seconds, and says so.
 */
#include "base/error.h"
#include "engine/publisher.h"

#include "cn_test.h"

#include <time.h>
#include <unistd.h>

enum { FEW = 40, MANY = 1600 }; /* eight threads publish MANY in 20 s */

static char root[] = "/tmp/test_publisher_XXXXXX";

/* The linker gives it to the publisher in place of the real one. */
enum cn_status slow_publish(const char *final, const char *temporary,
                            struct cn_error *error) __asm__("__wrap_cn_temporary_publish");

enum cn_status slow_publish(const char *final, const char *temporary, struct cn_error *error)
{
    char path[200];
    const struct timespec sync = {.tv_nsec = 100000000};
    nanosleep(&sync, NULL);
    snprintf(path, sizeof path, "%s.%s", temporary, final);
    return rename(temporary, path) ? cn_fail(error, CN_BAD_MACHINE, "cannot be renamed") : CN_OK;
}

struct outcome {
    uint64_t written; /* as counted */
    int temporaries, published;
    int stop;
};

/* Publishes `count` files while a stop is asked for, or not. */
static struct outcome publish(int count, bool stopped)
{
    const struct cn_plan plan = {0};
    atomic_int signal_number = stopped ? 2 : 0;
    const struct cn_watch watch = {.stop = &signal_number};
    struct cn_counters counters = {0};
    struct cn_engine job = {.plan = &plan, .watch = &watch, .counters = &counters};
    char path[100], name[120];
    cn_publisher_start(&job);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%d", root, i);
        FILE *temporary = fopen(path, "w");
        assert_non_null(temporary);
        fclose(temporary);
        cn_publisher_add(&job, "published", path, 1);
    }
    cn_publisher_finish(&job);
    struct outcome outcome = {.written = cn_counted(&counters, CN_NORMALS_WRITTEN),
                              .stop = atomic_load(&job.stop)};
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%d", root, i);
        snprintf(name, sizeof name, "%s.published", path);
        outcome.temporaries += unlink(path) == 0;
        outcome.published += unlink(name) == 0;
    }
    return outcome;
}

static void test_a_queue_is_published_whole(void **state)
{
    (void)state;
    struct outcome outcome = publish(FEW, false);
    assert_int_equal(outcome.published, FEW);
    assert_int_equal(outcome.written, FEW);
    assert_int_equal(outcome.stop, CN_OK);
}

/* With all that was asked for there, nothing was stopped. */
static void test_a_short_queue_is_published_in_spite_of_a_stop(void **state)
{
    (void)state;
    struct outcome outcome = publish(FEW, true);
    assert_int_equal(outcome.published, FEW);
    assert_int_equal(outcome.written, FEW);
    assert_int_equal(outcome.stop, CN_OK);
}

static void test_a_stop_gives_up_the_rest_of_a_long_queue(void **state)
{
    (void)state;
    struct outcome outcome = publish(MANY, true);
    assert_in_range(outcome.published, 1, MANY / 2);
    assert_int_equal(outcome.written, outcome.published);
    assert_int_equal(outcome.temporaries, 0);
    assert_int_equal(outcome.stop, CN_STOPPED);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_queue_is_published_whole),
        cmocka_unit_test(test_a_short_queue_is_published_in_spite_of_a_stop),
        cmocka_unit_test(test_a_stop_gives_up_the_rest_of_a_long_queue),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
