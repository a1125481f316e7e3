/*
 * How many threads this process can keep busy.
 */
#ifndef CLIMNORM_BASE_THREADS_H
#define CLIMNORM_BASE_THREADS_H

/* The cores of its affinity mask, or fewer where a control group grants less processor time.
 * At least 1. */
int cn_threads_available(void);

#endif
