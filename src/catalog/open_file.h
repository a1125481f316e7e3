/*
 * The file that a worker process has open. It stays open for the next of its variables, since
 * netCDF-C reads the metadata of all variables of a file when it opens it. Callers hold the HDF5
 * lock.
 */
#ifndef CLIMNORM_CATALOG_OPEN_FILE_H
#define CLIMNORM_CATALOG_OPEN_FILE_H

#include "base/io.h"
#include "climnorm/catalog.h"

/* Zero-initialise. */
struct cn_open_file {
    const char *path; /* of the open file; NULL: none is open */
    int descriptor, ncid;
    bool is_classic; /* netCDF-3; else HDF5 */
    char open_path[CN_DESCRIPTOR_PATH_BYTES];
    const char *library_path; /* by which libraries open it: open_path, or path */
    uint64_t size;
    int64_t mtime_ns;
};

/* Opens a file, unless it is open; any other is closed. Sets size and mtime of *file. path: lives
 * until the file is closed.
 * Errors: CN_BAD_INPUT: it is no netCDF file, or cannot be opened; none is open then. */
enum cn_status cn_open_file(struct cn_open_file *open_file, struct cn_file *file,
                            struct cn_error *error);

/* Closes the file, if one is open. */
void cn_open_file_close(struct cn_open_file *open_file);

#endif
