/*
 * From one raw value to a number: type, missing values, packing.
 */
#ifndef CLIMNORM_SOURCE_UNPACK_H
#define CLIMNORM_SOURCE_UNPACK_H

#include "climnorm/catalog.h"
#include "kernels.h"

/* out[k] = number of the raw value at element first + k * stride, NaN where missing. Raw values in
 * native byte order. NetCDF User's Guide, attribute conventions; CF section 8.1. */
void cn_unpack(const struct cn_file *file, const unsigned char *bytes, size_t first, size_t stride,
               size_t count, double *out);

/* The rounding of an unpacked number to a slab value; NaN where float32 cannot hold it. */
float cn_slab_value(double value);

/* The missing rules of raw float32 values, for the kernel. */
struct cn_float_missing cn_float_rules(const struct cn_packing *packing);

#endif
