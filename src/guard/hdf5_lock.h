/*
 * The HDF5 lock. Only one thread at a time may call netCDF-C and HDF5. A caller holds this lock for
 * a short time, and neither creates a task nor waits for one meanwhile.
 */
#ifndef CLIMNORM_GUARD_HDF5_LOCK_H
#define CLIMNORM_GUARD_HDF5_LOCK_H

#include <stdbool.h>

/* Takes the lock and clears errno. The first call also prepares the libraries for the whole
 * process: HDF5 prints no error stack, and follows no link into another file. */
void cn_hdf5_lock(void);
void cn_hdf5_unlock(void);

/* May be called without the lock.
 * Returns: whether the libraries can be used. false: they could not be prepared, because memory ran
 * out; an error that they report then says nothing about the file. */
bool cn_hdf5_is_usable(void);

#endif
