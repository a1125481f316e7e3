/*
 * A skeleton: the bytes of a netCDF-4 file that lacks only the values and attributes of its target
 * year. The output files of a variable and region share one, so netCDF-C defines it once.
 */
#ifndef CLIMNORM_SINK_SKELETON_H
#define CLIMNORM_SINK_SKELETON_H

#include "climnorm/error.h"
#include "sink/metadata.h"
#include "sink/normals_file.h"

#include <stdint.h>

/* Zero before the first use. Threads may share it: the HDF5 lock guards it. */
struct cn_skeleton {
    void *bytes;
    size_t size;
    uint64_t hash[2]; /* of the dimensions and shared attributes that it was made with */
};

/* Makes the skeleton if there is none yet, or if dimensions or shared attributes have changed
 * since it was made. Reads it back, since netCDF-C without memory may leave out something and
 * report success. The caller holds the HDF5 lock.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: no file can hold a variable of that name.
 * CN_BAD_MACHINE: out of memory. Owns: *skeleton the bytes, until cn_skeleton_free. */
enum cn_status cn_skeleton_renew(struct cn_skeleton *skeleton, const struct cn_normals_file *file,
                                 const struct cn_metadata *metadata, struct cn_error *error);

void cn_skeleton_free(struct cn_skeleton *skeleton);

#endif
