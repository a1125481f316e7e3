/*
 * Work on input that is not trusted, in child processes. HDF5 and netCDF-C crash on some damaged
 * files, or never return; then a child ends, and not the program.
 *
 * A few children examine items side by side, one after another, and each sends what it finds. A
 * failure counts only in a child that has examined nothing else before; otherwise a new child
 * begins with that item. So an answer depends on its item alone.
 */
#ifndef CLIMNORM_BASE_WORKERS_H
#define CLIMNORM_BASE_WORKERS_H

#include "base/serialize.h"
#include "climnorm/watch.h"

#include <stdint.h>

struct cn_workers {
    size_t count;                 /* items */
    int threads;                  /* children at a time, at most; 0: one */
    int timeout_s;                /* seconds without an answer that end the run; 0: 600 */
    int cpu_s;                    /* CPU time for an item, at most; 0: 10 */
    uint64_t memory_bytes;        /* that a child may allocate for an item; 0: 1 GiB */
    const struct cn_watch *watch; /* NULL: nobody watches */
    void *context;

    /* The name of an item. NULL: it is not said that an item takes long. */
    const char *(*name)(void *context, size_t item);

    /* In a child: examines an item and packs what it finds. CPU time and memory are bounded by
     * cpu_s and memory_bytes for each item.
     * Returns: CN_OK. Errors: CN_BAD_INPUT or CN_BAD_MACHINE, both tried again in a new child. */
    enum cn_status (*examine)(void *context, size_t item, struct cn_archive *found,
                              struct cn_error *error);

    /* In the parent, once for each item, in any order: unpacks what was found. failure: NULL, or
     * why there is nothing to unpack: the error of examine; CN_BAD_INPUT, as the child crashed or
     * exceeded a bound; CN_BAD_MACHINE, as something else killed it, or the storage gave no answer.
     * Returns: CN_OK. Errors: CN_BAD_INPUT for an archive that no sound child packs: it is then
     * called again with a failure. Any other status ends the run after the items before this one.
     */
    enum cn_status (*accept)(void *context, size_t item, struct cn_archive *found,
                             const struct cn_error *failure, struct cn_error *error);
};

/* Examines all items. Children ignore signals that ask the parent to stop. No other thread may hold
 * a lock that examine needs, but the HDF5 lock: a fork waits for that.
 * Returns: CN_OK. Errors: CN_STOPPED: the watch asked for it. CN_BAD_MACHINE: that of the first
 * item which has it; or no child can be started. */
enum cn_status cn_workers_run(const struct cn_workers *workers, struct cn_error *error);

#endif
