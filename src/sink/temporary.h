/*
 * Temporary files, and the folders below the output root that they are made in. Nothing is made
 * outside the root, whatever a path or a symbolic link says.
 */
#ifndef CLIMNORM_SINK_TEMPORARY_H
#define CLIMNORM_SINK_TEMPORARY_H

#include "climnorm/error.h"

/* Makes the folders of `path`, relative to `root`, durably, and in the last one an empty file
 * `.climnorm-*.tmp` that did not exist. *descriptor: open for writing.
 * Returns: temporary[capacity], its absolute path. Errors: CN_BAD_INPUT: the path is too long, or
 * leads out of the root. CN_BAD_MACHINE: a folder or the file cannot be made. Owns: the caller
 * closes *descriptor, and publishes or unlinks the file. */
enum cn_status cn_temporary_create(const char *root, const char *path, char *temporary,
                                   size_t capacity, int *descriptor, struct cn_error *error);

/* Syncs the temporary and gives it the name that `path` ends with. After a crash of the machine the
 * file is complete or absent, or what it replaced is there. Takes no HDF5 lock.
 * Errors: CN_BAD_MACHINE: the disk failed, or out of memory; the temporary is removed. */
enum cn_status cn_temporary_publish(const char *path, const char *temporary,
                                    struct cn_error *error);

/* Syncs the folder in which the temporary was made. The files that got their names in it before
 * last from then on.
 * Errors: CN_BAD_MACHINE, with the folder's name. */
enum cn_status cn_temporary_sync_folder(const char *temporary, struct cn_error *error);

#endif
