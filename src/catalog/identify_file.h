/*
 * What a file is, before any library opens it.
 */
#ifndef CLIMNORM_CATALOG_IDENTIFY_FILE_H
#define CLIMNORM_CATALOG_IDENTIFY_FILE_H

#include "climnorm/catalog.h"

/* Sets size and mtime of *file, and whether it is netCDF-3 (classic) or HDF5. The headers of
 * netCDF-3 are checked.
 * Errors: CN_BAD_INPUT: it is neither, or it is damaged or cannot be read. */
enum cn_status cn_identify_file(int descriptor, struct cn_file *file, bool *classic,
                                struct cn_error *error);

#endif
