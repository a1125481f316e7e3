/*
 * The only place that decides whether a failed call is the machine's fault or that of the input.
 * The machine may be well the next time: the run ends. An input stays bad: the rest goes on.
 */
#ifndef CLIMNORM_GUARD_FAULT_H
#define CLIMNORM_GUARD_FAULT_H

#include "climnorm/error.h"

/* Whether the errno `reason` is about the machine: a disk that fails or is full, no memory, no more
 * open files.
 * Returns: CN_BAD_MACHINE if it is, else `other`. */
enum cn_status cn_errno_status(int reason, enum cn_status other);

/* The same for the errno of a library that failed to read a file. ENOMEM is the machine's only
 * while the machine is short of memory: otherwise the file asks for too much. EAGAIN is the file's:
 * HDF5 says it of a file that another program has locked.
 * Returns: CN_BAD_MACHINE or CN_BAD_INPUT. */
enum cn_status cn_library_errno_status(int reason);

/* Whether the errno `reason` is about access to a file: rights, or a file that is gone. */
bool cn_errno_is_access(int reason);

/* What to do about the errno `reason`. It ends a message.
 * Returns: a constant, never NULL. */
const char *cn_errno_advice(int reason);

/* Whether 32 MiB cannot be had now. The soft limit of data of a worker process does not count: an
 * input that asks for too much may have reached it. May be called by any thread. */
bool cn_memory_is_short(void);

#endif
