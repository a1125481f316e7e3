/*
 * A child process by fork, whose verdict comes back through a pipe: exit codes get lost where the
 * parent was started with SIGCHLD ignored. Knows nothing of files.
 */
#include "base/probe.h"

#include "base/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Metadata of a year take milliseconds; those of the largest file accepted about two seconds. */
enum { MAX_CPU_SECONDS = 10 };

/* More than all that the work may keep, so that a sound file never meets it. */
static const rlim_t MORE_BYTES = (rlim_t)2 << 30;

/* Bytes of writable private memory now. */
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

static void lower(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) == 0 && limit.rlim_cur > most) {
        limit.rlim_cur = most;
        setrlimit(resource, &limit);
    }
}

static bool write_all(int descriptor, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count) {
        ssize_t done = write(descriptor, at, count);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        count -= (size_t)done;
    }
    return true;
}

static bool read_all(int descriptor, void *bytes, size_t count)
{
    char *at = bytes;
    while (count) {
        ssize_t done = read(descriptor, at, count);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        count -= (size_t)done;
    }
    return true;
}

static void be_child(cn_probe_work *work, void *context, int descriptor)
{
    struct cn_error verdict = {0};
    cn_thread_unbind();
    rlim_t used = memory_used();
    lower(RLIMIT_CORE, 0);
    lower(RLIMIT_CPU, MAX_CPU_SECONDS);
    if (used)
        lower(RLIMIT_DATA, used + MORE_BYTES);
    verdict.status = work(context, &verdict);
    write_all(descriptor, &verdict, sizeof verdict);
    _exit(0);
}

enum cn_status cn_probe(cn_probe_work *work, void *context, struct cn_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return cn_fail(error, CN_BAD_MACHINE, "no pipe for a child process: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        be_child(work, context, ends[1]);
    close(ends[1]);
    struct cn_error verdict = {0};
    bool is_back = child > 0 && read_all(ends[0], &verdict, sizeof verdict);
    close(ends[0]);
    if (child < 0)
        return cn_fail(error, CN_BAD_MACHINE, "no child process: %s", strerror(errno));
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (!is_back)
        return cn_fail(error, CN_BAD_INPUT,
                       "damaged: the netCDF library crashed or hung on it; fetch the file again");
    return verdict.status ? cn_fail(error, verdict.status, "%s", verdict.text) : CN_OK;
}
