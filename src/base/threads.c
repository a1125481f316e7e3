/*
 * Cores this process may use: the affinity mask, cut to the quota of its control groups (a
 * container that shows 56 cores but grants 8 would otherwise be throttled). OpenMP binds the main
 * thread while the program is loaded, so where it has places these are the mask that the process
 * started with.
 */
#include "base/threads.h"

#include "base/ascii.h"
#include "base/cgroup.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Six times what runs need: all tests with files of many kinds pass with 192 KiB for every thread
 * (prlimit --stack=196608:196608, OMP_STACKSIZE=192k), and crash with 128 KiB. */
static const uint64_t STACK_BYTES = 1 << 20;

/* The cores of all places that OpenMP binds threads to; false: it does not bind. */
static bool cores_of_places(cpu_set_t *cores)
{
    CPU_ZERO(cores);
    for (int place = 0; place < omp_get_num_places(); place++) {
        int count = omp_get_place_num_procs(place);
        int *ids = count > 0 ? calloc((size_t)count, sizeof *ids) : NULL;
        if (!ids)
            continue;
        omp_get_place_proc_ids(place, ids);
        for (int k = 0; k < count; k++)
            CPU_SET((size_t)ids[k], cores);
        free(ids);
    }
    return CPU_COUNT(cores) > 0;
}

void cn_thread_unbind(void)
{
    cpu_set_t cores;
    if (cores_of_places(&cores))
        sched_setaffinity(0, sizeof cores, &cores); /* else it stays bound: slower, not wrong */
}

int cn_threads_granted(int threads)
{
    return threads < omp_get_thread_limit() ? threads : omp_get_thread_limit();
}

int cn_threads_available(void)
{
    cpu_set_t places;
    int cores = cores_of_places(&places) ? CPU_COUNT(&places) : omp_get_num_procs();
    double granted = ceil(cn_cgroup_cores());
    cores = granted < cores ? (int)granted : cores;
    return cores < 1 ? 1 : cores;
}

/* "64k": bytes; without a letter they are KiB. 0: no size. */
static uint64_t parse_stack_size(const char *text)
{
    static const char letters[] = "bkmg";
    char *end;
    double size = strtod(text, &end);
    const char *letter = end == text ? NULL : strchr(letters, *end ? cn_lower(*end) : 'k');
    for (ptrdiff_t k = letter ? letter - letters : 0; k > 0; k--)
        size *= 1024;
    return letter && size > 0 && size < 1e18 ? (uint64_t)size : 0;
}

static enum cn_status raise_stack_limit(struct cn_error *error)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_BYTES)
        return CN_OK;
    const uint64_t most = limit.rlim_max;
    limit.rlim_cur = STACK_BYTES;
    if (most >= STACK_BYTES && setrlimit(RLIMIT_STACK, &limit) == 0)
        return CN_OK;
    return cn_fail(error, CN_BAD_MACHINE,
                   "the stack is limited to %" PRIu64 " KiB, at least %" PRIu64
                   " are needed; allow more (ulimit -s), and run again",
                   most / 1024, STACK_BYTES / 1024);
}

/* The soft limit when the program started is the default for threads. */
static void raise_thread_stacks(void)
{
    pthread_attr_t attributes;
    size_t bytes;
    if (pthread_getattr_default_np(&attributes) != 0)
        return;
    if (pthread_attr_getstacksize(&attributes, &bytes) == 0 && bytes < STACK_BYTES &&
        pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0)
        pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

enum cn_status cn_stacks_prepare(struct cn_error *error)
{
    static const char *const variables[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE", "KMP_STACKSIZE"};
    for (size_t k = 0; k < sizeof variables / sizeof *variables; k++) {
        const char *text = getenv(variables[k]);
        uint64_t bytes = text ? parse_stack_size(text) : 0;
        if (bytes && bytes < STACK_BYTES)
            return cn_fail(error, CN_BAD_USAGE,
                           "%s=%.40s makes the stacks of threads too small; unset it, or set at "
                           "least %" PRIu64 "k",
                           variables[k], text, STACK_BYTES / 1024);
    }
    raise_thread_stacks();
    return raise_stack_limit(error);
}
