/*
 * A job as a program other than climnorm uses it: several in one process, stopped, wrongly used.
 * What a run computes is tested from outside.
 */
#include "climnorm/job.h"

#include "synth/options.h"

#include "cn_test.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static char folder[] = "/tmp/climnorm-job-XXXXXX";
static struct cn_config *config;

static void write_config(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/job.cfg", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("input = { root = \"data\"; };\n"
          "output = { root = \"out\"; existing = \"overwrite\"; };\n"
          "regions = [ \"GLOBAL\" ];\n"
          "normals = { window = 2; periods = ( { name = \"p\"; first = 2012; last = 2013; } ); };\n"
          "engine = { threads = 2; };\n",
          file);
    assert_int_equal(fclose(file), 0);
    struct cn_problems problems = {0};
    assert_int_equal(cn_config_read(path, NULL, 0, &config, &problems), CN_OK);
}

static int make_folder(void **state)
{
    (void)state;
    static const char *const variables[] = {"pr", "tas"}, *const scenarios[] = {"ssp245"};
    assert_non_null(mkdtemp(folder));
    char data[64];
    snprintf(data, sizeof data, "%s/data", folder);
    const struct cn_synth_options options = {.root = data,
                                             .first_year = 2011,
                                             .last_year = 2013,
                                             .lat_count = 4,
                                             .lon_count = 6,
                                             .variables = variables,
                                             .variable_count = 2,
                                             .model = "M",
                                             .variant = "r1i1p1f1",
                                             .grid_label = "gn",
                                             .scenarios = scenarios,
                                             .scenario_count = 1,
                                             .calendar = CN_NOLEAP,
                                             .compression = 1};
    struct cn_synth_state made;
    struct cn_error error;
    assert_int_equal(cn_synth(&options, &made, &error), CN_OK);
    write_config();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    cn_config_free(config);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static bool is_output_there(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/out", folder);
    return access(path, F_OK) == 0;
}

/* Prepares a job that must be possible. */
static struct cn_job *prepare(bool is_run)
{
    struct cn_job *job;
    struct cn_error error;
    const struct cn_job_options options = {.is_run = is_run};
    if (cn_job_prepare(config, &options, &job, &error))
        fail_msg("%s", error.text);
    return job;
}

/* The status of a run; *written: its files. */
static enum cn_status run(struct cn_job *job, const atomic_int *stop, size_t *written)
{
    struct cn_result result;
    *written = 0;
    cn_job_run(job, &(struct cn_watch){.stop = stop}, &result);
    for (size_t v = 0; v < result.count; v++)
        *written += result.variables[v].normals_written;
    enum cn_status status = result.status;
    assert_int_equal(cn_problems_count(&result.problems, CN_PROBLEM), status == CN_BAD_USAGE);
    cn_result_free(&result);
    cn_result_free(&result); /* it is empty */
    return status;
}

/* The first test: nothing is there yet. */
static void test_a_job_for_its_plan_writes_nothing(void **state)
{
    (void)state;
    size_t written;
    struct cn_job *job = prepare(false);
    assert_int_equal(job->plan->variables[0].normals_wanted, 2);
    assert_int_equal(run(job, NULL, &written), CN_BAD_USAGE);
    assert_int_equal(written, 0);
    cn_job_free(job);
    assert_false(is_output_there());
}

static void test_a_job_runs_once(void **state)
{
    (void)state;
    size_t written;
    struct cn_job *job = prepare(true);
    assert_int_equal(run(job, NULL, &written), CN_OK);
    assert_int_equal(written, 4);
    assert_int_equal(run(job, NULL, &written), CN_BAD_USAGE);
    assert_int_equal(written, 0);
    cn_job_free(job);
}

/* How many variables a display says are done. It goes on writing where it is in the file. */
static size_t count_done(int display)
{
    char text[4096];
    ssize_t length = pread(display, text, sizeof text - 1, 0);
    assert_in_range(length, 0, sizeof text - 1);
    text[length] = '\0';
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, ": done")); at++)
        count++;
    return count;
}

/* Its thread uses the rows of the first run. */
static void test_a_refused_run_does_not_begin_on_the_display_again(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    struct cn_watch watch = {0};
    struct cn_error error;
    struct cn_result result;
    struct cn_job *job = prepare(true);
    assert_int_equal(cn_progress_start(CN_PROGRESS_PLAIN, fileno(file), &watch.progress, &error),
                     CN_OK);
    for (int k = 0; k < 2; k++) {
        cn_job_run(job, &watch, &result);
        assert_int_equal(result.status, k == 0 ? CN_OK : CN_BAD_USAGE);
        cn_result_free(&result);
        while (count_done(fileno(file)) < job->plan->variable_count)
            usleep(1000);
    }
    cn_progress_stop(watch.progress, 60);
    assert_int_equal(count_done(fileno(file)), job->plan->variable_count);
    cn_job_free(job);
    fclose(file);
}

static void test_jobs_run_after_each_other(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        size_t written;
        struct cn_job *job = prepare(true);
        assert_int_equal(run(job, NULL, &written), CN_OK);
        assert_int_equal(written, 4);
        cn_job_free(job);
    }
}

static void test_resources_are_resolved_if_the_caller_has_not(void **state)
{
    (void)state;
    struct cn_resources expected;
    cn_resources_resolve(config, &expected);
    struct cn_job *job = prepare(false);
    assert_int_equal(job->resources.threads, expected.threads);
    assert_int_equal(job->resources.memory_limit, expected.memory_limit);
    cn_job_free(job);
}

static void test_a_second_job_on_the_same_outputs_is_refused(void **state)
{
    (void)state;
    struct cn_job *first = prepare(true), *second;
    struct cn_error error;
    const struct cn_job_options options = {.is_run = true};
    assert_int_equal(cn_job_prepare(config, &options, &second, &error), CN_BAD_USAGE);
    assert_non_null(strstr(error.text, "another climnorm run writes here"));
    cn_job_free(second);
    cn_job_free(first);
}

/* --- stops --- */

static atomic_int stop;

/* The job notes that it waits: it is stopped at once. */
void __wrap_cn_progress_note(struct cn_progress *progress, const char *format, ...);
void __wrap_cn_progress_note(struct cn_progress *progress, const char *format, ...)
{
    (void)progress;
    (void)format;
    atomic_store(&stop, 1);
}

static void test_a_stop_ends_the_wait_for_another_job(void **state)
{
    (void)state;
    atomic_store(&stop, 0);
    const struct cn_watch watch = {.stop = &stop};
    const struct cn_job_options options = {.is_run = true, .waits = true, .watch = &watch};
    struct cn_job *first = prepare(true), *second;
    struct cn_error error;
    assert_int_equal(cn_job_prepare(config, &options, &second, &error), CN_STOPPED);
    assert_non_null(strstr(error.text, "stopped while waiting for process"));
    cn_job_free(second);
    cn_job_free(first);
}

static void test_a_stop_before_the_run_writes_nothing(void **state)
{
    (void)state;
    size_t written;
    struct cn_job *job = prepare(true);
    atomic_store(&stop, 1);
    assert_int_equal(run(job, &stop, &written), CN_STOPPED);
    assert_int_equal(written, 0);
    cn_job_free(job);
}

/* --- what is the program's, not the job's --- */

static void test_settings_of_openmp_are_kept(void **state)
{
    (void)state;
    size_t written;
    omp_set_dynamic(true);
    omp_set_max_active_levels(3);
    struct cn_job *job = prepare(true);
    assert_int_equal(run(job, NULL, &written), CN_OK);
    cn_job_free(job);
    assert_true(omp_get_dynamic());
    assert_int_equal(omp_get_max_active_levels(), 3);
}

/* The stack for signal handlers before and after a job. A thread of its own has none. */
struct stacks {
    stack_t before, after;
    enum cn_status status;
};

static void *run_between(void *argument)
{
    struct stacks *stacks = argument;
    const struct cn_job_options options = {.is_run = true};
    struct cn_job *job;
    struct cn_error error;
    struct cn_result result = {0};
    sigaltstack(NULL, &stacks->before);
    stacks->status = cn_job_prepare(config, &options, &job, &error);
    if (!stacks->status) {
        cn_job_run(job, NULL, &result);
        stacks->status = result.status;
    }
    cn_result_free(&result);
    cn_job_free(job);
    sigaltstack(NULL, &stacks->after);
    return NULL;
}

static void test_the_stack_of_signal_handlers_is_kept(void **state)
{
    (void)state;
    struct stacks stacks;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_between, &stacks), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(stacks.status, CN_OK);
    assert_int_equal(stacks.after.ss_flags, stacks.before.ss_flags);
    assert_ptr_equal(stacks.after.ss_sp, stacks.before.ss_sp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_job_for_its_plan_writes_nothing),
        cmocka_unit_test(test_a_job_runs_once),
        cmocka_unit_test(test_a_refused_run_does_not_begin_on_the_display_again),
        cmocka_unit_test(test_jobs_run_after_each_other),
        cmocka_unit_test(test_resources_are_resolved_if_the_caller_has_not),
        cmocka_unit_test(test_a_second_job_on_the_same_outputs_is_refused),
        cmocka_unit_test(test_a_stop_ends_the_wait_for_another_job),
        cmocka_unit_test(test_a_stop_before_the_run_writes_nothing),
        cmocka_unit_test(test_settings_of_openmp_are_kept),
        cmocka_unit_test(test_the_stack_of_signal_handlers_is_kept),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
