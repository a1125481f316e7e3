/*
 * What a run reports at its end: the table, every problem in one line, and the JSON of --summary,
 * which is replaced completely or not at all.
 */
#include "base/error.h"
#include "cli/summary.h"

#include "cn_test.h"

#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct cn_variable_result rows[3];
    struct cn_result result;
};

static int set_up(void **state)
{
    struct fixture *fix = calloc(1, sizeof *fix);
    setlocale(LC_ALL, "C.UTF-8");
    strcpy(fix->folder, "/tmp/climnorm-test-XXXXXX");
    if (!mkdtemp(fix->folder))
        return -1;
    fix->rows[0] = (struct cn_variable_result){.name = "pr",
                                               .state = CN_DONE,
                                               .files_read = 151,
                                               .bytes_read = UINT64_C(31200000000),
                                               .load_s = 48.24,
                                               .compute_s = 492,
                                               .write_s = 121.5,
                                               .wall_s = 51,
                                               .normals_written = 560,
                                               .normals_skipped = 40,
                                               .normals_failed = 5,
                                               .normals_unmade = 7};
    cn_problems_add(&fix->rows[0].problems, CN_PROBLEM, "pr_1987\xff.nc: bad\nchunk 211");
    cn_problems_add(&fix->rows[0].problems, CN_WARNING, "mixes versions");
    fix->rows[1] = (struct cn_variable_result){
        .name = "tas", .state = CN_ACTIVE, .wall_s = INFINITY, .bytes_read = UINT64_MAX};
    fix->rows[2] = (struct cn_variable_result){.name = "tasmax", .state = CN_FAILED};
    fix->result = (struct cn_result){.variables = fix->rows,
                                     .count = 3,
                                     .wall_s = 201.7,
                                     .threads = 12,
                                     .isa = "avx2",
                                     .status = CN_BAD_INPUT};
    *state = fix;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fix = *state;
    for (size_t i = 0; i < 3; i++)
        cn_problems_free(&fix->rows[i].problems);
    int left = rmdir(fix->folder); /* fails if a test left a temporary behind */
    free(fix);
    return left;
}

static void test_the_table_tells_each_variable_and_the_end_of_the_run(void **state)
{
    struct fixture *fix = *state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    cn_summary_print(&fix->result, out);
    fclose(out);
    assert_string_equal(
        text, "! pr_1987?.nc: bad?chunk 211\n"
              "warning: mixes versions\n"
              "\n"
              "variable    status   written   skipped    failed     files      read\n"
              "pr            done       560        40         5       151  29.1 GiB\n"
              "tas        stopped         0         0         0         0   8.0 EiB\n"
              "tasmax      failed         0         0         0         0       0 B\n"
              "\n"
              "variable    load s compute s   write s    wall s    read/s   normals\n"
              "pr            48.2     492.0     121.5      51.0   617 MiB      11/s\n"
              "tas            0.0       0.0       0.0  99999999         -         -\n"
              "tasmax         0.0       0.0       0.0       0.0         -         -\n"
              "\n"
              "560 normals written, 40 skipped, 5 failed, 7 not made; 1 of 3 variables failed\n"
              "Took 03:22 with 12 threads. Something that was asked for is missing:\n"
              "read the lines that begin with !, and run again. "
              "Everything else is there.\n");
    free(text);
}

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *object = json_load_file(path, 0, &error);
    if (!object)
        fail_msg("%s: %s", path, error.text);
    return object;
}

static void assert_keys(json_t *object, const char *const *keys, size_t count)
{
    assert_int_equal(json_object_size(object), count);
    for (size_t i = 0; i < count; i++)
        if (!json_object_get(object, keys[i]))
            fail_msg("no key %s", keys[i]);
}

static void test_the_summary_holds_each_key_once(void **state)
{
    struct fixture *fix = *state;
    struct cn_error error;
    char path[96];
    snprintf(path, sizeof path, "%s/summary.json", fix->folder);
    assert_int_equal(cn_summary_write(&fix->result, 2, path, &error), CN_OK);
    assert_int_equal(cn_summary_write(&fix->result, 130, path, &error), CN_OK); /* replaces it */
    json_t *summary = load(path);
    static const char *const keys[] = {"version",        "threads",   "isa",      "wall_s",
                                       "peak_rss_bytes", "exit_code", "problems", "variables"};
    assert_keys(summary, keys, 8);
    assert_int_equal(json_integer_value(json_object_get(summary, "exit_code")), 130);
    assert_string_equal(json_string_value(json_object_get(summary, "isa")), "avx2");
    assert_string_equal(json_string_value(json_object_get(summary, "version")), CLIMNORM_VERSION);
    assert_true(json_integer_value(json_object_get(summary, "peak_rss_bytes")) > 1 << 20);

    json_t *rows = json_object_get(summary, "variables"), *pr = json_array_get(rows, 0);
    static const char *const row_keys[] = {
        "name",           "status",         "files_read", "bytes_read",      "load_s",
        "compute_s",      "write_s",        "wall_s",     "normals_written", "normals_skipped",
        "normals_failed", "normals_unmade", "problems"};
    assert_int_equal(json_array_size(rows), 3);
    assert_keys(pr, row_keys, 13);
    assert_string_equal(json_string_value(json_object_get(pr, "status")), "done");
    assert_int_equal(json_integer_value(json_object_get(pr, "bytes_read")), 31200000000);
    assert_float_equal(json_real_value(json_object_get(pr, "load_s")), 48.24, 1e-9);
    assert_int_equal(json_integer_value(json_object_get(pr, "normals_failed")), 5);
    assert_int_equal(json_integer_value(json_object_get(pr, "normals_unmade")), 7);
    json_t *problems = json_object_get(pr, "problems");
    assert_int_equal(json_array_size(problems), 2);
    assert_string_equal(json_string_value(json_array_get(problems, 0)),
                        "pr_1987?.nc: bad?chunk 211");
    assert_string_equal(json_string_value(json_array_get(problems, 1)), "warning: mixes versions");
    json_t *tas = json_array_get(rows, 1);
    assert_string_equal(json_string_value(json_object_get(tas, "status")), "stopped");
    assert_true(json_is_null(json_object_get(tas, "wall_s")));
    json_decref(summary);
    assert_int_equal(unlink(path), 0);
}

static void test_a_summary_that_cannot_be_written_is_an_error_and_a_link_stays_one(void **state)
{
    struct fixture *fix = *state;
    struct cn_error error;
    char path[96], target[96];
    snprintf(path, sizeof path, "%s/no/summary.json", fix->folder);
    assert_int_equal(cn_summary_write(&fix->result, 2, path, &error), CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, "No such file"));
    assert_int_equal(cn_summary_write(&fix->result, 2, "/dev/full", &error), CN_BAD_MACHINE);
    assert_int_equal(cn_summary_write(&fix->result, 2, fix->folder, &error), CN_BAD_MACHINE);

    snprintf(path, sizeof path, "%s/link.json", fix->folder);
    snprintf(target, sizeof target, "%s/target.json", fix->folder);
    assert_int_equal(symlink("target.json", path), 0); /* a link stays one */
    fix->result.isa = NULL;
    assert_int_equal(cn_summary_write(&fix->result, 2, path, &error), CN_OK);
    struct stat info;
    assert_true(lstat(path, &info) == 0 && S_ISLNK(info.st_mode));
    json_t *summary = load(target);
    assert_true(json_is_null(json_object_get(summary, "isa")));
    json_decref(summary);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(target), 0);
}

static void *end_other_run(void *lock)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    close(*(int *)lock);
    return NULL;
}

/* The temporary of a dead run is removed; a run waits for that of a living one. */
static void test_what_a_dead_run_left_is_removed_and_a_living_one_is_waited_for(void **state)
{
    struct fixture *fix = *state;
    struct cn_error error;
    char path[96], left[96], other[96];
    snprintf(path, sizeof path, "%s/summary.json", fix->folder);
    snprintf(left, sizeof left, "%s/.climnorm-summary.json.tmp", fix->folder);
    snprintf(other, sizeof other, "%s/.climnorm-another.json.tmp", fix->folder);
    for (int is_alive = 0; is_alive < 2; is_alive++) {
        int files[] = {open(left, O_WRONLY | O_CREAT, 0666), open(other, O_WRONLY | O_CREAT, 0666)};
        assert_true(files[0] >= 0 && files[1] >= 0);
        assert_int_equal(write(files[0], "half", 4), 4);
        pthread_t thread;
        if (is_alive) {
            assert_int_equal(flock(files[0], LOCK_EX), 0);
            assert_int_equal(pthread_create(&thread, NULL, end_other_run, &files[0]), 0);
        } else {
            close(files[0]);
        }
        assert_int_equal(cn_summary_write(&fix->result, 2, path, &error), CN_OK);
        if (is_alive) {
            assert_int_equal(fcntl(files[0], F_GETFD), -1); /* it has ended */
            assert_int_equal(pthread_join(thread, NULL), 0);
        }
        assert_int_equal(access(left, F_OK), -1);
        assert_int_equal(unlink(other), 0);
        close(files[1]);
        json_decref(load(path));
        assert_int_equal(unlink(path), 0);
    }
    /* Nothing is written through a link. */
    assert_int_equal(symlink("target", left), 0);
    assert_int_equal(cn_summary_write(&fix->result, 2, path, &error), CN_BAD_MACHINE);
    assert_int_equal(unlink(left), 0); /* and nothing else is there: the folder can be removed */
}

struct writers {
    const struct cn_result *result;
    const char *path;
    atomic_int running;
};

static void *write_often(void *argument)
{
    struct writers *writers = argument;
    struct cn_error error;
    intptr_t failures = 0;
    for (int i = 0; i < 100; i++)
        failures += cn_summary_write(writers->result, 2, writers->path, &error) != CN_OK;
    atomic_fetch_sub(&writers->running, 1);
    return (void *)failures;
}

/* Runs that write the same summary at the same time: a reader always finds a complete one. */
static void test_a_reader_finds_a_complete_summary_while_several_write_it(void **state)
{
    enum { WRITERS = 3 };
    struct fixture *fix = *state;
    char path[96];
    snprintf(path, sizeof path, "%s/summary.json", fix->folder);
    struct writers writers = {&fix->result, path, WRITERS};
    pthread_t threads[WRITERS];
    struct cn_error error;
    assert_int_equal(cn_summary_write(&fix->result, 2, path, &error), CN_OK);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_often, &writers), 0);
    while (atomic_load(&writers.running))
        json_decref(load(path));
    for (int i = 0; i < WRITERS; i++) {
        void *failures;
        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_table_tells_each_variable_and_the_end_of_the_run,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_summary_holds_each_key_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_summary_that_cannot_be_written_is_an_error_and_a_link_stays_one, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_a_dead_run_left_is_removed_and_a_living_one_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_reader_finds_a_complete_summary_while_several_write_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
