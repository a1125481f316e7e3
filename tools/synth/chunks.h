/*
 * Encoded chunks in netCDF-4 files, past HDF5's filter pipeline.
 */
#ifndef CLIMNORM_SYNTH_CHUNKS_H
#define CLIMNORM_SYNTH_CHUNKS_H

#include "climnorm/error.h"
#include "codec/codec.h"

/* Writes chunks[count] into `variable` of the closed file `path`: chunk k at index k of the first
 * dimension, which is unlimited and grows to `count`. The chunk shape is (1, full, full, …). The
 * caller holds the HDF5 lock.
 * Errors: CN_BAD_MACHINE: the file cannot be opened or written. */
enum cn_status cn_synth_write_chunks(const char *path, const char *variable,
                                     const struct cn_encoded *chunks, size_t count,
                                     struct cn_error *error);

#endif
