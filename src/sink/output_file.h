/*
 * An output file in the making: the encoded chunks of its normals go to a temporary as they come,
 * `.climnorm-*.tmp` in the folder of the final path; memory keeps where they are. When all are
 * there, the metadata are written. cn_temporary_publish then syncs and renames the file. Its bytes
 * do not depend on when chunks were put, nor by whom.
 */
#ifndef CLIMNORM_SINK_OUTPUT_FILE_H
#define CLIMNORM_SINK_OUTPUT_FILE_H

#include "climnorm/error.h"
#include "codec/codec.h"
#include "sink/content_digest.h"
#include "sink/normals_file.h"
#include "sink/skeleton.h"

struct cn_output_file;

/* Begins a file; nothing is written yet. `content` is copied: what it points to and the skeleton
 * must outlive the file. A content with years_used says all that the file will be; without, more is
 * told by cn_output_finish. skeleton: of the files of the variable and region; zero before the
 * first.
 * Returns: NULL: out of memory. Owns: the caller, with cn_output_free. */
struct cn_output_file *cn_output_new(const struct cn_normals_file *content,
                                     struct cn_skeleton *skeleton);

/* Puts the chunks of target t, [field_count][chunk_count], once; chunks NULL: the target is not
 * made. hashes: of each chunk, by cn_content_hash; cheapest right after it was encoded. Threads may
 * put targets in any order. Chunks are written in the order of targets: those that come too early
 * wait, and their bytes must stay until all targets before have been put. The first call makes the
 * temporary, and takes the HDF5 lock where it makes the skeleton.
 * Returns: *is_complete: this call has written the last target; the caller then calls
 * cn_output_finish. Errors: CN_BAD_INPUT: the file cannot have this path or variable, or no year
 * was used. CN_BAD_MACHINE: the disk is full, an I/O error, out of memory. */
enum cn_status cn_output_put(struct cn_output_file *file, size_t t, const struct cn_encoded *chunks,
                             const uint64_t *hashes, bool *is_complete, struct cn_error *error);

/* Completes the temporary. years_used: [target_count] of the content, NULL: the target is not
 * made; ignored where the content says it. One target at least is made. Takes the HDF5 lock, but
 * never while it waits for the disk.
 * Returns: temporary[capacity], the absolute path. Errors: as cn_output_put. Owns: on success
 * the caller publishes the temporary or unlinks it. */
enum cn_status cn_output_finish(struct cn_output_file *file, const bool *const *years_used,
                                char *temporary, size_t capacity, struct cn_error *error);

/* Frees the file, and removes the temporary of one that was not finished; NULL is allowed. */
void cn_output_free(struct cn_output_file *file);

#endif
