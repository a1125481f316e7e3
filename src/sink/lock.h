/*
 * The locks of an output root: one run at a time, or several shards of it.
 */
#ifndef CLIMNORM_SINK_LOCK_H
#define CLIMNORM_SINK_LOCK_H

#include "climnorm/error.h"
#include "climnorm/shard.h"

#include <stdatomic.h>

/* What a run finds when it asks for the lock. */
struct cn_lock_found {
    /* Who has it: "process 4711 on host since 2026-01-31T12:00:00Z", or that it is not known. The
     * bytes are those of a file: cn_fail cleans them. "": nobody. */
    char holder[200];
    bool killed_runs; /* that have left something; what this run may remove is removed */
};

/* Takes the lock of an output root, and makes both where they are missing. Without a shard
 * (shard->count 0) no other run has any lock of this root meanwhile. With one, no other run has the
 * lock of this shard, and no run without a shard has one; other shards may have theirs.
 *
 * Tries for about a second, because a holder may be about to end, but not once *stop is not 0; stop
 * NULL: it never is. Removes the temporaries that killed runs left below this root; of other
 * shards, only without a shard. Makes the files of killed runs durable. Children that are forked
 * later do not have the lock.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: another run holds it, then found->holder says which; or the
 * path leads to no folder. CN_BAD_MACHINE: the folder cannot be written or synced, or its file
 * system cannot lock.
 * Owns: *lock, a descriptor, until cn_sink_unlock; -1 on failure. */
enum cn_status cn_sink_lock(const char *output_root, const struct cn_shard *shard,
                            const atomic_int *stop, int *lock, struct cn_lock_found *found,
                            struct cn_error *error);

/* Gives the lock back. leaves_files: the run has left unfinished outputs, and the next one will
 * find that out, as where a temporary could not be removed. Does nothing for -1, and in a child of
 * the process that has the lock. */
void cn_sink_unlock(int lock, bool leaves_files);

#endif
