/*
 * Children by fork, whose answers come back through pipes: exit codes get lost where the parent was
 * started with SIGCHLD ignored. Child i of n looks at items i, i + n, i + 2n, … Knows nothing of
 * files.
 */
#include "base/workers.h"

#include "base/io.h"
#include "base/machine.h"
#include "base/threads.h"
#include "guard/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_CHILDREN = 16,
    /* Metadata of a year take a millisecond; those of the largest file accepted two seconds. */
    MAX_CPU_SECONDS = 10,
    /* A cold disk under all children at once is far from it. */
    ANSWER_SECONDS = 60,
    POLL_MS = 200,
    EXIT_WAIT_MS = 500, /* from the closed pipe to the status: no time, where cores are free */
};

/* More than all that looking at an item may keep, so that a sound file never meets it. */
static const uint64_t MORE_BYTES = (uint64_t)1 << 30;

/* More than any sound answer: the longest time axis and the largest grid are 130 MB. */
static const size_t MAX_ANSWER_BYTES = (size_t)256 << 20;

/* Goes before each answer; `bytes` of a parcel follow, or of a text that says what failed. */
struct head {
    uint64_t item, bytes;
    uint32_t status, unused;
};

struct child {
    pid_t pid;            /* 0: there is none */
    int pipe;             /* what it writes */
    size_t first, next;   /* the item that it began with, the one it looks at */
    bool is_retried;      /* an earlier one began with that item, and failed */
    struct head head;     /* of the answer that arrives */
    size_t have;          /* bytes of head and answer that are here */
    int64_t waited_ms;    /* for the answer */
    struct cn_archive in; /* the answer */
};

struct run {
    const struct cn_workers *workers;
    struct child children[MAX_CHILDREN];
    size_t stride;      /* children */
    size_t end;         /* items from here on are not wanted */
    size_t done;        /* items taken */
    rlim_t more_bytes;  /* for each child */
    int wait_budget_ms; /* left to wait for those that do not die */
    enum cn_status status;
    struct cn_error *error;
};

/* --- in a child --- */

/* Bytes of writable private memory now; 0: unknown. */
static rlim_t memory_used(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static rlim_t cpu_seconds_used(void)
{
    struct timespec used = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (rlim_t)used.tv_sec + 1;
}

static rlim_t given_limit(__rlimit_resource_t resource)
{
    struct rlimit limit;
    return getrlimit(resource, &limit) == 0 ? limit.rlim_cur : 0;
}

static void set_limit(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0)
        return;
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    setrlimit(resource, &limit);
}

/* Looks at an item and sends the answer; false: it went wrong. */
static bool answer(const struct cn_workers *workers, size_t item, struct cn_archive *out, int pipe)
{
    struct cn_error failure = {0};
    out->count = 0;
    out->status = CN_OK;
    enum cn_status status = workers->examine(workers->context, item, out, &failure);
    if (!status && out->status)
        status = cn_fail_memory(&failure, "what was found in a file");
    size_t bytes = status ? strlen(failure.text) : out->count;
    const struct head head = {item, bytes, status, 0};
    bool is_sent = cn_write_full(pipe, &head, sizeof head) &&
                   cn_write_full(pipe, status ? (const void *)failure.text : out->bytes, bytes);
    if (!is_sent &&
        cn_errno_status(errno, CN_OK)) /* else damage has closed the pipe, and that tells */
        raise(SIGKILL);                /* a child that waits would be taken to hang */
    return is_sent && !status;
}

/* What is asked of the parent, and reaches its whole group, is not for children: they would look as
 * if a file had crashed them. */
static void ignore_requests(void)
{
    static const int requests[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        signal(requests[i], SIG_IGN);
}

/* Never returns: waits to be killed, so that its number is not given to another process before. */
static void child_main(const struct run *run, size_t item, int pipe, pid_t parent)
{
    if (run->workers->lock)
        close(run->workers->lock);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    cn_thread_unbind();
    for (size_t i = 0; i < run->stride; i++)
        if (run->children[i].pid)
            close(run->children[i].pipe);
    const rlim_t cpu_s = (rlim_t)(run->workers->cpu_s ? run->workers->cpu_s : MAX_CPU_SECONDS);
    rlim_t cpu = given_limit(RLIMIT_CPU), data = given_limit(RLIMIT_DATA);
    struct cn_archive out = {0};
    set_limit(RLIMIT_CORE, 0);
    for (bool well = true; well && item < run->workers->count; item += run->stride) {
        rlim_t used = memory_used(), seconds = cpu_seconds_used() + cpu_s;
        rlim_t most = used ? used + run->more_bytes : data;
        set_limit(RLIMIT_CPU, seconds < cpu ? seconds : cpu);
        set_limit(RLIMIT_DATA, most < data ? most : data);
        well = answer(run->workers, item, &out, pipe);
    }
    for (;;)
        pause();
}

/* --- in the parent --- */

/* False: there is no child, and errno says why. */
static bool start_child(struct run *run, struct child *child)
{
    int ends[2];
    pid_t parent = getpid();
    sigset_t all, before;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the parent's handlers are not for the child */
    pid_t pid = fork();
    if (pid == 0) {
        ignore_requests();
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        close(ends[0]);
        child_main(run, child->next, ends[1], parent);
    }
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = reason;
        return false;
    }
    child->pid = pid;
    child->pipe = ends[0];
    child->first = child->next;
    child->have = 0;
    child->waited_ms = 0;
    return true;
}

static void release_child(struct child *child)
{
    close(child->pipe);
    child->pid = 0;
}

/* Waits for a child's end, for so many moments in all; returns as waitpid does. */
static pid_t await_exit(const struct child *child, int *status, int *wait_budget_ms)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    pid_t died;
    while (!(died = waitpid(child->pid, status, WNOHANG)) && *wait_budget_ms > 0) {
        --*wait_budget_ms;
        nanosleep(&moment, NULL);
    }
    return died;
}

/* One that a dead file system holds does not die before that comes back, and is left to the system;
 * where some are, others are not waited for as long. */
static void stop(struct run *run, struct child *child)
{
    if (!child->pid)
        return;
    int status;
    kill(child->pid, SIGKILL);
    if (await_exit(child, &status, &run->wait_budget_ms))
        run->wait_budget_ms = EXIT_WAIT_MS;
    release_child(child);
}

/* The first failure of the machine, in the order of items, is the one that is told. */
static void finish_item(struct run *run, struct child *child, enum cn_status status)
{
    if (status) {
        run->status = status;
        run->end = child->next;
    } else {
        run->done++;
    }
    child->next += run->stride;
    child->is_retried = false;
    child->have = 0;
    child->waited_ms = 0;
}

/* What a child could not do is tried again by one that has done nothing else before, and once more:
 * a moment without memory passes. */
static void fail_item(struct run *run, struct child *child, const struct cn_error *failure)
{
    const struct cn_workers *workers = run->workers;
    bool is_first = child->next == child->first;
    if (!is_first || !child->is_retried) {
        child->is_retried = is_first;
        return;
    }
    finish_item(run, child,
                workers->accept(workers->context, child->next, NULL, failure, run->error));
}

static void fail_damaged(struct run *run, struct child *child)
{
    struct cn_error failure;
    stop(run, child);
    cn_fail(&failure, CN_BAD_INPUT,
            "damaged: the netCDF library crashed or hung on it; fetch the file again");
    fail_item(run, child, &failure);
}

/* The answer is here. */
static void on_answer(struct run *run, struct child *child)
{
    const struct cn_workers *workers = run->workers;
    struct cn_error failure;
    if (child->head.status) {
        stop(run, child);
        cn_fail(&failure, (enum cn_status)child->head.status, "%.*s", (int)child->in.count,
                child->in.count ? (const char *)child->in.bytes : "");
        fail_item(run, child, &failure);
        return;
    }
    child->in.at = 0;
    child->in.status = CN_OK;
    child->in.unpacking = true;
    enum cn_status status =
        workers->accept(workers->context, child->next, &child->in, NULL, run->error);
    if (status != CN_BAD_INPUT) {
        finish_item(run, child, status);
        return;
    }
    fail_damaged(run, child);
}

/* The pipe is closed. Either it dies, and soon its status tells of what (but not where SIGCHLD is
 * ignored), or damage has closed the pipe, and it lives. */
static void on_child_exit(struct run *run, struct child *child)
{
    struct cn_error failure;
    int status = 0, wait_budget_ms = EXIT_WAIT_MS;
    pid_t died = await_exit(child, &status, &wait_budget_ms);
    if (died)
        release_child(child);
    if (died > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        child->is_retried = true; /* what takes long is not tried twice */
    if (died <= 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        fail_damaged(run, child);
        return;
    }
    cn_fail(
        &failure, CN_BAD_MACHINE,
        "the child process that looked at it was killed, most likely because memory ran out; free "
        "some, or use fewer threads");
    fail_item(run, child, &failure);
}

/* Judges the head of an answer, and makes room for the rest. */
static enum cn_status expect_answer(struct child *child, struct cn_error *error)
{
    const struct head *head = &child->head;
    size_t most = head->status ? sizeof((struct cn_error *)NULL)->text : MAX_ANSWER_BYTES;
    if (head->item != child->next || head->bytes > most ||
        (head->status != CN_OK && head->status != CN_BAD_INPUT && head->status != CN_BAD_MACHINE))
        return CN_BAD_INPUT;
    child->in.count = (size_t)head->bytes;
    if (child->in.count <= child->in.room)
        return CN_OK;
    unsigned char *larger = realloc(child->in.bytes, child->in.count);
    if (!larger)
        return cn_fail_memory(error, "what was found in a file");
    child->in.bytes = larger;
    child->in.room = child->in.count;
    return CN_OK;
}

/* Reads what a child has sent so far. */
static void receive(struct run *run, struct child *child)
{
    bool is_head = child->have < sizeof child->head;
    unsigned char *to = is_head ? (unsigned char *)&child->head : child->in.bytes;
    size_t begun = is_head ? child->have : child->have - sizeof child->head;
    size_t size = is_head ? sizeof child->head : child->in.count;
    ssize_t done = read(child->pipe, to + begun, size - begun);
    if (done < 0 && errno == EINTR)
        return;
    if (done < 0) {
        finish_item(run, child,
                    cn_fail(run->error, CN_BAD_MACHINE,
                            "a child process cannot be heard: %s; run again", strerror(errno)));
        return;
    }
    if (done == 0) {
        on_child_exit(run, child);
        return;
    }
    child->have += (size_t)done;
    if (child->have < sizeof child->head)
        return;
    enum cn_status status = is_head ? expect_answer(child, run->error) : CN_OK;
    if (status == CN_BAD_INPUT)
        fail_damaged(run, child);
    else if (status) /* of this process: nothing the child did */
        finish_item(run, child, status);
    else if (child->have - sizeof child->head == child->in.count)
        on_answer(run, child);
}

/* Tells the watch, and listens to it. */
static void report(struct run *run)
{
    const struct cn_watch *watch = run->workers->watch;
    if (!watch)
        return;
    cn_watch_report(watch, run->done, run->workers->count);
    if (!cn_watch_stopped(watch))
        return;
    run->status = cn_fail(run->error, CN_STOPPED, "stopped while files were looked at");
    run->end = 0;
}

/* Starts and ends children as there is work, and lists the pipes of those that work. With some of
 * them there, it does not matter that another cannot be started now. */
static size_t start_children(struct run *run, struct pollfd *pipes, struct child **owners)
{
    size_t active = 0;
    int reason = 0;
    report(run);
    for (size_t i = 0; i < run->stride; i++) {
        struct child *child = &run->children[i];
        if (child->next >= run->end)
            stop(run, child);
        else if (!child->pid && !start_child(run, child))
            reason = errno;
        if (!child->pid)
            continue;
        pipes[active] = (struct pollfd){.fd = child->pipe, .events = POLLIN};
        owners[active++] = child;
    }
    if (!active && reason)
        run->status = cn_fail(run->error, CN_BAD_MACHINE, "no child process can be started: %s; %s",
                              strerror(reason), cn_errno_advice(reason));
    return active;
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for children, and returns how long. While all are suspended, that is not much. */
static int64_t await(struct run *run, struct pollfd *pipes, size_t active)
{
    int64_t begun = now_ms();
    if (poll(pipes, active, POLL_MS) < 0 && errno != EINTR && errno != EAGAIN) {
        run->status = cn_fail(run->error, CN_BAD_MACHINE, "cannot wait for child processes: %s",
                              strerror(errno));
        run->end = 0;
    }
    int64_t waited_ms = now_ms() - begun;
    return waited_ms < POLL_MS ? waited_ms : POLL_MS;
}

/* All children together keep within half the memory, if that lets one of them work. */
static void choose_child_count(struct run *run)
{
    const struct cn_workers *workers = run->workers;
    const uint64_t each = workers->memory_bytes ? workers->memory_bytes : MORE_BYTES;
    uint64_t half = cn_machine_memory() / 2, room = half / each;
    uint64_t most = (uint64_t)(workers->threads ? workers->threads : cn_threads_available());
    most = most < MAX_CHILDREN ? most : MAX_CHILDREN;
    most = most < workers->count ? most : workers->count;
    run->stride = (size_t)(most <= room ? most : room ? room : 1);
    run->more_bytes = (rlim_t)(room ? each : half);
}

enum cn_status cn_workers_run(const struct cn_workers *workers, struct cn_error *error)
{
    struct run run = {
        .workers = workers, .end = workers->count, .wait_budget_ms = EXIT_WAIT_MS, .error = error};
    struct pollfd pipes[MAX_CHILDREN];
    struct child *owners[MAX_CHILDREN];
    int64_t patience_ms =
        1000 * (int64_t)(workers->timeout_s ? workers->timeout_s : ANSWER_SECONDS);
    choose_child_count(&run);
    for (size_t i = 0; i < run.stride; i++)
        run.children[i].next = i;
    for (size_t active; (active = start_children(&run, pipes, owners));) {
        int64_t waited_ms = await(&run, pipes, active);
        for (size_t i = 0; i < active; i++) {
            struct child *child = owners[i];
            child->waited_ms += waited_ms;
            if (child->next < run.end && pipes[i].revents)
                receive(&run, child);
            if (child->next < run.end && child->pid && child->waited_ms > patience_ms) {
                child->is_retried = true;
                fail_damaged(&run, child);
            }
        }
    }
    for (size_t i = 0; i < MAX_CHILDREN; i++)
        free(run.children[i].in.bytes);
    return run.status;
}
