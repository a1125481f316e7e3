/*
 * The HDF5 lock. netCDF-C and HDF5 may be called by one thread at a time: whoever calls them holds
 * this lock, keeps it short, and neither creates nor waits for a task while holding it.
 */
#ifndef CLIMNORM_GUARD_HDF5_LOCK_H
#define CLIMNORM_GUARD_HDF5_LOCK_H

#include <stdbool.h>

/* The first call also prepares the libraries: HDF5 prints no error stack, and follows no link into
 * another file, in the whole process. Clears errno. */
void cn_hdf5_lock(void);
void cn_hdf5_unlock(void);

/* False: the libraries could not be prepared, because memory ran out. What they have said of a file
 * since then is worth nothing. May be called without the lock. */
bool cn_hdf5_is_usable(void);

#endif
