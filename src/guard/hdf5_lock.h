/*
 * The HDF5 lock: netCDF-C and HDF5 calls go one at a time. Whoever calls them holds the HDF5 lock,
 * keeps it short, and neither creates nor waits for a task while holding it.
 */
#ifndef CLIMNORM_GUARD_HDF5_LOCK_H
#define CLIMNORM_GUARD_HDF5_LOCK_H

#include <stdbool.h>

/* Also keeps HDF5 from printing its error stack in this thread, and from following links into other
 * files, in all of the process. */
void cn_hdf5_lock(void);
void cn_hdf5_unlock(void);

/* False: they could not begin, in some thread, because memory ran out; what they said since then of
 * a file is worth nothing. */
bool cn_hdf5_is_usable(void);

#endif
