/*
 * The variable of a file as HDF5 has it. The callers hold the HDF5 lock.
 */
#ifndef CLIMNORM_SOURCE_H5_VARIABLE_H
#define CLIMNORM_SOURCE_H5_VARIABLE_H

#include "source/reader.h"

#include <hdf5.h>

struct cn_h5_variable {
    hid_t file, id; /* < 0: not open */
};

/* path: by which HDF5 opens the file. Not that of a descriptor, but in a worker process: where
 * memory runs out while HDF5 1.10 follows a link, it can open nothing more.
 * Returns: the open variable; after a failure its id is < 0, and errno is the reason or 0. */
struct cn_h5_variable cn_h5_variable_open(const struct cn_file *file, const char *path);
void cn_h5_variable_close(const struct cn_h5_variable *variable);

/* Sets the fill value of reader->index, the slab value of what was never written.
 * Returns: false: HDF5 cannot tell. */
bool cn_h5_variable_fill(const struct cn_h5_variable *variable, struct cn_reader *reader);

#endif
