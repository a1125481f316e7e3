/*
 * The publisher on a disk that takes 100 ms to sync a file: a normal end publishes the whole queue,
 * a request to stop only what can be done in some seconds, and says so. Files count once their
 * folder is synced, which is done for many at once.
 */
#include "base/error.h"
#include "engine/publisher.h"

#include "cn_test.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FEW = 40, SOME = 160, MANY = 1600 }; /* eight threads publish MANY in 20 s */

static char root[] = "/tmp/test_publisher_XXXXXX";

/* Files go into both by turns. */
static const char *const folders[] = {"a", "ab"};

static struct cn_counters counters;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static struct {
    uint64_t renamed[2], durable[2]; /* files of each folder */
    int folder_syncs;
    bool early;                 /* more files were counted than are durable */
    enum cn_status folder_fate; /* of each sync */
} disk;

static void check_counter(void)
{
    if (cn_counted(&counters, CN_NORMALS_WRITTEN) > disk.durable[0] + disk.durable[1])
        disk.early = true;
}

/* The linker gives them to the publisher in place of the real ones. */
enum cn_status slow_publish(const char *final, const char *temporary,
                            struct cn_error *error) __asm__("__wrap_cn_temporary_publish");
enum cn_status slow_sync_folder(const char *temporary,
                                struct cn_error *error) __asm__("__wrap_cn_temporary_sync_folder");

enum cn_status slow_publish(const char *final, const char *temporary, struct cn_error *error)
{
    char path[200];
    const struct timespec sync = {.tv_nsec = 100000000};
    nanosleep(&sync, NULL);
    snprintf(path, sizeof path, "%s.%s", temporary, final);
    if (rename(temporary, path))
        return cn_fail(error, CN_BAD_MACHINE, "cannot be renamed");
    pthread_mutex_lock(&lock);
    check_counter();
    disk.renamed[strstr(temporary, "/ab/") != NULL]++;
    pthread_mutex_unlock(&lock);
    return CN_OK;
}

enum cn_status slow_sync_folder(const char *temporary, struct cn_error *error)
{
    const int folder = strstr(temporary, "/ab/") != NULL;
    pthread_mutex_lock(&lock);
    check_counter();
    disk.folder_syncs++;
    if (!disk.folder_fate)
        disk.durable[folder] = disk.renamed[folder];
    pthread_mutex_unlock(&lock);
    return disk.folder_fate ? cn_fail(error, disk.folder_fate, "cannot be synced") : CN_OK;
}

struct outcome {
    uint64_t written, failed; /* as counted */
    int temporaries, published;
    int stop;
};

static void print_path(char path[100], int i)
{
    snprintf(path, 100, "%s/%s/%d", root, folders[i % 2], i);
}

/* Publishes `count` files while a stop is asked for, or not. */
static struct outcome publish(int count, bool stopped, enum cn_status folder_fate)
{
    const struct cn_plan plan = {0};
    atomic_int signal_number = stopped ? 2 : 0;
    const struct cn_watch watch = {.stop = &signal_number};
    struct cn_variable_result result = {0};
    struct cn_engine job = {.plan = &plan,
                            .watch = &watch,
                            .counters = &counters,
                            .result = &result,
                            .report_lock = PTHREAD_MUTEX_INITIALIZER};
    char path[100], name[120];
    memset(&counters, 0, sizeof counters);
    memset(&disk, 0, sizeof disk);
    disk.folder_fate = folder_fate;
    cn_publisher_start(&job);
    for (int i = 0; i < count; i++) {
        print_path(path, i);
        FILE *temporary = fopen(path, "w");
        assert_non_null(temporary);
        fclose(temporary);
        cn_publisher_add(&job, "published", path, 1);
    }
    cn_publisher_finish(&job);
    struct outcome outcome = {.written = cn_counted(&counters, CN_NORMALS_WRITTEN),
                              .failed = cn_counted(&counters, CN_NORMALS_FAILED),
                              .stop = atomic_load(&job.stop)};
    check_counter();
    cn_problems_free(&result.problems);
    for (int i = 0; i < count; i++) {
        print_path(path, i);
        snprintf(name, sizeof name, "%s.published", path);
        outcome.temporaries += unlink(path) == 0;
        outcome.published += unlink(name) == 0;
    }
    return outcome;
}

static void test_a_queue_is_published_whole(void **state)
{
    (void)state;
    struct outcome outcome = publish(FEW, false, CN_OK);
    assert_int_equal(outcome.published, FEW);
    assert_int_equal(outcome.written, FEW);
    assert_int_equal(outcome.stop, CN_OK);
    assert_false(disk.early);
}

/* Eight threads find few files at first, and a share of many when they come back. */
static void test_a_folder_is_synced_once_for_many_files(void **state)
{
    (void)state;
    struct outcome outcome = publish(SOME, false, CN_OK);
    assert_int_equal(outcome.written, SOME);
    assert_false(disk.early);
    assert_in_range(disk.folder_syncs, 2, SOME / 4);
}

/* The files have their names, but the run must not say so. */
static void test_files_in_a_folder_that_cannot_be_synced_are_not_written(void **state)
{
    (void)state;
    struct outcome outcome = publish(FEW, false, CN_BAD_MACHINE);
    assert_int_equal(outcome.published, FEW);
    assert_int_equal(outcome.written, 0);
    assert_int_equal(outcome.failed, FEW);
    assert_int_equal(outcome.stop, CN_BAD_MACHINE);
}

/* With all that was asked for there, nothing was stopped. */
static void test_a_short_queue_is_published_in_spite_of_a_stop(void **state)
{
    (void)state;
    struct outcome outcome = publish(FEW, true, CN_OK);
    assert_int_equal(outcome.published, FEW);
    assert_int_equal(outcome.written, FEW);
    assert_int_equal(outcome.stop, CN_OK);
}

static void test_a_stop_gives_up_the_rest_of_a_long_queue(void **state)
{
    (void)state;
    struct outcome outcome = publish(MANY, true, CN_OK);
    assert_in_range(outcome.published, 1, MANY / 2);
    assert_int_equal(outcome.written, outcome.published);
    assert_int_equal(outcome.temporaries, 0);
    assert_int_equal(outcome.stop, CN_STOPPED);
}

static int make_root(void **state)
{
    (void)state;
    bool is_made = mkdtemp(root);
    for (int k = 0; k < 2 && is_made; k++) {
        char path[100];
        snprintf(path, sizeof path, "%s/%s", root, folders[k]);
        is_made = mkdir(path, 0700) == 0;
    }
    return is_made ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        char path[100];
        snprintf(path, sizeof path, "%s/%s", root, folders[k]);
        rmdir(path);
    }
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_queue_is_published_whole),
        cmocka_unit_test(test_a_folder_is_synced_once_for_many_files),
        cmocka_unit_test(test_files_in_a_folder_that_cannot_be_synced_are_not_written),
        cmocka_unit_test(test_a_short_queue_is_published_in_spite_of_a_stop),
        cmocka_unit_test(test_a_stop_gives_up_the_rest_of_a_long_queue),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
