/*
 * How many threads this process can keep busy, and on which cores.
 */
#ifndef CLIMNORM_BASE_THREADS_H
#define CLIMNORM_BASE_THREADS_H

/* The cores of its affinity mask or of OMP_PLACES, or fewer where a control group grants less
 * processor time. At least 1. */
int cn_threads_available(void);

/* How many threads OpenMP will really make when `threads` are asked for: OMP_THREAD_LIMIT holds. */
int cn_threads_granted(int threads);

/* Lets the calling thread or child process run on every core of the process. Helpers call it first:
 * where OMP_PROC_BIND or OMP_PLACES is set, OpenMP has bound the main thread to one place, and
 * whatever it starts inherits that. */
void cn_thread_unbind(void);

#endif
