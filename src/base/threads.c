/*
 * Cores this process may use: the affinity mask, cut to the quota of its control group (a container
 * that shows 56 cores but grants 8 would otherwise be throttled). Linux, cgroup version 2. OpenMP
 * binds the main thread while the program is loaded, so with places they tell what the mask was.
 */
#include "base/threads.h"

#include <omp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cores that one group's cpu.max grants, rounded up; `cores` without a quota. */
static int granted(const char *group, int cores)
{
    char path[4200];
    if (snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group) >= (int)sizeof path)
        return cores;
    FILE *file = fopen(path, "re");
    if (!file)
        return cores;
    double quota_us = 0, period_us = 0;
    int fields = fscanf(file, "%lf %lf", &quota_us, &period_us); /* "max 100000": no quota */
    fclose(file);
    if (fields != 2 || !(quota_us > 0) || !(period_us > 0) || quota_us / period_us >= cores)
        return cores;
    int whole = (int)(quota_us / period_us);
    return whole < quota_us / period_us ? whole + 1 : whole;
}

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
    char line[4096];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "0::/", 4) != 0)
            continue;
        char *group = line + 3;
        group[strcspn(group, "\n")] = '\0';
        for (char *slash; (slash = strrchr(group, '/')); *slash = '\0') /* a parent's quota holds */
            cores = granted(group, cores);
        cores = granted("", cores);
        break;
    }
    if (file)
        fclose(file);
    return cores < 1 ? 1 : cores;
}
