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
                                               .label = "pr",
                                               .state = CN_DONE,
                                               .files_read = 151,
                                               .bytes_read = UINT64_C(31200000000),
                                               .passes = 3,
                                               .chunks_read = 55115,
                                               .chunks_decoded = 55116,
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
    fix->rows[1] = (struct cn_variable_result){.name = "tas",
                                               .label = "tas",
                                               .state = CN_ACTIVE,
                                               .wall_s = INFINITY,
                                               .bytes_read = UINT64_MAX};
    fix->rows[2] =
        (struct cn_variable_result){.name = "tasmax", .label = "tasmax", .state = CN_WAITING};
    fix->result = (struct cn_result){
        .variables = fix->rows,
        .count = 3,
        .wall_s = 201.7,
        .phase_s =
            {[CN_PHASE_EXAMINING] = 0.3, [CN_PHASE_WAITING] = 61.2, [CN_PHASE_EXISTING] = 4.2},
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

/* What the summary says; the caller frees it. */
static char *summary_of(const struct cn_result *result)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    cn_summary_print(result, "/data/normals", NULL, out);
    fclose(out);
    return text;
}

static void test_the_tables_tell_each_variable_and_the_end_of_the_run(void **state)
{
    struct fixture *fix = *state;
    char *text = summary_of(&fix->result);
    assert_string_equal(text, "normals      status   made    kept  not made   failed\n"
                              "pr       incomplete    560      40         7        5\n"
                              "tas         stopped      0       0         0        0\n"
                              "tasmax    not begun      0       0         0        0\n"
                              "\n"
                              "seconds     in all reading computing* writing*    read/s\n"
                              "pr            51.0    48.2      492.0    121.5   617 MiB\n"
                              "tas       99999999     0.0        0.0      0.0         -\n"
                              "tasmax         0.0     0.0        0.0      0.0         -\n"
                              "\n"
                              "* added up over 12 threads; the others are of the clock\n"
                              "\n"
                              "Took 03:22 with 12 threads\n"
                              "  01:01 waiting for another run\n"
                              "  00:04 looking at existing normals\n"
                              "1 problem, 1 warning: see the lines above\n"
                              "Incomplete: 12 of 612 normals are missing (7 not made, 5 failed); "
                              "the others are in /data/normals\n");
    free(text);
}

static void test_models_that_are_done_share_a_row(void **state)
{
    (void)state;
    enum { MODELS = 35, VARIABLES = 4 };
    static const char *const names[VARIABLES] = {"pr", "tas", "tasmax", "tasmin"};
    struct cn_variable_result rows[MODELS * VARIABLES];
    char models[MODELS][20], labels[MODELS * VARIABLES][30];
    for (size_t v = 0; v < MODELS * VARIABLES; v++) {
        snprintf(models[v / VARIABLES], sizeof models[0], "Model-%zu", v / VARIABLES);
        snprintf(labels[v], sizeof labels[0], "%s %s", models[v / VARIABLES], names[v % VARIABLES]);
        rows[v] = (struct cn_variable_result){.name = names[v % VARIABLES],
                                              .model = models[v / VARIABLES],
                                              .label = labels[v],
                                              .state = CN_DONE,
                                              .normals_written = 10,
                                              .bytes_read = 1 << 20,
                                              .load_s = 1,
                                              .wall_s = 2};
    }
    rows[5].state = CN_FAILED; /* one of four */
    rows[5].normals_written = 0;
    rows[5].normals_failed = 10;
    for (size_t v = 8; v < 12; v++) {
        rows[v].state = CN_FAILED;
        rows[v].normals_written = 0;
    }
    rows[12].normals_written = 9;
    rows[12].normals_unmade = 1;
    struct cn_result result = {
        .variables = rows, .count = MODELS * VARIABLES, .threads = 2, .status = CN_BAD_INPUT};
    char *text = summary_of(&result);
    static const char *const expected =
        "normals       status   made    kept  not made   failed\n"
        "32 models       done   1280       0         0        0\n"
        "Model-1   incomplete     30       0         0       10\n"
        "Model-2       failed      0       0         0        0\n"
        "Model-3   incomplete     39       0         1        0\n"
        "\n"
        "seconds      in all reading computing* writing*    read/s\n"
        "32 models     256.0   128.0        0.0      0.0   1.0 MiB\n";
    if (strncmp(text, expected, strlen(expected)) != 0)
        fail_msg("%s", text);
    free(text);
    result.count = 12 * VARIABLES; /* few models have a row each */
    text = summary_of(&result);
    assert_non_null(strstr(text, "\nModel-11       done     40 "));
    free(text);
}

static void test_tables_fit_60_columns(void **state)
{
    struct fixture *fix = *state;
    fix->rows[0].name = "precipitation_amount_of_the_day";
    char *text = summary_of(&fix->result);
    const char *line = text;
    for (const char *end; (end = strchr(line, '\n')) && strncmp(line, "Took", 4) != 0;
         line = end + 1)
        assert_true(end - line <= 60 + 2); /* an ellipsis has three bytes */
    assert_non_null(strstr(text, "precipitati…"));
    free(text);
}

/* The last lines of the summary of one variable with such counts. */
static void assert_end(enum cn_status status, uint64_t made, uint64_t kept, uint64_t unmade,
                       uint64_t failed, const char *end)
{
    struct cn_variable_result row = {.name = "pr",
                                     .label = "pr",
                                     .normals_written = made,
                                     .normals_skipped = kept,
                                     .normals_unmade = unmade,
                                     .normals_failed = failed};
    const struct cn_result result = {
        .variables = &row, .count = 1, .wall_s = 0.36, .threads = 1, .status = status};
    char expected[300], *text = summary_of(&result);
    snprintf(expected, sizeof expected, "Took 0.4 s with 1 thread\n%s\n", end);
    const char *took = strstr(text, "Took");
    assert_non_null(took);
    assert_string_equal(took, expected);
    free(text);
}

static void test_the_last_line_says_what_came_of_all_normals(void **state)
{
    (void)state;
    assert_end(CN_OK, 8, 0, 0, 0, "Done: all 8 normals are in /data/normals");
    assert_end(CN_OK, 1, 0, 0, 0, "Done: the normal is in /data/normals");
    assert_end(CN_OK, 6, 2, 0, 0,
               "Done: all 8 normals are in /data/normals; 2 of them were there already");
    assert_end(CN_OK, 0, 8, 0, 0, "All 8 normals are there already, in /data/normals");
    assert_end(CN_OK, 0, 1, 0, 0, "The normal is there already, in /data/normals");
    assert_end(CN_BAD_INPUT, 3, 0, 0, 0,
               "Done, but not all input could be used: all 3 normals are in /data/normals");
    assert_end(CN_BAD_INPUT, 2, 1, 5, 0,
               "Incomplete: 5 of 8 normals are missing (not made); the others are in "
               "/data/normals");
    assert_end(CN_BAD_INPUT, 0, 0, 5, 3,
               "Incomplete: all 8 normals are missing (5 not made, 3 failed)");
    assert_end(CN_STOPPED, 7, 0, 1, 0,
               "Stopped: 1 of 8 normals is missing (not made); the others are in /data/normals\n"
               "Run the same command again to go on.");
    assert_end(CN_BAD_MACHINE, 0, 0, 1, 0,
               "Stopped by the machine: the normal is missing (not made)\n"
               "Run the same command again to go on.");
}

static void test_a_variable_that_could_not_be_planned_is_counted(void **state)
{
    (void)state;
    struct cn_variable_result rows[] = {
        {.name = "pr", .label = "pr", .state = CN_DONE, .normals_written = 90},
        {.name = "tas", .label = "tas", .state = CN_FAILED}};
    struct cn_result result = {.variables = rows, .count = 2, .status = CN_BAD_INPUT};
    char *text = summary_of(&result);
    assert_non_null(strstr(text, "\nIncomplete: 1 of 2 variables failed; the others are in "
                                 "/data/normals\n"));
    free(text);
    rows[0].normals_unmade = 6;
    text = summary_of(&result);
    assert_non_null(strstr(text, "\nIncomplete: 6 of 96 normals are missing (not made), and 1 of 2 "
                                 "variables failed; the others are in /data/normals\n"));
    free(text);
}

static void test_tables_of_zeros_are_not_shown(void **state)
{
    (void)state;
    struct cn_variable_result row = {
        .name = "pr", .label = "pr", .state = CN_DONE, .normals_skipped = 605};
    const struct cn_result result = {.variables = &row, .count = 1, .wall_s = 3.1, .threads = 2};
    char *text = summary_of(&result);
    assert_string_equal(text, "Took 3.1 s with 2 threads\n"
                              "All 605 normals are there already, in /data/normals\n");
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
    static const char *const keys[] = {"version",   "threads",  "isa",
                                       "inflate",   "wall_s",   "peak_rss_bytes",
                                       "exit_code", "problems", "variables"};
    assert_keys(summary, keys, 9);
    assert_int_equal(json_integer_value(json_object_get(summary, "exit_code")), 130);
    assert_string_equal(json_string_value(json_object_get(summary, "isa")), "avx2");
    assert_string_equal(json_string_value(json_object_get(summary, "version")), CLIMNORM_VERSION);
    assert_true(json_integer_value(json_object_get(summary, "peak_rss_bytes")) > 1 << 20);

    json_t *rows = json_object_get(summary, "variables"), *pr = json_array_get(rows, 0);
    static const char *const row_keys[] = {
        "name",           "status",         "files_read", "bytes_read",      "load_s",
        "compute_s",      "write_s",        "wall_s",     "normals_written", "normals_skipped",
        "normals_failed", "normals_unmade", "passes",     "chunks_read",     "chunks_decoded",
        "details",        "problems"};
    assert_int_equal(json_array_size(rows), 3);
    assert_keys(pr, row_keys, 17);
    assert_string_equal(json_string_value(json_object_get(pr, "status")), "done");
    assert_int_equal(json_integer_value(json_object_get(pr, "bytes_read")), 31200000000);
    assert_float_equal(json_real_value(json_object_get(pr, "load_s")), 48.24, 1e-9);
    assert_int_equal(json_integer_value(json_object_get(pr, "normals_failed")), 5);
    assert_int_equal(json_integer_value(json_object_get(pr, "normals_unmade")), 7);
    assert_int_equal(json_integer_value(json_object_get(pr, "passes")), 3);
    assert_int_equal(json_integer_value(json_object_get(pr, "chunks_read")), 55115);
    assert_int_equal(json_integer_value(json_object_get(pr, "chunks_decoded")), 55116);
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
    assert_true(json_is_null(json_object_get(summary, "inflate")));
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
        cmocka_unit_test_setup_teardown(test_the_tables_tell_each_variable_and_the_end_of_the_run,
                                        set_up, tear_down),
        cmocka_unit_test(test_models_that_are_done_share_a_row),
        cmocka_unit_test_setup_teardown(test_tables_fit_60_columns, set_up, tear_down),
        cmocka_unit_test(test_the_last_line_says_what_came_of_all_normals),
        cmocka_unit_test(test_a_variable_that_could_not_be_planned_is_counted),
        cmocka_unit_test(test_tables_of_zeros_are_not_shown),
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
