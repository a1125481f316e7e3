/*
 * Work on hostile input in a process of its own. HDF5 and netCDF-C crash, or never return, on some
 * damaged files; the damage ends with the child.
 */
#ifndef CLIMNORM_BASE_PROBE_H
#define CLIMNORM_BASE_PROBE_H

#include "climnorm/error.h"

typedef enum cn_status cn_probe_work(void *context, struct cn_error *error);

/* Does the work in a child with bounds on CPU time and memory, and returns what it returned;
 * nothing else that it did comes back. CN_BAD_INPUT: it crashed or exceeded a bound.
 * CN_BAD_MACHINE: there is no child. To be called while no other thread holds a lock that the work
 * needs: before tasks start. */
enum cn_status cn_probe(cn_probe_work *work, void *context, struct cn_error *error);

#endif
