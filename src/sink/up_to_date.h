/*
 * Whether an existing output file is the one that would be made now.
 */
#ifndef CLIMNORM_SINK_UP_TO_DATE_H
#define CLIMNORM_SINK_UP_TO_DATE_H

#include "sink/normals_file.h"

/* Whether the metadata of the file at the final path are as they were written, with the digests of
 * this config and these inputs. Its values are not read. Takes the HDF5 lock. HDF5 may crash on a
 * damaged file, so call it in a child process.
 * Returns: false also where the file cannot be read, or memory ran out. */
bool cn_sink_is_up_to_date(const struct cn_normals_file *file);

#endif
