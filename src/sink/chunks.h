/*
 * Chunks that are encoded elsewhere, written into a netCDF-4 file that already has its metadata.
 */
#ifndef CLIMNORM_SINK_CHUNKS_H
#define CLIMNORM_SINK_CHUNKS_H

#include "sink/sink.h"

/* Writes chunk k at index k along the first dimension of `variable`, whose chunk shape is
 * (1, full, full, …), in the closed file `path`; an unlimited first dimension grows to `count`.
 * Takes no lock: the caller holds the HDF5 lock. */
enum cn_status cn_write_encoded(const char *path, const char *variable,
                                const struct cn_encoded *chunks, size_t count,
                                struct cn_error *error);

/* How many chunks of `variable` are in the file; 0 also when it cannot be read, or is longer than
 * it says. Takes no lock. */
size_t cn_count_chunks(const char *path, const char *variable);

#endif
