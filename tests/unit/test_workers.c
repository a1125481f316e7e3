/*
 * Children that crash, hang, send wrong answers or outlive their parent: the answers to all other
 * items are right.
 */
#include "base/error.h"
#include "base/workers.h"

#include "cn_test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ITEMS = 60 };
enum kind {
    GOOD,
    SLOW,
    LONG,
    SPOILS_LATER,
    CRASHES,
    EXITS,
    HANGS,
    WAITS,
    FAILS,
    SENDS_NOISE,
    CLOSES_ALL,
    SENDS_WRONG,
    ANNOUNCES_LARGE,
    ALLOCATES,
    IS_KILLED,
    FAILS_MACHINE
};

/* What the child does at each item, and what the parent received. */
struct trial {
    enum kind kinds[ITEMS];
    int timeout_s;                /* as of struct cn_workers */
    const struct cn_watch *watch; /* the same */
    int taken[ITEMS];
    char said[ITEMS][sizeof((struct cn_error *)NULL)->text]; /* why it failed; "": the right number
                                                                arrived */
};

static const struct timespec nap = {.tv_nsec = 200000000};
static bool is_spoilt; /* in a child, by an item that had a right answer */

/* To every descriptor that the pipe may have. */
static void write_everywhere(const void *bytes, size_t count)
{
    for (int descriptor = 3; descriptor < 64; descriptor++)
        if (write(descriptor, bytes, count) < 0)
            continue;
}

static enum cn_status examine(void *context, size_t item, struct cn_archive *found,
                              struct cn_error *error)
{
    const struct trial *trial = context;
    const uint64_t claim[3] = {item, (uint64_t)200 << 20, CN_OK}; /* the header of an answer */
    unsigned char noise[4096];
    uint64_t number = item * item;
    if (is_spoilt && item % 2)
        abort();
    if (is_spoilt)
        return cn_fail(error, CN_BAD_INPUT, "spoilt by another item");
    switch (trial->kinds[item]) {
    case CRASHES:
        abort(); /* cmocka would catch SIGSEGV */
    case EXITS:
        _exit(0);
    case HANGS:
        for (volatile int i = 0;; i++)
            continue;
    case FAILS:
        return cn_fail(error, CN_BAD_INPUT, "item %zu is bad", item);
    case FAILS_MACHINE:
        return cn_fail(error, CN_BAD_MACHINE, "item %zu ends it", item);
    case SPOILS_LATER:
        is_spoilt = true;
        break;
    case SENDS_NOISE:
        memset(noise, 0x5a, sizeof noise);
        write_everywhere(noise, sizeof noise);
        break;
    case CLOSES_ALL:
        for (int descriptor = 3; descriptor < 64; descriptor++)
            close(descriptor);
        break;
    case ANNOUNCES_LARGE:
        write_everywhere(claim, sizeof claim);
        break;
    case SLOW:
        nanosleep(&nap, NULL);
        break;
    case LONG:
        for (int i = 0; i < 4; i++)
            nanosleep(&nap, NULL);
        break;
    case WAITS:
        for (;;)
            pause();
    case IS_KILLED:
        raise(SIGKILL);
        break;
    case SENDS_WRONG:
        number = 1;
        break;
    case ALLOCATES: /* 4 GiB in pieces, as a list that never ends would be read */
        for (size_t i = 0; i < 4096; i++) {
            volatile char *more = malloc((size_t)1 << 20);
            if (!more)
                abort();
            more[0] = 1;
        }
        break;
    default:
        break;
    }
    cn_archive_bytes(found, &number, sizeof number);
    return CN_OK;
}

static enum cn_status accept(void *context, size_t item, struct cn_archive *found,
                             const struct cn_error *failure, struct cn_error *error)
{
    struct trial *trial = context;
    uint64_t number;
    if (!failure) {
        cn_archive_bytes(found, &number, sizeof number);
        if (found->status || number != item * item)
            return CN_BAD_INPUT;
    }
    trial->taken[item]++;
    if (failure)
        snprintf(trial->said[item], sizeof trial->said[item], "%s", failure->text);
    if (failure && failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s", failure->text);
    return CN_OK;
}

static const char *item_name(void *context, size_t item)
{
    static char text[32];
    (void)context;
    snprintf(text, sizeof text, "item %zu", item);
    return text;
}

static enum cn_status run(struct trial *trial, size_t count, int threads, struct cn_error *error)
{
    memset(trial->taken, 0, sizeof trial->taken);
    memset(trial->said, 0, sizeof trial->said);
    return cn_workers_run(&(struct cn_workers){.count = count,
                                               .threads = threads,
                                               .timeout_s = trial->timeout_s,
                                               .watch = trial->watch,
                                               .context = trial,
                                               .name = item_name,
                                               .examine = examine,
                                               .accept = accept},
                          error);
}

static void check(const struct trial *trial, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char bad[40];
        snprintf(bad, sizeof bad, "item %zu is bad", i);
        assert_int_equal(trial->taken[i], 1);
        if (trial->kinds[i] == FAILS)
            assert_string_equal(trial->said[i], bad);
        else if (trial->kinds[i] <= SPOILS_LATER)
            assert_string_equal(trial->said[i], "");
        else
            assert_non_null(strstr(trial->said[i], "crashed or hung"));
    }
}

/* Every kind of failure in turn, with others of its kind and good items around it. */
static void test_a_failure_costs_its_item_alone(void **state)
{
    (void)state;
    static const enum kind kinds[] = {CRASHES,      EXITS,       FAILS,
                                      SPOILS_LATER, SENDS_NOISE, SENDS_WRONG};
    struct trial trial = {0};
    struct cn_error error;
    for (size_t i = 0; i < ITEMS; i++)
        trial.kinds[i] = i % 5 < 3 ? kinds[i % 6] : GOOD;
    for (int threads = 0; threads < 40; threads = 2 * threads + 1)
        for (size_t count = 0; count <= ITEMS; count += 15) {
            assert_int_equal(run(&trial, count, threads, &error), CN_OK);
            check(&trial, count);
        }
}

static void test_limits_are_each_items_own(void **state)
{
    (void)state;
    struct trial trial = {0};
    struct cn_error error;
    struct rlimit cpu, lower;
    assert_int_equal(getrlimit(RLIMIT_CPU, &cpu), 0);
    lower = cpu;
    lower.rlim_cur = 1; /* of a child; this process has used much less */
    assert_int_equal(setrlimit(RLIMIT_CPU, &lower), 0);
    trial.kinds[4] = HANGS;
    enum cn_status status = run(&trial, 9, 2, &error);
    assert_int_equal(setrlimit(RLIMIT_CPU, &cpu), 0);
    assert_int_equal(status, CN_OK);
    check(&trial, 9);
#ifndef __SANITIZE_ADDRESS__ /* its allocator ends the process in another way */
    trial.kinds[4] = GOOD;
    trial.kinds[2] = trial.kinds[5] = ALLOCATES;
    assert_int_equal(run(&trial, 9, 2, &error), CN_OK);
    check(&trial, 9);
#endif
}

/* A disk or a file server that does not answer is no damage. */
static void test_no_answer_is_the_machines_failure(void **state)
{
    (void)state;
    struct trial trial = {.timeout_s = 1,
                          .kinds = {[3] = WAITS, [4] = FAILS, [7] = CLOSES_ALL, [8] = WAITS}};
    struct cn_error error;
    for (int threads = 1; threads < 9; threads += 3) {
        assert_int_equal(run(&trial, 10, threads, &error), CN_BAD_MACHINE);
        assert_string_equal(trial.said[3], "no answer for 1 s, the storage does not answer; check "
                                           "its disk or server, and run again");
        trial.kinds[3] = GOOD;
        check(&trial, 3);
        trial.kinds[3] = WAITS;
    }
}

/* A message names one of them, once, after a sixtieth of the timeout. Children are forked while the
 * thread of a display runs. */
static void test_a_slow_item_is_waited_for(void **state)
{
    (void)state;
    struct trial trial = {.timeout_s = 6, .kinds = {[3] = LONG, [5] = LONG}};
    struct cn_error error;
    struct cn_watch watch = {0};
    for (int threads = 1; threads < 4; threads++) {
        static const char wanted[] = "climnorm: still waiting for item ";
        char said[200] = "";
        int log = memfd_create("log", 0);
        assert_int_equal(cn_progress_start(CN_PROGRESS_PLAIN, log, &watch.progress, &error), CN_OK);
        cn_progress_enter(watch.progress, CN_PHASE_EXAMINING);
        trial.watch = &watch;
        assert_int_equal(run(&trial, 10, threads, &error), CN_OK);
        cn_progress_stop(watch.progress, 60);
        check(&trial, 10);
        assert_true(pread(log, said, sizeof said - 1, 0) > 0);
        assert_memory_equal(said, wanted, strlen(wanted));
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
        close(log);
    }
    trial.watch = NULL;
    for (size_t i = 0; i < 9; i++) /* together longer than the timeout */
        trial.kinds[i] = SLOW;
    trial.timeout_s = 1;
    assert_int_equal(run(&trial, 9, 1, &error), CN_OK);
    check(&trial, 9);
}

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

static bool is_held; /* kill() has no effect, as on a child that waits for a dead file system */
static pid_t held[40];
static size_t held_count;

int __wrap_kill(pid_t pid, int number)
{
    if (!is_held)
        return __real_kill(pid, number);
    assert_true(held_count < sizeof held / sizeof *held);
    held[held_count++] = pid;
    return 0;
}

static void test_a_child_that_does_not_die_delays_nothing(void **state)
{
    (void)state;
    struct trial trial = {.timeout_s = 1, .kinds = {[3] = WAITS}};
    struct cn_error error;
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    is_held = true;
    held_count = 0;
    assert_int_equal(run(&trial, 10, 8, &error), CN_BAD_MACHINE);
    is_held = false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (size_t i = 0; i < held_count; i++) {
        __real_kill(held[i], SIGKILL);
        assert_int_equal(waitpid(held[i], NULL, 0), held[i]);
    }
    check(&trial, 3);
    assert_int_equal(held_count, 8);
    assert_true(now.tv_sec - begun.tv_sec < 30);
}

static void test_suspension_is_no_hang(void **state)
{
    (void)state;
    struct trial trial = {.timeout_s = 1, .kinds = {SLOW, SLOW}};
    struct cn_error error;
    int status;
    pid_t group = fork();
    assert_true(group >= 0);
    if (group == 0) {
        setpgid(0, 0);
        bool is_well = !run(&trial, 2, 2, &error) && !trial.said[0][0] && !trial.said[1][0];
        _exit(!is_well);
    }
    setpgid(group, group);
    nanosleep(&(struct timespec){.tv_nsec = nap.tv_nsec / 2}, NULL);
    assert_int_equal(kill(-group, SIGSTOP), 0);
    for (int i = 0; i < 7; i++)
        nanosleep(&nap, NULL);
    assert_int_equal(kill(-group, SIGCONT), 0);
    assert_int_equal(waitpid(group, &status, 0), group);
    assert_int_equal(status, 0);
}

static void test_the_first_failure_of_the_machine_is_reported(void **state)
{
    (void)state;
    struct trial trial = {.kinds = {[2] = CRASHES, [31] = FAILS_MACHINE, [33] = FAILS_MACHINE}};
    struct cn_error error;
    for (size_t i = 34; i < ITEMS; i++)
        trial.kinds[i] = FAILS_MACHINE;
    for (int threads = 1; threads < 20; threads += 3) {
        assert_int_equal(run(&trial, ITEMS, threads, &error), CN_BAD_MACHINE);
        assert_string_equal(error.text, "item 31 ends it");
        check(&trial, 31);
    }
}

static void test_a_killed_child_is_the_machines_failure(void **state)
{
    (void)state;
    struct trial trial = {.kinds = {[2] = CRASHES, [9] = IS_KILLED}};
    struct cn_error error;
    for (int threads = 1; threads < 20; threads += 6) {
        assert_int_equal(run(&trial, 20, threads, &error), CN_BAD_MACHINE);
        assert_non_null(strstr(error.text, "memory ran out"));
        check(&trial, 9);
    }
}

#ifndef __SANITIZE_ADDRESS__
static rlim_t data_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void test_no_memory_for_an_answer_is_the_machines_failure(void **state)
{
    (void)state;
    struct trial trial = {.kinds = {[5] = ANNOUNCES_LARGE}};
    struct cn_error error;
    struct rlimit data, lower;
    assert_int_equal(getrlimit(RLIMIT_DATA, &data), 0);
    lower = data;
    lower.rlim_cur = data_bytes() + ((rlim_t)64 << 20);
    assert_int_equal(setrlimit(RLIMIT_DATA, &lower), 0);
    enum cn_status status = run(&trial, 9, 2, &error);
    assert_int_equal(setrlimit(RLIMIT_DATA, &data), 0);
    assert_int_equal(status, CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "memory"));
    check(&trial, 5);
}
#endif

static struct rlimit files_before;

/* With fewer descriptors allowed, poll refuses to wait for several pipes. */
static enum cn_status accept_and_limit_descriptors(void *context, size_t item,
                                                   struct cn_archive *found,
                                                   const struct cn_error *failure,
                                                   struct cn_error *error)
{
    struct rlimit lower = files_before;
    lower.rlim_cur = 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    return accept(context, item, found, failure, error);
}

static void test_it_ends_if_poll_fails(void **state)
{
    (void)state;
    struct trial trial = {0};
    struct cn_error error;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files_before), 0);
    enum cn_status status =
        cn_workers_run(&(struct cn_workers){.count = ITEMS,
                                            .threads = 2,
                                            .context = &trial,
                                            .examine = examine,
                                            .accept = accept_and_limit_descriptors},
                       &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files_before), 0);
    assert_int_equal(status, CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "cannot wait"));
    assert_true(waitpid(-1, NULL, WNOHANG) < 0); /* no child is left */
}

static void test_ignored_children_answer(void **state)
{
    (void)state;
    struct trial trial = {.kinds = {[3] = CRASHES, [4] = FAILS, [7] = EXITS, [9] = CLOSES_ALL}};
    struct cn_error error;
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    assert_int_equal(run(&trial, 20, 3, &error), CN_OK);
    signal(SIGCHLD, before);
    check(&trial, 20);
}

static void test_few_descriptors_are_enough(void **state)
{
    (void)state;
    struct trial trial = {.kinds = {[3] = CRASHES, [4] = FAILS}};
    struct cn_error error;
    struct rlimit files, lower;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    lower = files;
    lower.rlim_cur = 12;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    enum cn_status few = run(&trial, 40, 16, &error);
    lower.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    enum cn_status none = run(&(struct trial){0}, 40, 16, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(few, CN_OK);
    check(&trial, 40);
    assert_int_equal(none, CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "no child process"));
}

static enum cn_status examine_forever(void *context, size_t item, struct cn_archive *found,
                                      struct cn_error *error)
{
    (void)item, (void)found, (void)error;
    char byte = 0;
    if (write(*(int *)context, &byte, 1) == 1)
        for (;;)
            pause();
    return CN_OK;
}

static void test_no_child_outlives_its_parent(void **state)
{
    (void)state;
    int ends[2];
    char bytes[3];
    struct cn_error error;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* orphans come to this process */
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    if (parent == 0)
        _exit((int)cn_workers_run(&(struct cn_workers){.count = 3,
                                                       .threads = 3,
                                                       .context = &ends[1],
                                                       .examine = examine_forever,
                                                       .accept = accept},
                                  &error));
    for (size_t got = 0; got < sizeof bytes;) { /* all three are at work */
        ssize_t more = read(ends[0], bytes, sizeof bytes - got);
        assert_true(more > 0);
        got += (size_t)more;
    }
    assert_int_equal(kill(parent, SIGTERM), 0);
    int ended = 0, status;
    for (pid_t pid; (pid = waitpid(-1, &status, 0)) > 0; ended++) {
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), pid == parent ? SIGTERM : SIGKILL);
    }
    assert_int_equal(ended, 4);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: LLVM's OpenMP needs a descriptor in every child once it is awake. */
        cmocka_unit_test(test_few_descriptors_are_enough),
        cmocka_unit_test(test_a_failure_costs_its_item_alone),
        cmocka_unit_test(test_limits_are_each_items_own),
        cmocka_unit_test(test_no_answer_is_the_machines_failure),
        cmocka_unit_test(test_a_slow_item_is_waited_for),
        cmocka_unit_test(test_a_child_that_does_not_die_delays_nothing),
        cmocka_unit_test(test_suspension_is_no_hang),
        cmocka_unit_test(test_a_killed_child_is_the_machines_failure),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(test_no_memory_for_an_answer_is_the_machines_failure),
#endif
        cmocka_unit_test(test_it_ends_if_poll_fails),
        cmocka_unit_test(test_the_first_failure_of_the_machine_is_reported),
        cmocka_unit_test(test_ignored_children_answer),
        cmocka_unit_test(test_no_child_outlives_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
