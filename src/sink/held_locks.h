/*
 * Locks that this process holds: files that it keeps open and locked. Children close them.
 */
#ifndef CLIMNORM_SINK_HELD_LOCKS_H
#define CLIMNORM_SINK_HELD_LOCKS_H

#include <stdbool.h>

/* From now on children that are forked close the lock. path: of a lock file that is removed when
 * the lock is given back; NULL: it stays, and is emptied.
 * Returns: false: out of memory. Owns: the lock, until cn_lock_release; on failure the caller. */
bool cn_lock_hold(int lock, const char *path);

/* Closes the lock. keeps_text: the lock file stays as it is, for the next run. Does nothing for a
 * lock that this process does not hold. */
void cn_lock_release(int lock, bool keeps_text);

#endif
