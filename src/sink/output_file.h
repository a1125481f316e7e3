/*
 * An output file in the making: the encoded chunks of its normals go to a temporary as they come,
 * `.climnorm-*.tmp` in the folder of the final path; memory keeps where they are. When all are
 * there, the metadata are written. cn_temporary_publish then syncs and renames the file. Its bytes
 * do not depend on when chunks were put, nor by whom, nor in how many passes. A file that takes
 * several passes outlives its run: a later one goes on where content->passes_done says.
 */
#ifndef CLIMNORM_SINK_OUTPUT_FILE_H
#define CLIMNORM_SINK_OUTPUT_FILE_H

#include "climnorm/error.h"
#include "sink/content_digest.h"
#include "sink/normals_file.h"
#include "sink/output_passes.h"
#include "sink/skeleton.h"

/* Begins a file; nothing is written yet. `content` is copied: what it points to and the skeleton
 * must outlive the file. Its years_used are not looked at: each put tells those of its target.
 * passes_done, if it is not 0, is what cn_unfinished_read allows.
 * skeleton: of the files of the variable and region; zero before the first.
 * Returns: NULL: out of memory. Owns: the caller, with cn_output_free. */
struct cn_output_file *cn_output_new(const struct cn_normals_file *content,
                                     struct cn_skeleton *skeleton);

enum cn_put_outcome {
    CN_PUT_MORE,     /* other targets or passes are missing */
    CN_PUT_COMPLETE, /* all is written: the caller goes on with cn_output_targets_made */
    CN_PUT_STALE     /* the passes of a target used other years each: the file has to be made anew,
                        from its first pass on */
};

/* Puts a target, once for each pass that has rows of the region; for other passes nothing happens.
 * Threads may put targets in any order, but the passes of a target one after another.
 *
 * One pass: chunks are written in the order of targets. Those that come too early wait: chunks[]
 * and their bytes must stay until all targets before have been put. Several passes: the bytes may
 * go when the call returns. The first call makes the temporary, and some call takes the HDF5 lock
 * to make the skeleton. Returns: *outcome; CN_PUT_COMPLETE or CN_PUT_STALE for one call. Errors:
 * CN_BAD_INPUT: the file cannot have this path or variable, or no year was used. CN_BAD_MACHINE:
 * the disk is full, an I/O error, out of memory. */
enum cn_status cn_output_put(struct cn_output_file *file, const struct cn_put *put,
                             enum cn_put_outcome *outcome, struct cn_error *error);

/* Returns: how many targets of a complete file are made; 0: there is nothing to finish. */
size_t cn_output_targets_made(const struct cn_output_file *file);

/* Completes the temporary of a complete file with targets. Takes the HDF5 lock, but never while it
 * waits for the disk.
 * Returns: temporary[capacity], the absolute path. Errors: as cn_output_put. Owns: on success
 * the caller publishes the temporary or unlinks it. */
enum cn_status cn_output_finish(struct cn_output_file *file, char *temporary, size_t capacity,
                                struct cn_error *error);

/* The same of a file with `values` in its content, all of which are in their places: sets what else
 * there is of them, and leaves out the targets that are not made. */
enum cn_status cn_output_finish_values(struct cn_output_file *file, struct cn_error *error);

/* Frees the file, and removes the temporary of one that was not finished. That of several passes
 * stays for a later run, unless passes do not fit together. NULL is allowed. */
void cn_output_free(struct cn_output_file *file);

#endif
