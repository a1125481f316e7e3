/*
 * The backend for values without chunks: contiguous HDF5 data and netCDF-3.
 */
#ifndef CLIMNORM_SOURCE_CONTIGUOUS_H
#define CLIMNORM_SOURCE_CONTIGUOUS_H

#include "source/reader.h"

extern const struct cn_backend cn_backend_contiguous;

#endif
