/*
 * How many threads this process can keep busy, on which cores, and with which stacks.
 */
#ifndef CLIMNORM_BASE_THREADS_H
#define CLIMNORM_BASE_THREADS_H

#include "climnorm/error.h"

/* The cores of the affinity mask or of OMP_PLACES, or fewer where a control group grants less
 * processor time. Returns: at least 1. */
int cn_threads_available(void);

/* Returns: how many threads OpenMP makes when `threads` are asked for: OMP_THREAD_LIMIT holds. */
int cn_threads_granted(int threads);

/* Lets the calling thread or child process run on every core of the process. Helper threads and
 * children call it first: where OMP_PROC_BIND or OMP_PLACES is set, OpenMP has bound the main
 * thread to one place, and whatever it starts inherits that. */
void cn_thread_unbind(void);

/* Raises small stacks, of this thread and of those that are started later. To be called by the main
 * thread before any thread is started.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: the hard limit is too small; CN_BAD_USAGE: a variable of
 * OpenMP asks for stacks that are too small. */
enum cn_status cn_stacks_prepare(struct cn_error *error);

#endif
