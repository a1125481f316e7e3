/*
 * The backend for chunks of HDF5 files that codecs can decode.
 */
#ifndef CLIMNORM_SOURCE_CHUNKS_H
#define CLIMNORM_SOURCE_CHUNKS_H

#include "source/reader.h"

extern const struct cn_backend cn_backend_chunks;

/* Returns: whether HDF5 finds all chunks in little time. */
bool cn_chunks_are_few(const struct cn_storage *storage);

/* Returns: whether two chunks are inflated at once, which takes the scratch of both. */
bool cn_chunks_go_ahead(const struct cn_storage *storage);

#endif
