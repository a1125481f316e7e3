/*
 * The passes of an output file that takes several: what each of them makes is on disk before the
 * next one begins, and is written down in a journal, so that a later run can go on.
 */
#ifndef CLIMNORM_SINK_OUTPUT_PASSES_H
#define CLIMNORM_SINK_OUTPUT_PASSES_H

#include "climnorm/error.h"
#include "codec/codec.h"

#include <stdint.h>

struct cn_output_file;

/* A target, as far as a pass makes it. */
struct cn_put {
    size_t target, pass;
    const bool *years_used;          /* [cn_file_years] that entered it; NULL: it is not made */
    size_t first_chunk, chunk_count; /* chunks that are whole with this pass, not before */
    const struct cn_encoded *chunks; /* [chunk_count][field_count]; bytes NULL: it was kept */
    const uint64_t *hashes;          /* of each chunk, by cn_content_hash */
};

/* Of several passes: keeps the values of a chunk of which the pass has only a part, before it puts
 * the target. values: [slots of the chunk in the pass][rows in the pass][column_count], float
 * values or int16 or int32 counts. Threads may keep several chunks at once. Errors: as
 * cn_output_put. */
enum cn_status cn_output_keep_values(struct cn_output_file *file, size_t target, size_t pass,
                                     size_t chunk, size_t field, const void *values,
                                     struct cn_error *error);

/* Reads the values of a chunk that all passes have kept, [chunk_slots][row_count][column_count];
 * those behind the end of the year are NaN, or 0. Returns: *values. Errors: as cn_output_put. */
enum cn_status cn_output_kept_values(struct cn_output_file *file, size_t target, size_t chunk,
                                     size_t field, void *values, struct cn_error *error);

/* Of several passes: keeps an encoded chunk that is whole with the pass, before it is put without
 * bytes. Threads may keep several chunks at once.
 * Errors: as cn_output_put. */
enum cn_status cn_output_keep_chunk(struct cn_output_file *file, size_t target, size_t pass,
                                    size_t chunk, size_t field, const void *bytes, size_t size,
                                    uint64_t hash, struct cn_error *error);

/* What a file that takes several passes does where another one does something else; called by
 * cn_output_put, cn_output_finish and cn_output_free alone. They put the share of a pass, write a
 * target whose passes are all put, and remove what no later run can use.
 * Errors: as cn_output_put. */
enum cn_status cn_passes_put(struct cn_output_file *file, const struct cn_put *put,
                             struct cn_error *error);
enum cn_status cn_passes_write(struct cn_output_file *file, size_t target, struct cn_error *error);
void cn_passes_clear(const struct cn_output_file *file, bool is_useless);

#endif
