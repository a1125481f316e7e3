/*
 * A process is in one group of version 2, and in one group for each controller of version 1. A
 * limit of any group above it holds too. Files that cannot be read count as no limit.
 */
#include "base/cgroup.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct limit {
    const char *controller;
    const char *file;      /* version 2: a number, or two whose quotient is the limit, or "max" */
    const char *file_v1;   /* negative: no limit */
    const char *period_v1; /* NULL, or the file that holds the divisor */
};

/* How many of the two numbers were read. */
static int read_numbers(const char *folder, const char *name, double *first, double *second)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    int count = file ? fscanf(file, "%lf %lf", first, second) : 0;
    if (file)
        fclose(file);
    return count;
}

static double limit_of_group(const char *folder, const char *name, const char *period_name)
{
    double value = 0, period = 1, none;
    if (read_numbers(folder, name, &value, &period) < 1 || !(value > 0) ||
        (period_name && read_numbers(folder, period_name, &period, &none) < 1) || !(period > 0))
        return INFINITY;
    return value / period;
}

/* The smallest limit from a group up to the root of its hierarchy. */
static double limit_of_hierarchy(const struct limit *limit, bool is_v1, const char *group)
{
    char folder[PATH_MAX + 64];
    size_t mount = (size_t)snprintf(folder, sizeof folder, "/sys/fs/cgroup%s%s", is_v1 ? "/" : "",
                                    is_v1 ? limit->controller : "");
    snprintf(folder + mount, sizeof folder - mount, "%s", group);
    double smallest = INFINITY;
    for (;;) {
        smallest = fmin(smallest, limit_of_group(folder, is_v1 ? limit->file_v1 : limit->file,
                                                 is_v1 ? limit->period_v1 : NULL));
        char *slash = strrchr(folder + mount, '/');
        if (!slash)
            return smallest;
        *slash = '\0';
    }
}

/* Lines are "ID:CONTROLLERS:GROUP", with the controllers between commas; none: version 2. */
static double smallest_limit(const struct limit *limit)
{
    double smallest = INFINITY;
    char line[PATH_MAX], wanted[32];
    snprintf(wanted, sizeof wanted, ",%s,", limit->controller);
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        bool is_v1 = group != controllers + 1;
        *controllers = *group = ','; /* before the first, behind the last */
        char *found = strstr(controllers, wanted);
        if (!is_v1 || (found && found < group))
            smallest = fmin(smallest, limit_of_hierarchy(limit, is_v1, group + 1));
    }
    if (file)
        fclose(file);
    return smallest;
}

double cn_cgroup_memory(void)
{
    return smallest_limit(
        &(struct limit){"memory", "memory.max", "memory.limit_in_bytes", .period_v1 = NULL});
}

double cn_cgroup_cores(void)
{
    return smallest_limit(
        &(struct limit){"cpu", "cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us"});
}
