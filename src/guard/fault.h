/*
 * Whose fault a failed call is: the machine's, which may be well the next time, or that of the file
 * or setting that was asked for.
 */
#ifndef CLIMNORM_GUARD_FAULT_H
#define CLIMNORM_GUARD_FAULT_H

#include "climnorm/error.h"

/* CN_BAD_MACHINE where the errno `reason` speaks of the machine (a disk that fails or is full, no
 * memory, no more open files), else `other`. */
enum cn_status cn_errno_status(int reason, enum cn_status other);

/* The same for the errno that a library left which failed to read a file: while the machine has
 * memory, a file for which there is none asks for too much. A library that succeeds leaves any. */
enum cn_status cn_library_errno_status(int reason);

/* What to do about an errno: ends a message. */
const char *cn_errno_advice(int reason);

#endif
