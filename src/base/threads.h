/*
 * How many threads this process may use, on which cores, and with which stacks.
 */
#ifndef CLIMNORM_BASE_THREADS_H
#define CLIMNORM_BASE_THREADS_H

#include "climnorm/error.h"

/* Counts the cores of the affinity mask or of OMP_PLACES; fewer if a control group grants less
 * processor time.
 * Returns: at least 1. */
int cn_threads_available(void);

/* Returns: how many threads OpenMP starts if `threads` are wanted: OMP_THREAD_LIMIT at most. */
int cn_threads_granted(int threads);

/* Lets the calling thread or child process run on every core of the process. Threads outside of
 * OpenMP and child processes call it first: if OMP_PROC_BIND or OMP_PLACES is set, OpenMP has bound
 * the main thread to one place, and they inherit that. */
void cn_thread_unbind(void);

/* Enlarges stacks that are too small: that of this thread, and of threads that start later. Only
 * the main thread may call it, before any other starts.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: the hard limit is too small; CN_BAD_USAGE: a variable of
 * OpenMP asks for stacks that are too small. */
enum cn_status cn_stacks_prepare(struct cn_error *error);

#endif
