/*
 * The report of an end that nobody chose: a library calls exit(), or the program crashes.
 * Nothing is lost by it that a kill would not lose: temporaries have no final name, and the next
 * run removes them.
 */
#ifndef CLIMNORM_GUARD_CRASH_H
#define CLIMNORM_GUARD_CRASH_H

#include <stdbool.h>

/* To be called first, once. From now on
 * - exit() without cn_crash_allow_exit writes a line and ends with exit_code: libgomp calls it
 *   without memory or threads, the scanner of libconfig without memory;
 * - a crash inside a library whose errno says that memory ran out writes a line and ends with
 *   exit_code: HDF5 and netCDF-C use the NULL of a failed allocation;
 * - any other crash writes a line and then happens: a core dump, and death by its signal.
 * Crashes of child processes are not reported. Signals that a sanitizer handles are left to it. */
void cn_crash_watch(int exit_code);

/* The program calls exit() or returns from main on purpose now. */
void cn_crash_allow_exit(void);

/* Around calls of a library, so that the crash report tells its crashes from our own. May be
 * nested. cn_library_call and the HDF5 lock do it. The outermost cn_library_enter clears errno; the
 * first of a thread gives it a stack for signal handlers. */
void cn_library_enter(void);
void cn_library_leave(void);

/* Whether the calling thread is between the two. May be called by a signal handler. */
bool cn_in_library(void);

#endif
