/*
 * Cores this process may use: the affinity mask, cut to the quota of its control group (a container
 * that shows 56 cores but grants 8 would otherwise be throttled). Linux, cgroup version 2.
 */
#include "base/threads.h"

#include <omp.h>
#include <stdio.h>
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

int cn_threads_available(void)
{
    int cores = omp_get_num_procs();
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
