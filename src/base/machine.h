/*
 * How much memory and processor time this process may use, and how much memory it has used.
 */
#ifndef CLIMNORM_BASE_MACHINE_H
#define CLIMNORM_BASE_MACHINE_H

#include <stdint.h>

/* Returns: the memory limit of the control groups in bytes; INFINITY: there is none. */
double cn_cgroup_memory(void);

/* Returns: the processor time that the control groups grant, in cores; INFINITY: no limit. */
double cn_cgroup_cores(void);

/* Returns: bytes of memory of the machine, or the limit of the control groups if that is less. */
uint64_t cn_machine_memory(void);

/* Returns: the peak of this process's resident memory in bytes; 0: not known. */
uint64_t cn_peak_memory(void);

#endif
