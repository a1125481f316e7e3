/*
 * Memory of the machine and of its cgroups, version 2 and 1, and of this process. Linux.
 */
#include "base/machine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The limit that a file holds; UINT64_MAX: none ("max", or no such file). */
static uint64_t limit_in(const char *path)
{
    char text[32] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return UINT64_MAX;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    char *end;
    unsigned long long limit = strtoull(text, &end, 10);
    return length && end != text ? limit : UINT64_MAX;
}

/* The smallest limit from a cgroup up to the root of its hierarchy. */
static uint64_t cgroup_limit(const char *mount, char *group, const char *name)
{
    uint64_t smallest = UINT64_MAX;
    for (;;) {
        char path[2 * PATH_MAX];
        snprintf(path, sizeof path, "%s%s/%s", mount, group, name);
        uint64_t limit = limit_in(path);
        smallest = limit < smallest ? limit : smallest;
        char *slash = strrchr(group, '/');
        if (!slash)
            return smallest;
        *slash = 0;
    }
}

uint64_t cn_machine_memory(void)
{
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *groups = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX];
    while (groups && fgets(line, sizeof line, groups)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = 0;
        uint64_t limit = UINT64_MAX;
        if (!controllers[1]) /* version 2 */
            limit = cgroup_limit("/sys/fs/cgroup", group, "memory.max");
        else if (strstr(controllers + 1, "memory"))
            limit = cgroup_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        memory = limit < memory ? limit : memory;
    }
    if (groups)
        fclose(groups);
    return memory;
}

/* Not getrusage: it counts what the program that started this one held before. */
uint64_t cn_peak_memory(void)
{
    unsigned long long kib = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return (uint64_t)kib * 1024;
}
