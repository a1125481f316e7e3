/*
 * What this process may use of the machine.
 */
#ifndef CLIMNORM_BASE_MACHINE_H
#define CLIMNORM_BASE_MACHINE_H

#include <stdint.h>

/* Bytes of memory: the machine's, or the smallest limit of the cgroups around this process. */
uint64_t cn_machine_memory(void);

/* The most bytes of memory that this process has held; 0: the kernel does not tell. */
uint64_t cn_peak_memory(void);

#endif
