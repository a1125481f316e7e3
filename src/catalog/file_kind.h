/*
 * What a file is that is no netCDF file, by its first bytes.
 */
#ifndef CLIMNORM_CATALOG_FILE_KIND_H
#define CLIMNORM_CATALOG_FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>

enum { CN_KIND_BYTES = 512 }; /* how much of a file is looked at */

/* Returns: whether the first bytes[count] are the header of a tar archive: its checksum is right. A
 * member of it may be an HDF5 file, and lies where HDF5 would look for one behind a user block. */
bool cn_is_tar(const unsigned char *bytes, size_t count);

/* bytes[count]: the first bytes of a file that is neither netCDF-3 nor HDF5; all of it, where count
 * is less than CN_KIND_BYTES.
 * Returns: what the file is and what to do: "a zip archive, ...; unpack it, ...". */
const char *cn_file_kind(const unsigned char *bytes, size_t count);

#endif
