/*
 * Encoded chunks in netCDF-4 files, past HDF5's filter pipeline.
 */
#ifndef CLIMNORM_SINK_CHUNKS_H
#define CLIMNORM_SINK_CHUNKS_H

#include "climnorm/error.h"

/* A chunk as the file stores it: after shuffle and zlib, or the plain little-endian values where
 * the file has no filters. */
struct cn_encoded {
    const void *bytes;
    size_t size;
};

/* Writes chunks[count] into `variable` of the closed file `path`: chunk k at index k of the first
 * dimension, which is unlimited and grows to `count`. The chunk shape is (1, full, full, …). The
 * caller holds the HDF5 lock.
 * Errors: CN_BAD_MACHINE: the file cannot be opened or written. */
enum cn_status cn_write_encoded(const char *path, const char *variable,
                                const struct cn_encoded *chunks, size_t count,
                                struct cn_error *error);

/* Counts the chunks of `variable`. The caller holds the HDF5 lock.
 * Returns: 0 also where the file cannot be read, or is longer than its superblock records. */
size_t cn_count_chunks(const char *path, const char *variable);

#endif
