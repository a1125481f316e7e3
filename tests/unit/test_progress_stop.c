/*
 * The end of a display, whatever its thread is doing: a stop that falls between two steps of the
 * thread is not lost, and a thread that does not end holds up nothing. An alarm ends a test that
 * hangs.
 */
#include "climnorm/progress.h"

#include "cn_test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { HANG_S = 60 };

enum { NEVER, BEFORE_READ, AFTER_READ };
static int stop_falls;
static sem_t thread_is_there; /* the thread is at the step where the stop shall fall */
static sem_t stop_was_sent;   /* its flag is set and the thread woken */
static atomic_bool is_stuck;  /* poll does not return */

int __real_eventfd_read(int fd, eventfd_t *value);
int __wrap_eventfd_read(int fd, eventfd_t *value);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                const struct timespec *until);
int __wrap_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                const struct timespec *until);

/* The thread that is left behind leaks what it uses. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static void let_stop_fall(void)
{
    stop_falls = NEVER;
    sem_post(&thread_is_there);
    sem_wait(&stop_was_sent);
}

int __wrap_eventfd_read(int fd, eventfd_t *value)
{
    if (stop_falls == BEFORE_READ)
        let_stop_fall();
    int result = __real_eventfd_read(fd, value);
    if (stop_falls == AFTER_READ)
        let_stop_fall();
    return result;
}

/* cn_progress_stop joins right after it has woken the thread. */
int __wrap_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                const struct timespec *until)
{
    sem_post(&stop_was_sent);
    return __real_pthread_clockjoin_np(thread, result, clock, until);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (atomic_load(&is_stuck))
        sem_post(&thread_is_there);
    while (atomic_load(&is_stuck))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return __real_poll(fds, count, timeout_ms);
}

struct fixture {
    struct cn_counters *counters; /* on pages of their own */
    struct cn_progress_view view;
    struct cn_progress *progress;
    int fd;
};

static int set_up(void **state)
{
    static struct fixture fix;
    void *pages = mmap(NULL, sizeof(struct cn_counters), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || sem_init(&thread_is_there, 0, 0) || sem_init(&stop_was_sent, 0, 0))
        return -1;
    fix = (struct fixture){.counters = pages};
    fix.counters->name = "tas";
    fix.view = (struct cn_progress_view){.title = "title", .counters = fix.counters, .count = 1};
    fix.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    *state = &fix;
    alarm(HANG_S);
    return fix.fd < 0;
}

static int tear_down(void **state)
{
    struct fixture *fix = *state;
    alarm(0);
    munmap(fix->counters, sizeof *fix->counters);
    return close(fix->fd);
}

static void start(struct fixture *fix, enum cn_progress_mode mode)
{
    struct cn_error error;
    assert_int_equal(cn_progress_start(mode, fix->fd, &fix->progress, &error), CN_OK);
    cn_progress_show_run(fix->progress, &fix->view);
}

static void stop_in_between(struct fixture *fix, enum cn_progress_mode mode, int where)
{
    sem_init(&stop_was_sent, 0, 0);
    stop_falls = where;
    start(fix, mode);
    cn_progress_say(fix->progress, "the thread wakes up");
    sem_wait(&thread_is_there);
    cn_progress_stop(fix->progress, HANG_S / 2); /* hangs, or ends by itself: no cancellation */
}

static void test_a_stop_between_two_steps_ends_the_thread(void **state)
{
    static const enum cn_progress_mode modes[] = {CN_PROGRESS_NONE, CN_PROGRESS_PLAIN,
                                                  CN_PROGRESS_JSON};
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        stop_in_between(*state, modes[i], BEFORE_READ);
        stop_in_between(*state, modes[i], AFTER_READ);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_true(ended.tv_sec - began.tv_sec < HANG_S / 2); /* the thread was not cancelled */
}

static int threads_alive(void)
{
    char line[128];
    int threads = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Threads: %d", &threads) == 1)
            break;
    if (file)
        fclose(file);
    return threads;
}

/* A thread that does not end is left behind; when it goes on, it ends without the view. */
static void test_a_thread_that_does_not_end_is_left_behind(void **state)
{
    struct fixture *fix = *state;
    int before = threads_alive();
    atomic_store(&is_stuck, true);
    start(fix, CN_PROGRESS_NONE);
    sem_wait(&thread_is_there);
    cn_progress_stop(fix->progress, 0);
    assert_int_equal(mprotect(fix->counters, sizeof *fix->counters, PROT_NONE), 0);
    atomic_store(&is_stuck, false);
    while (threads_alive() > before) /* until the alarm */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_stop_between_two_steps_ends_the_thread, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_thread_that_does_not_end_is_left_behind, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
