/*
 * Whether an existing output file is the one that would be made now.
 */
#ifndef CLIMNORM_SINK_UP_TO_DATE_H
#define CLIMNORM_SINK_UP_TO_DATE_H

#include "sink/normal_file.h"

/* Whether the file at the final path is complete, has the digests of this config and these inputs,
 * and used exactly the years planned. Takes the HDF5 lock. netCDF-C may crash on a damaged file, so
 * call it in a child process.
 * Returns: false also where the file cannot be read, or memory ran out. */
bool cn_sink_is_up_to_date(const struct cn_normal_file *file);

#endif
