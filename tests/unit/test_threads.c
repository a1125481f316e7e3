/*
 * Threads and cores. OpenMP binds the main thread while a program is loaded. So the test runs
 * itself again with environment variables that ask for it. Helper threads must not share the one
 * core of the main thread.
 */
#include "base/threads.h"
#include "engine/publisher.h"
#include "engine/readahead.h"

#include "cn_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <omp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static int cores_of(pid_t thread)
{
    cpu_set_t cores;
    return sched_getaffinity(thread, sizeof cores, &cores) ? -1 : CPU_COUNT(&cores);
}

/* Threads besides the main one that may run on `cores` cores. */
static int threads_on(int cores)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (const struct dirent *task; tasks && (task = readdir(tasks));) {
        pid_t thread = (pid_t)strtol(task->d_name, NULL, 10);
        count += thread > 0 && thread != getpid() && cores_of(thread) == cores;
    }
    if (tasks)
        closedir(tasks);
    return count;
}

/* Starts the display, the publisher and reading ahead; 0: all their threads may run on `cores`
 * cores. */
static int helpers_stay_bound(int cores)
{
    struct cn_counters counters = {.name = "tas"};
    struct cn_progress_view view = {.title = "", .counters = &counters, .count = 1};
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct cn_progress *progress;
    const struct cn_variable_plan variable = {0};
    const struct cn_plan plan = {0};
    struct cn_engine job = {
        .counters = &counters, .plan = &plan, .variable = &variable, .threads = 2};
    struct cn_error error;
    int bound = threads_on(1); /* OpenMP's */
    if (cn_progress_start(CN_PROGRESS_PLAIN, fd, &progress, &error) ||
        cn_readahead_start(&job, &error))
        return 1;
    cn_progress_show_run(progress, &view);
    cn_publisher_start(&job);
    int wanted = threads_on(cores) + threads_on(1) - bound;
    for (int tries = 0; tries < 500 && threads_on(cores) < wanted; tries++)
        usleep(10000); /* until they have begun */
    bool right = wanted >= 3 && threads_on(cores) == wanted;
    cn_readahead_finish(&job);
    cn_publisher_finish(&job);
    cn_progress_stop(progress, 60);
    close(fd);
    return !right;
}

/* What the program does when the test runs it again. argv: bound CORES | limit THREADS. Returns:
 * the exit code; 0: all is right. */
static int check_in_environment(char **argv)
{
    int number = atoi(argv[2]);
    if (strcmp(argv[1], "limit") == 0)
        return cn_threads_granted(1) != 1 || cn_threads_granted(4096) != number;
#pragma omp parallel num_threads(2) /* binds the main thread, if loading did not */
    (void)omp_get_thread_num();
    if (cores_of(0) != 1) /* else there is nothing to test */
        return 2;
    return helpers_stay_bound(number) || cn_threads_available() > number || cores_of(0) != 1;
}

static int run_in(const char *variable, const char *value, const char *what, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    pid_t child = fork();
    if (child == 0) {
        setenv("OMP_PLACES", "threads", 1);
        setenv(variable, value, 1);
        execl("/proc/self/exe", "test_threads", what, text, NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_helpers_are_not_bound_to_the_main_threads_core(void **state)
{
    (void)state;
    int cores = cores_of(0);
    if (cores < 2)
        skip();
    assert_int_equal(run_in("OMP_PROC_BIND", "true", "bound", cores), 0);
    assert_int_equal(run_in("OMP_PROC_BIND", "spread", "bound", cores), 0);
    assert_int_equal(run_in("OMP_PLACES", "threads", "bound", cores), 0);
}

static void test_the_limit_of_the_environment_is_known(void **state)
{
    (void)state;
    assert_int_equal(run_in("OMP_THREAD_LIMIT", "3", "limit", 3), 0);
    assert_int_equal(cn_threads_granted(7), 7);
    assert_true(cn_threads_available() >= 1);
    assert_true(cn_threads_available() <= sysconf(_SC_NPROCESSORS_ONLN));
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return check_in_environment(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_helpers_are_not_bound_to_the_main_threads_core),
        cmocka_unit_test(test_the_limit_of_the_environment_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
