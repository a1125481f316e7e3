/*
 * Cores this process may use: the affinity mask, cut to the quota of its control groups (a
 * container that shows 56 cores but grants 8 would otherwise be throttled). OpenMP binds the main
 * thread while the program is loaded, so where it has places these are the mask that the process
 * started with.
 */
#include "base/threads.h"

#include "base/cgroup.h"

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

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
