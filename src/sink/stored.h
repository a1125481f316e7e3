/*
 * Whether an open netCDF file has what an output file should have.
 */
#ifndef CLIMNORM_SINK_STORED_H
#define CLIMNORM_SINK_STORED_H

#include "sink/metadata.h"

/* Whether the variable has the attribute, unchanged. The caller holds the HDF5 lock.
 * Returns: false also where it cannot be read, or memory ran out. */
bool cn_is_attribute_stored(int file, int variable, const struct cn_attribute *attribute);

/* Whether the file has a variable of this name, type and shape. The caller holds the HDF5 lock.
 * *id: its number; NC_GLOBAL for the file itself, which every file has.
 * Returns: false also where it cannot be read. */
bool cn_is_variable_stored(int file, const struct cn_metadata *metadata,
                           const struct cn_file_variable *variable, int *id);

#endif
