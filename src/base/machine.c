/*
 * Linux. A process is in one control group of version 2, and in one for each controller of version
 * 1. The limits of all groups above it hold too. A file that cannot be read sets no limit.
 */
#include "base/machine.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the groups of one version state a limit: as a number, as two numbers whose quotient is the
 * limit, or in two files. "max" or a negative number: no limit. */
struct limit_files {
    const char *hierarchy; /* below /sys/fs/cgroup: "", or "/CONTROLLER" */
    const char *value, *divisor;
};

static void read_numbers(const char *folder, const char *name, double *first, double *second)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    (void)!fscanf(file, "%lf %lf", first, second);
    fclose(file);
}

/* Returns: the smallest limit from a group up to the root of its hierarchy. */
static double limit_of_group(const struct limit_files *files, const char *group)
{
    char folder[PATH_MAX + 64];
    int top = snprintf(folder, sizeof folder, "/sys/fs/cgroup%s", files->hierarchy);
    snprintf(folder + top, sizeof folder - (size_t)top, "%s", group);
    double smallest = INFINITY;
    for (char *end = folder; end; end = strrchr(folder + top, '/')) {
        double value = 0, divisor = 1, unused;
        if (end != folder)
            *end = '\0';
        read_numbers(folder, files->value, &value, &divisor);
        if (files->divisor)
            read_numbers(folder, files->divisor, &divisor, &unused);
        if (value > 0 && divisor > 0)
            smallest = fmin(smallest, value / divisor);
    }
    return smallest;
}

/* Reads lines "ID:CONTROLLERS:GROUP", with commas between the controllers; version 2 has none. */
static double smallest_limit(const struct limit_files *version_2,
                             const struct limit_files *version_1)
{
    double smallest = INFINITY;
    char line[PATH_MAX], wanted[32];
    snprintf(wanted, sizeof wanted, ",%s,", version_1->hierarchy + 1);
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        bool is_version_2 = group == controllers + 1;
        *controllers = *group = ','; /* each controller now stands between commas */
        const char *found = strstr(controllers, wanted);
        if (is_version_2 || (found && found < group))
            smallest =
                fmin(smallest, limit_of_group(is_version_2 ? version_2 : version_1, group + 1));
    }
    if (file)
        fclose(file);
    return smallest;
}

double cn_cgroup_memory(void)
{
    return smallest_limit(&(struct limit_files){"", "memory.max", NULL},
                          &(struct limit_files){"/memory", "memory.limit_in_bytes", NULL});
}

double cn_cgroup_cores(void)
{
    return smallest_limit(&(struct limit_files){"", "cpu.max", NULL},
                          &(struct limit_files){"/cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us"});
}

uint64_t cn_machine_memory(void)
{
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    double limit = cn_cgroup_memory();
    return limit < (double)memory ? (uint64_t)limit : memory;
}

/* Not getrusage: its peak includes memory of the program that started this one. */
uint64_t cn_peak_memory(void)
{
    unsigned long long kib = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %llu kB", &kib); /* other lines leave it as it is */
    if (file)
        fclose(file);
    return (uint64_t)kib * 1024;
}
