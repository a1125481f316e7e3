/*
 * The name of this run among all runs on all machines that share a disk.
 */
#ifndef CLIMNORM_BASE_RUN_ID_H
#define CLIMNORM_BASE_RUN_ID_H

/* Temporaries of a run are `.climnorm-ID-….tmp`, so that others can tell whose they are. A child
 * process has the id of its parent only if that asked before. May be called by any thread.
 * Returns: hexadecimal digits, at most 32, the same at each call. */
const char *cn_run_id(void);

#endif
