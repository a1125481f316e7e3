/*
 * Whether a call failed because of the machine or because of its input. The machine may be in order
 * next time: the run ends. An input stays bad: the run goes on with the others.
 */
#ifndef CLIMNORM_GUARD_FAULT_H
#define CLIMNORM_GUARD_FAULT_H

#include "climnorm/error.h"

/* Whether the errno `reason` is about the machine: a disk that fails or is full, out of memory, too
 * many open files.
 * Returns: CN_BAD_MACHINE if it is, else `other`. */
enum cn_status cn_errno_status(int reason, enum cn_status other);

/* Returns: whether the errno `reason` is about access to a file: rights, or a file that is gone. */
bool cn_errno_is_access(int reason);

/* Whether the errno `reason`, of opening or syncing a folder, says that nobody can sync it: its
 * file system does not sync folders, or nobody may read this one. What is done in it is then as
 * durable as it can be.
 * Returns: false where the sync failed. */
bool cn_errno_is_no_sync(int reason);

/* What the user can do about the errno `reason`, for the end of a message.
 * Returns: a constant, never NULL. */
const char *cn_errno_advice(int reason);

/* The soft limit RLIMIT_DATA of a worker process does not count: an input that asks for too much
 * may have reached it. May be called by any thread.
 * Returns: whether 32 MiB cannot be allocated now. */
bool cn_memory_is_short(void);

#endif
