/*
 * The variable of a file as HDF5 has it. Whoever calls this holds the HDF5 lock.
 */
#ifndef CLIMNORM_SOURCE_H5_VARIABLE_H
#define CLIMNORM_SOURCE_H5_VARIABLE_H

#include "source/backends.h"

#include <hdf5.h>

struct cn_h5_variable {
    hid_t file, id; /* < 0: not open */
};

/* After a failure id is < 0, and errno tells its reason, or is 0. */
struct cn_h5_variable cn_h5_variable_open(const struct cn_reader *read);
void cn_h5_variable_close(const struct cn_h5_variable *dataset);

#endif
