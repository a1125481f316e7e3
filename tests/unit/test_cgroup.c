/*
 * Limits of control groups, read from files of this test instead of the kernel's.
 */
#include "base/machine.h"

#include "cn_test.h"

#include <math.h>

/* One system: what /proc/self/cgroup says, and the files below /sys/fs/cgroup. */
static const struct machine {
    const char *what, *groups;
    const char *files[8][2];
    double memory, cores;
} machines[] = {
    {"no file", .groups = NULL, .memory = INFINITY, .cores = INFINITY},
    {"nonsense", .groups = "nonsense\n0::/\n", .memory = INFINITY, .cores = INFINITY},
    {"version 2, a limit above holds", .groups = "0::/a/b\n",
     .files = {{"/a/b/memory.max", "max\n"},
               {"/a/memory.max", "1073741824\n"},
               {"/memory.max", "2147483648\n"},
               {"/a/b/cpu.max", "350000 100000\n"},
               {"/a/cpu.max", "max 100000\n"}},
     .memory = 1073741824, .cores = 3.5},
    {"version 1",
     .groups = "12:cpuset:/x\n5:cpu,cpuacct:/a/b\n4:memory:/a\n1:name=systemd:/y\n0::/\n",
     .files = {{"/cpu/a/b/cpu.cfs_quota_us", "-1\n"},
               {"/cpu/a/b/cpu.cfs_period_us", "100000\n"},
               {"/cpu/a/cpu.cfs_quota_us", "150000\n"},
               {"/cpu/a/cpu.cfs_period_us", "50000\n"},
               {"/cpu/x/cpu.cfs_quota_us", "1\n"},
               {"/cpu/x/cpu.cfs_period_us", "1\n"},
               {"/memory/a/memory.limit_in_bytes", "9223372036854771712\n"},
               {"/memory/memory.limit_in_bytes", "4294967296\n"}},
     .memory = 4294967296, .cores = 3},
};

static const struct machine *machine;

FILE *__wrap_fopen(const char *path, const char *mode);

FILE *__wrap_fopen(const char *path, const char *mode)
{
    static const char root[] = "/sys/fs/cgroup";
    const char *text = NULL;
    if (strcmp(path, "/proc/self/cgroup") == 0)
        text = machine->groups;
    for (size_t i = 0; i < 8 && machine->files[i][0]; i++)
        if (strncmp(path, root, strlen(root)) == 0 &&
            strcmp(path + strlen(root), machine->files[i][0]) == 0)
            text = machine->files[i][1];
    return text ? fmemopen((char *)text, strlen(text), mode) : NULL;
}

static void test_the_lowest_limit_of_a_group_and_those_above_it_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        machine = &machines[i];
        assert_row(cn_cgroup_memory() == machine->memory, machine->what);
        assert_row(cn_cgroup_cores() == machine->cores, machine->what);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lowest_limit_of_a_group_and_those_above_it_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
