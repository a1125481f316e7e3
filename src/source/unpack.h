/*
 * The rules of a file, as the kernels take them: type, missing values, packing.
 */
#ifndef CLIMNORM_SOURCE_UNPACK_H
#define CLIMNORM_SOURCE_UNPACK_H

#include "climnorm/catalog.h"
#include "kernels.h"

/* NetCDF User's Guide, attribute conventions; CF section 8.1.
 * Returns: how kernels turn the file's raw values into numbers. */
struct cn_unpacking cn_unpacking_rules(const struct cn_file *file);

/* Returns: which raw float32 values are missing. */
struct cn_float_missing cn_float_rules(const struct cn_packing *packing);

#endif
