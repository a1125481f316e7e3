/*
 * What a skeleton lacks of an output file: its own attributes and values, and where its chunks are.
 */
#ifndef CLIMNORM_SINK_OWN_METADATA_H
#define CLIMNORM_SINK_OWN_METADATA_H

#include "sink/content_digest.h"
#include "sink/image.h"
#include "sink/metadata.h"

/* Writes it into an open image, which began as the skeleton. chunks:
 * [target_count][chunk_count][metadata->field_count] at their addresses. The caller holds the
 * HDF5 lock.
 * Returns: false: HDF5 failed, or image->failed. */
bool cn_own_metadata_write(struct cn_image *image, const struct cn_metadata *metadata,
                           const struct cn_stored_chunk *chunks, size_t target_count,
                           size_t chunk_count);

#endif
