/*
 * The variable of a file as HDF5 has it. Whoever calls this holds the door.
 */
#ifndef CLIMNORM_SOURCE_DATASET_H
#define CLIMNORM_SOURCE_DATASET_H

#include "source/backends.h"

#include <hdf5.h>

struct cn_dataset {
    hid_t file, id; /* < 0: not open */
};

/* After a failure id is < 0, and errno tells its reason, or is 0. */
struct cn_dataset cn_dataset_open(const struct cn_read *read);
void cn_dataset_close(const struct cn_dataset *dataset);

#endif
