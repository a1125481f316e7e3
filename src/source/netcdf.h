/*
 * The backend for every other storage: netCDF-C, in a process of its own.
 */
#ifndef CLIMNORM_SOURCE_NETCDF_H
#define CLIMNORM_SOURCE_NETCDF_H

#include "source/reader.h"

extern const struct cn_backend cn_backend_netcdf;

#endif
