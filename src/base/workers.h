/*
 * Work on hostile input in other processes. HDF5 and netCDF-C crash, or never return, on some
 * damaged files; the damage ends with a child.
 *
 * Items are looked at by a few children side by side, one item after another, and each sends what
 * it finds. Whatever goes wrong counts only when the child had looked at nothing else before;
 * otherwise a new one begins with that item. So an answer depends on its item alone.
 */
#ifndef CLIMNORM_BASE_WORKERS_H
#define CLIMNORM_BASE_WORKERS_H

#include "base/serialize.h"
#include "climnorm/watch.h"

#include <stdint.h>

struct cn_workers {
    size_t count;                 /* items */
    int threads;                  /* children at the same time, at most; 0: as many as cores */
    int timeout_s;                /* seconds without an answer until a child hangs; 0: 60 */
    int cpu_s;                    /* CPU time for an item, at most; 0: 10 */
    uint64_t memory_bytes;        /* that a child may allocate for an item; 0: 1 GiB */
    int lock;                     /* a descriptor that children close before all else; 0: none */
    const struct cn_watch *watch; /* NULL: nobody watches */
    void *context;

    /* In a child, with bounds on time, CPU time and memory for each item: packs what it finds. */
    enum cn_status (*examine)(void *context, size_t item, struct cn_archive *found,
                              struct cn_error *error);

    /* In the parent, once an item, in any order. failure is NULL, or says why there is nothing to
     * unpack: the error of look; CN_BAD_INPUT because the child crashed or exceeded a bound; or
     * CN_BAD_MACHINE because something else killed it.
     * Returns CN_BAD_INPUT for a parcel that no sound child packs, and is then told of a failure
     * instead. CN_BAD_MACHINE: items before this one are still taken, then all ends. */
    enum cn_status (*accept)(void *context, size_t item, struct cn_archive *found,
                             const struct cn_error *failure, struct cn_error *error);
};

/* Looks at all items. CN_STOPPED: the watch asked for it; children are deaf to signals that ask,
 * for a terminal sends them to all of a group. CN_BAD_MACHINE: of the first item that has it,
 * mostly from take; or there is no child. To be called while no other thread holds a lock that look
 * needs: before tasks start. */
enum cn_status cn_workers_run(const struct cn_workers *workers, struct cn_error *error);

#endif
