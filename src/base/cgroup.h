/*
 * Limits of the control groups around this process, version 2 and 1. Linux.
 */
#ifndef CLIMNORM_BASE_CGROUP_H
#define CLIMNORM_BASE_CGROUP_H

/* Returns: the smallest limit of memory in bytes; INFINITY: there is none. */
double cn_cgroup_memory(void);

/* Returns: the smallest quota of processor time, in cores; INFINITY: there is none. */
double cn_cgroup_cores(void);

#endif
