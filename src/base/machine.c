/*
 * Memory of the machine and of this process. Linux.
 */
#include "base/machine.h"

#include "base/cgroup.h"

#include <stdio.h>
#include <unistd.h>

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
        if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return (uint64_t)kib * 1024;
}
