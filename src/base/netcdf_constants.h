/*
 * Constants of netCDF and HDF5 files that several modules need.
 */
#ifndef CLIMNORM_BASE_NETCDF_CONSTANTS_H
#define CLIMNORM_BASE_NETCDF_CONSTANTS_H

/* The first bytes of an HDF5 file (HDF5 File Format Specification, section II.A). */
#define CN_HDF5_SIGNATURE "\x89HDF\r\n\x1a\n"
enum { CN_HDF5_SIGNATURE_BYTES = 8 };

/* The missing value in the files that climnorm writes, as in CMIP. */
#define CN_FILL_VALUE 1e20F

#endif
