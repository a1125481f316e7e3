/*
 * Reports the end of the program if a library calls exit(), or if the program crashes. Finished
 * files are kept, as after a kill: temporaries have no final name, and the next run removes them.
 */
#ifndef CLIMNORM_GUARD_CRASH_H
#define CLIMNORM_GUARD_CRASH_H

/* To be called first, once. From then on:
 * - exit() without cn_crash_allow_exit writes a line and ends with exit_code. libgomp calls exit()
 *   when it gets no memory or no threads, the scanner of libconfig when it gets no memory.
 * - A crash inside a library with errno ENOMEM writes a line and ends with exit_code. HDF5 and
 *   netCDF-C dereference the NULL of a failed allocation.
 * - Any other crash writes a line; then its signal kills the program, with a core dump.
 * Crashes of child processes are not reported. A signal that a sanitizer handles is left to it. */
void cn_crash_watch(int exit_code);

/* To be called before the program itself calls exit() or returns from main. */
void cn_crash_allow_exit(void);

/* To be called before and after calls of a library, so that the report of a crash can say where it
 * was. Calls may be nested; cn_library_call and the HDF5 lock make them. The outermost
 * cn_library_enter clears errno. After cn_crash_watch the first one of a thread gives it a stack
 * for signal handlers. */
void cn_library_enter(void);
void cn_library_leave(void);

#endif
