/*
 * The end of an output file: the metadata around the chunks that are on disk already.
 */
#ifndef CLIMNORM_SINK_FINAL_FILE_H
#define CLIMNORM_SINK_FINAL_FILE_H

#include "climnorm/error.h"
#include "sink/content_digest.h"
#include "sink/metadata.h"
#include "sink/normals_file.h"
#include "sink/skeleton.h"

/* What the file is in the end. */
struct cn_final_file {
    struct cn_normals_file content; /* of the targets that are made */
    struct cn_metadata metadata;
    struct cn_stored_chunk
        *chunks; /* [chunk_count] by target, day slot, field; at their addresses */
    size_t chunk_count;
    uint64_t area_begin, area_end; /* of the chunks */
};

/* Writes all but the chunks, and the content digest. Takes the HDF5 lock, but never while it waits
 * for the disk. The skeleton is renewed where it is not that of the file.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: the disk is full, an I/O error, out of memory, HDF5
 * fails.
 */
enum cn_status cn_final_write(struct cn_final_file *final, struct cn_skeleton *skeleton,
                              int descriptor, struct cn_error *error);

/* Makes the file in memory, with neither chunks nor content digest: what lacks chunks is fill.
 * Takes the HDF5 lock. Returns: *bytes. Errors: CN_BAD_MACHINE: out of memory, HDF5 fails. Owns:
 * the caller, *bytes with free. */
enum cn_status cn_final_image(const struct cn_final_file *final, struct cn_skeleton *skeleton,
                              void **bytes, size_t *size, struct cn_error *error);

#endif
