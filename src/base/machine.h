/*
 * What this process may use of the machine.
 */
#ifndef CLIMNORM_BASE_MACHINE_H
#define CLIMNORM_BASE_MACHINE_H

#include <stdint.h>

/* Returns: bytes of memory of the machine, or the limit of the control groups when that is less. */
uint64_t cn_machine_memory(void);

/* Returns: the peak of this process's resident memory in bytes; 0: not known. */
uint64_t cn_peak_memory(void);

#endif
