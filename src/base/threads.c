/*
 * A process may use the cores of its affinity mask, but only as many as its control groups grant: a
 * container that shows 56 cores but grants 8 would slow down 56 threads. If OpenMP has places, it
 * has bound the main thread while the program was loaded. Then the cores of all places are the mask
 * that the process started with.
 */
#include "base/threads.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/machine.h"

#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Six times what runs need: the tests of storages, damaged and hostile files, calendars and
 * commands pass with 192 KiB for every thread (prlimit --stack=196608:196608, OMP_STACKSIZE=192k);
 * the demonstration job crashes with 128 KiB. */
enum { STACK_BYTES = 1 << 20, LEAST_OPENMP_BYTES = 16 << 10 /* libgomp ignores smaller sizes */ };

/* Sets *cores to the cores of all OpenMP places. Returns: false: there are none. */
static bool cores_of_places(cpu_set_t *cores)
{
    CPU_ZERO(cores);
    for (int place = 0; place < omp_get_num_places(); place++) {
        int ids[CPU_SETSIZE], count = omp_get_place_num_procs(place);
        if (count > CPU_SETSIZE)
            continue;
        omp_get_place_proc_ids(place, ids);
        for (int k = 0; k < count; k++)
            CPU_SET((size_t)ids[k], cores);
    }
    return CPU_COUNT(cores) > 0;
}

void cn_thread_unbind(void)
{
    cpu_set_t cores;
    if (cores_of_places(&cores))
        sched_setaffinity(0, sizeof cores, &cores); /* if it fails, the thread is only slower */
}

int cn_threads_granted(int threads)
{
    return threads < omp_get_thread_limit() ? threads : omp_get_thread_limit();
}

int cn_threads_available(void)
{
    cpu_set_t places;
    int cores = cores_of_places(&places) ? CPU_COUNT(&places) : omp_get_num_procs();
    return (int)fmax(1, fmin(cores, ceil(cn_cgroup_cores())));
}

/* Returns: the bytes of a size such as "64k", in KiB if it has no letter; 0: libgomp ignores it. */
static double parse_stack_size(const char *text)
{
    static const char units[] = "bkmg";
    char *end;
    const unsigned long size = strtoul(text, &end, 10);
    if (end == text)
        return 0;
    end += strspn(end, " \t");
    const char *unit = strchr(units, *end ? cn_lower(*end++) : 'k');
    const double bytes = unit ? ldexp((double)size, 10 * (int)(unit - units)) : 0;
    return end[strspn(end, " \t")] || bytes < (double)LEAST_OPENMP_BYTES ? 0 : bytes;
}

static enum cn_status check_stack_variables(struct cn_error *error)
{
    static const char *const variables[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE", "KMP_STACKSIZE"};
    for (size_t k = 0; k < sizeof variables / sizeof *variables; k++) {
        const char *text = getenv(variables[k]);
        double bytes = text ? parse_stack_size(text) : 0;
        if (bytes > 0 && bytes < (double)STACK_BYTES)
            return cn_fail(error, CN_BAD_USAGE,
                           "%s=%.40s makes the stacks of threads too small; unset it, or set at "
                           "least %dk",
                           variables[k], text, STACK_BYTES / 1024);
    }
    return CN_OK;
}

enum cn_status cn_stacks_prepare(struct cn_error *error)
{
    enum cn_status status = check_stack_variables(error);
    struct rlimit limit;
    pthread_attr_t threads;
    size_t bytes;
    if (status)
        return status;
    /* The default for new threads was the stack limit when the program started. */
    if (pthread_getattr_default_np(&threads) == 0) {
        if (pthread_attr_getstacksize(&threads, &bytes) == 0 && bytes < STACK_BYTES &&
            pthread_attr_setstacksize(&threads, STACK_BYTES) == 0)
            pthread_setattr_default_np(&threads);
        pthread_attr_destroy(&threads);
    }
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_BYTES)
        return CN_OK;
    limit.rlim_cur = STACK_BYTES; /* setrlimit refuses more than rlim_max */
    if (setrlimit(RLIMIT_STACK, &limit) == 0)
        return CN_OK;
    return cn_fail(error, CN_BAD_MACHINE,
                   "the stack is limited to %llu KiB, at least %d are needed; allow more "
                   "(ulimit -s), and run again",
                   (unsigned long long)limit.rlim_max / 1024, STACK_BYTES / 1024);
}
