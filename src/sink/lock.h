/*
 * The lock of an output root: one run at a time.
 */
#ifndef CLIMNORM_SINK_LOCK_H
#define CLIMNORM_SINK_LOCK_H

#include "climnorm/error.h"

#include <stdatomic.h>

/* Who holds a lock: "process 4711 on host since 2026-01-31T12:00:00Z", or that it is not known. */
struct cn_holder {
    char text[200]; /* "": nobody */
};

/* Takes the exclusive lock of an output root, and makes the folder where it is missing. Then
 * removes the temporaries that a dead run left. Waits a few seconds for a holder that is exiting,
 * unless *stop is not 0. Returns: *lock, a descriptor. Errors: CN_BAD_USAGE: another run holds the
 * lock, and *holder names it; or the path leads to no folder. CN_BAD_MACHINE: the folder cannot be
 * written, or its file system cannot lock. Owns: the caller passes *lock to cn_sink_unlock. */
enum cn_status cn_sink_lock(const char *output_root, const atomic_int *stop, int *lock,
                            struct cn_holder *holder, struct cn_error *error);

/* Gives the lock back. The end of the process does the same. */
void cn_sink_unlock(int lock);

#endif
