/*
 * What the output files of a variable and region have in common, made once: the bytes of a netCDF-4
 * file to which only the values and attributes of a target year are missing.
 */
#ifndef CLIMNORM_SINK_SKELETON_H
#define CLIMNORM_SINK_SKELETON_H

#include "sink/metadata.h"

/* Makes the skeleton if there is none yet, or if the shared attributes are not those it was made
 * with. CN_BAD_INPUT: no file can hold a variable of that name. Holds the HDF5 lock. */
enum cn_status cn_skeleton_renew(struct cn_skeleton *skeleton, const struct cn_normal_file *file,
                                 const struct cn_metadata *metadata, struct cn_error *error);

#endif
