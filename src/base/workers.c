/*
 * Children by fork. Child i of n examines items i, i + n, i + 2n, … Answers come back through
 * pipes; exit codes would not do: they get lost where the parent was started with SIGCHLD ignored.
 * Knows nothing of files.
 */
#include "base/workers.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/machine.h"
#include "base/threads.h"
#include "guard/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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
    /* The metadata of a year take a millisecond; those of the largest file accepted two seconds. */
    MAX_CPU_SECONDS = 10,
    /* Longer than a file server needs to start again. */
    ANSWER_SECONDS = 600,
    NOTICE_SHARE = 60, /* after 1/60 of that, here 10 s, the user is told of the wait */
    POLL_MS = 200,
    EXIT_WAIT_MS = 500, /* from the closed pipe to the status; far less if cores are free */
};

/* The most memory for one item, and the longest answer, which a child has in memory. By the limits
 * of climnorm/limits.h, the places of the largest grid are 256 MiB, most corners 128 MiB, and the
 * longest time axis 16 MiB; while an answer grows, it may take twice its bytes. */
static const uint64_t ITEM_BYTES = (uint64_t)1 << 30;

/* Goes before each answer. `bytes` bytes follow: an archive, or a text that says what failed. */
struct header {
    uint64_t item, bytes;
    uint32_t status, unused;
};

struct child {
    pid_t pid;            /* 0: there is none */
    int pipe;             /* the end from which its answers are read */
    size_t first, next;   /* the item that it began with, the one that it examines */
    bool is_retried;      /* an earlier child began with that item, and failed */
    struct header header; /* of the answer that arrives */
    size_t received;      /* bytes of header and answer */
    int64_t waited_ms;    /* for the answer */
    struct cn_archive answer;
};

struct run {
    const struct cn_workers *workers;
    struct child children[MAX_CHILDREN];
    size_t stride;     /* number of children; also the step from item to item */
    size_t end;        /* items from this one on are not examined any more */
    size_t done;       /* items that are finished */
    rlim_t item_bytes; /* for each child */
    int64_t timeout_ms;
    bool is_wait_told;
    int exit_wait_ms; /* left to wait for children that do not die */
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

/* Examines an item and sends the answer. False: one of the two failed. */
static bool send_answer(const struct cn_workers *workers, size_t item, struct cn_archive *out,
                        int pipe)
{
    struct cn_error failure = {0};
    out->count = 0;
    out->status = CN_OK;
    enum cn_status status = workers->examine(workers->context, item, out, &failure);
    if (!status && out->status)
        status = cn_fail_memory(&failure, "the metadata of a file");
    size_t bytes = status ? strlen(failure.text) : out->count;
    const struct header header = {item, bytes, status, 0};
    bool is_sent = cn_write_full(pipe, &header, sizeof header) &&
                   cn_write_full(pipe, status ? (const void *)failure.text : out->bytes, bytes);
    /* A child that cannot write must not seem to wait. Where damage has closed the pipe, the parent
     * sees that. */
    if (!is_sent && cn_errno_status(errno, CN_OK))
        raise(SIGKILL);
    return is_sent && !status;
}

/* A terminal sends these to the whole group. They are for the parent: a child that died of one
 * would look as if a file had crashed it. */
static void ignore_requests(void)
{
    static const int requests[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        signal(requests[i], SIG_IGN);
}

/* Never returns: waits to be killed. If it ended, its number could go to another process, which the
 * parent would kill. */
static void child_main(const struct run *run, size_t item, int pipe, pid_t parent)
{
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
    for (bool is_well = true; is_well && item < run->workers->count; item += run->stride) {
        rlim_t used = memory_used(), seconds = (rlim_t)(clock() / CLOCKS_PER_SEC) + 1 + cpu_s;
        rlim_t most = used ? used + run->item_bytes : data;
        set_limit(RLIMIT_CPU, seconds < cpu ? seconds : cpu);
        set_limit(RLIMIT_DATA, most < data ? most : data);
        is_well = send_answer(run->workers, item, &out, pipe);
    }
    for (;;)
        pause();
}

/* --- in the parent --- */

/* Held while both ends of a pipe are open: a child that another thread forks would keep its end. */
static pthread_mutex_t pipe_mutex = PTHREAD_MUTEX_INITIALIZER;

static atomic_int living; /* children of all threads */

/* False: no child was started, and errno says why. */
static bool start_child(struct run *run, struct child *child)
{
    int ends[2];
    pid_t parent = getpid();
    sigset_t all, before;
    pthread_mutex_lock(&pipe_mutex);
    if (pipe2(ends, O_CLOEXEC) < 0) {
        pthread_mutex_unlock(&pipe_mutex);
        return false;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the child must not run the parent's handlers */
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_unlock(&pipe_mutex); /* a child may have children, too */
        ignore_requests();
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        close(ends[0]);
        child_main(run, child->next, ends[1], parent);
    }
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    pthread_mutex_unlock(&pipe_mutex);
    if (pid < 0) {
        close(ends[0]);
        errno = reason;
        return false;
    }
    atomic_fetch_add(&living, 1);
    child->pid = pid;
    child->pipe = ends[0];
    child->first = child->next;
    child->received = 0;
    child->waited_ms = 0;
    return true;
}

static void release_child(struct child *child)
{
    close(child->pipe);
    child->pid = 0;
    atomic_fetch_sub(&living, 1);
}

/* Waits until a child has ended, for at most *wait_ms, and takes off what it waited. Returns as
 * waitpid does. */
static pid_t await_exit(const struct child *child, int *status, int *wait_ms)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    pid_t died;
    while (!(died = waitpid(child->pid, status, WNOHANG)) && *wait_ms > 0) {
        --*wait_ms;
        nanosleep(&moment, NULL);
    }
    return died;
}

/* A child that a dead file system holds does not die before that comes back: it is left alone, and
 * later ones are waited for only as long as is left. */
static void kill_child(struct run *run, struct child *child)
{
    if (!child->pid)
        return;
    int status;
    kill(child->pid, SIGKILL);
    if (await_exit(child, &status, &run->exit_wait_ms))
        run->exit_wait_ms = EXIT_WAIT_MS;
    release_child(child);
}

/* A failure ends the run after the items before this one, so that the first in the order of items
 * is reported. */
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
    child->received = 0;
    child->waited_ms = 0;
}

/* A failure counts in the second child that begins with the item, as a moment without memory
 * passes. In any other child it may come from an item before. */
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
    kill_child(run, child);
    cn_fail(&failure, CN_BAD_INPUT,
            "damaged: the netCDF library crashed or hung on it; download it again");
    fail_item(run, child, &failure);
}

/* The answer is complete. */
static void on_answer(struct run *run, struct child *child)
{
    const struct cn_workers *workers = run->workers;
    struct cn_error failure;
    if (child->header.status) {
        kill_child(run, child);
        cn_fail(&failure, (enum cn_status)child->header.status, "%.*s", (int)child->answer.count,
                child->answer.count ? (const char *)child->answer.bytes : "");
        fail_item(run, child, &failure);
        return;
    }
    child->answer.at = 0;
    child->answer.status = CN_OK;
    child->answer.unpacking = true;
    enum cn_status status =
        workers->accept(workers->context, child->next, &child->answer, NULL, run->error);
    if (status == CN_BAD_INPUT)
        fail_damaged(run, child);
    else
        finish_item(run, child, status);
}

/* The pipe is closed. The child is dying, and its status tells of what (not where SIGCHLD is
 * ignored); or damage has closed the pipe, and it lives. */
static void on_closed_pipe(struct run *run, struct child *child)
{
    struct cn_error failure;
    int status = 0, wait_ms = EXIT_WAIT_MS;
    pid_t died = await_exit(child, &status, &wait_ms);
    if (died)
        release_child(child);
    if (died > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        child->is_retried = true; /* not tried a second time */
    if (died <= 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        fail_damaged(run, child);
        return;
    }
    cn_fail(&failure, CN_BAD_MACHINE,
            "the child process that examined it was killed, most likely because memory ran out; "
            "free some, or use fewer threads");
    fail_item(run, child, &failure);
}

/* Checks the header of an answer, and allocates what follows. CN_BAD_INPUT: no sound child sends
 * it. */
static enum cn_status prepare_answer(struct child *child, struct cn_error *error)
{
    const struct header *header = &child->header;
    size_t most = header->status ? sizeof((struct cn_error *)NULL)->text : (size_t)ITEM_BYTES;
    if (header->item != child->next || header->bytes > most ||
        (header->status != CN_OK && header->status != CN_BAD_INPUT &&
         header->status != CN_BAD_MACHINE))
        return CN_BAD_INPUT;
    child->answer.count = (size_t)header->bytes;
    if (child->answer.count <= child->answer.room)
        return CN_OK;
    unsigned char *larger = realloc(child->answer.bytes, child->answer.count);
    if (!larger)
        return cn_fail_memory(error, "the metadata of a file");
    child->answer.bytes = larger;
    child->answer.room = child->answer.count;
    return CN_OK;
}

/* Reads what a child has sent so far. */
static void receive(struct run *run, struct child *child)
{
    const size_t header_bytes = sizeof child->header;
    bool is_header = child->received < header_bytes;
    unsigned char *to = is_header ? (unsigned char *)&child->header : child->answer.bytes;
    size_t begun = is_header ? child->received : child->received - header_bytes;
    size_t size = is_header ? header_bytes : child->answer.count;
    ssize_t done = read(child->pipe, to + begun, size - begun);
    if (done < 0 && errno == EINTR)
        return;
    if (done < 0) {
        finish_item(run, child,
                    cn_fail(run->error, CN_BAD_MACHINE,
                            "a child process cannot be read from: %s; run again", strerror(errno)));
        return;
    }
    if (done == 0) {
        on_closed_pipe(run, child);
        return;
    }
    child->received += (size_t)done;
    if (child->received < header_bytes)
        return;
    enum cn_status status = is_header ? prepare_answer(child, run->error) : CN_OK;
    if (status == CN_BAD_INPUT)
        fail_damaged(run, child);
    else if (status) /* of this process: nothing the child did */
        finish_item(run, child, status);
    else if (child->received - header_bytes == child->answer.count)
        on_answer(run, child);
}

/* Tells the watch how far the run is, and asks it whether to stop. */
static void ask_watch(struct run *run)
{
    const struct cn_watch *watch = cn_watch_or_none(run->workers->watch);
    cn_progress_count(watch->progress, run->done, run->workers->count);
    if (!cn_watch_stopped(watch))
        return;
    run->status = cn_fail(run->error, CN_STOPPED, "stopped while files were examined");
    run->end = 0;
}

/* Starts and kills children as there is work, and lists the pipes of those that work. While one
 * works, others that cannot be started are no failure. */
static size_t start_children(struct run *run, struct pollfd *pipes, struct child **owners)
{
    size_t active = 0;
    int reason = 0;
    ask_watch(run);
    for (size_t i = 0; i < run->stride; i++) {
        struct child *child = &run->children[i];
        if (child->next >= run->end)
            kill_child(run, child);
        else if (!child->pid && !start_child(run, child))
            reason = errno;
        if (!child->pid)
            continue;
        pipes[active] = (struct pollfd){.fd = child->pipe, .events = POLLIN};
        owners[active++] = child;
    }
    if (active || !reason || run->status)
        return active;
    if (atomic_load(&living) > 0) { /* of other threads: when one ends, there is a place for it */
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000}, NULL);
        return start_children(run, pipes, owners);
    }
    run->status = cn_fail(run->error, CN_BAD_MACHINE, "no child process can be started: %s; %s",
                          strerror(reason), cn_errno_advice(reason));
    return 0;
}

/* Waits for answers. Returns for how long, but at most POLL_MS: time while the whole group was
 * suspended does not count. */
static int64_t await_answers(struct run *run, struct pollfd *pipes, size_t active)
{
    const uint64_t begun_ns = cn_now_ns();
    if (poll(pipes, active, POLL_MS) < 0 && errno != EINTR && errno != EAGAIN) {
        run->status = cn_fail(run->error, CN_BAD_MACHINE, "cannot wait for child processes: %s",
                              strerror(errno));
        run->end = 0;
    }
    const int64_t waited_ms = (int64_t)((cn_now_ns() - begun_ns) / 1000000);
    return waited_ms < POLL_MS ? waited_ms : POLL_MS;
}

/* Says once in a run that an answer takes long, and ends the run where none comes. A child that
 * waits uses no CPU time: that is a disk or a file server, not damage, which meets RLIMIT_CPU. */
static void judge_wait(struct run *run, struct child *child)
{
    const struct cn_workers *workers = run->workers;
    struct cn_error text;
    if (child->waited_ms > run->timeout_ms) {
        cn_fail(&text, CN_BAD_MACHINE,
                "no answer for %lld s, the storage does not answer; check its disk or server, and "
                "run again",
                (long long)run->timeout_ms / 1000);
        kill_child(run, child);
        child->is_retried = true; /* what takes long is not tried twice */
        fail_item(run, child, &text);
    } else if (child->waited_ms > run->timeout_ms / NOTICE_SHARE && !run->is_wait_told &&
               workers->name) {
        run->is_wait_told = true;
        cn_fail(&text, CN_OK, "still waiting for %s; the storage is slow",
                workers->name(workers->context, child->next));
        cn_progress_say(cn_watch_or_none(workers->watch)->progress, "%s", text.text);
    }
}

/* All children together keep within half the memory, if that is enough for one. */
static void choose_child_count(struct run *run)
{
    const struct cn_workers *workers = run->workers;
    const uint64_t each = workers->memory_bytes ? workers->memory_bytes : ITEM_BYTES;
    uint64_t half = cn_machine_memory() / 2, fitting = half / each;
    size_t most = workers->threads > 1 ? (size_t)workers->threads : 1;
    most = most < MAX_CHILDREN ? most : MAX_CHILDREN;
    most = most < workers->count ? most : workers->count;
    run->stride = most <= fitting ? most : fitting ? (size_t)fitting : 1;
    run->item_bytes = (rlim_t)(fitting ? each : half);
}

enum cn_status cn_workers_run(const struct cn_workers *workers, struct cn_error *error)
{
    struct run run = {
        .workers = workers,
        .end = workers->count,
        .timeout_ms = 1000 * (int64_t)(workers->timeout_s ? workers->timeout_s : ANSWER_SECONDS),
        .exit_wait_ms = EXIT_WAIT_MS,
        .error = error};
    struct pollfd pipes[MAX_CHILDREN];
    struct child *owners[MAX_CHILDREN];
    choose_child_count(&run);
    for (size_t i = 0; i < run.stride; i++)
        run.children[i].next = i;
    for (size_t active; (active = start_children(&run, pipes, owners));) {
        int64_t waited_ms = await_answers(&run, pipes, active);
        for (size_t i = 0; i < active; i++) {
            struct child *child = owners[i];
            child->waited_ms += waited_ms;
            if (child->next < run.end && pipes[i].revents)
                receive(&run, child);
            if (child->next < run.end && child->pid)
                judge_wait(&run, child);
        }
    }
    for (size_t i = 0; i < MAX_CHILDREN; i++)
        free(run.children[i].answer.bytes);
    return run.status;
}
