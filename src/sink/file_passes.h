/*
 * What each pass makes of an output file: which chunks it touches, which part of each, and with
 * which pass a chunk is whole. Pure arithmetic on the stretches of cn_normals_file.
 */
#ifndef CLIMNORM_SINK_FILE_PASSES_H
#define CLIMNORM_SINK_FILE_PASSES_H

#include "sink/normals_file.h"

/* The part of a chunk that one pass makes. */
struct cn_chunk_share {
    size_t first_slot, slot_count; /* of those of the chunk */
    size_t first_row, row_count;   /* of those of the region */
    size_t values;                 /* slot_count * row_count * column_count; 0: it makes none */
};

/* Returns: what the pass makes of the file, in the groups that the file has. */
struct cn_pass_stretch cn_file_stretch(const struct cn_normals_file *file, size_t pass);

/* Returns: the share of a pass in a chunk. */
struct cn_chunk_share cn_chunk_share(const struct cn_normals_file *file, size_t pass, size_t chunk);

/* Returns: how many chunks of each field the pass touches; 0: it has no rows of the region.
 * *first: the first of them. */
size_t cn_pass_chunks(const struct cn_normals_file *file, size_t pass, size_t *first);

/* Returns: whether the pass has a share in the chunk, and no later pass has. */
bool cn_is_whole_with(const struct cn_normals_file *file, size_t pass, size_t chunk);

/* Returns: the index of the last pass that has rows of the region. */
size_t cn_last_pass(const struct cn_normals_file *file);

/* Returns: whether stretches[count] make each day slot of the region's rows once, in order. Sizes
 * from a file that nobody has checked may be passed. */
bool cn_are_stretches_sound(const struct cn_normals_file *file,
                            const struct cn_pass_stretch *stretches, size_t count);

#endif
