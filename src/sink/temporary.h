/*
 * Temporary files, and the folders below the output root that they are made in. Nothing is made
 * outside the root, whatever a path or a symbolic link says.
 */
#ifndef CLIMNORM_SINK_TEMPORARY_H
#define CLIMNORM_SINK_TEMPORARY_H

#include "climnorm/error.h"

#include <stdint.h>

enum { CN_TEMPORARY_NAME_BYTES = 72 };

/* Writes a name for a temporary that no other has: `.climnorm-ID-N.tmp` with the id of this run. */
void cn_temporary_name(char name[CN_TEMPORARY_NAME_BYTES]);

/* The files of an output that waits for its next pass, also when the run has ended. */
enum cn_waiting_file {
    CN_WAITING_CHUNKS, /* becomes the output */
    CN_WAITING_SCRATCH,
    CN_WAITING_JOURNAL,
    CN_WAITING_FILES /* their number */
};

/* Writes the name of such a file: `.climnorm-pass-HASH-N.tmp`, the same in each run. hash: of the
 * output's path. */
void cn_waiting_name(uint64_t hash, enum cn_waiting_file which, char name[CN_TEMPORARY_NAME_BYTES]);

/* Returns: whether the name is one of those; *hash, which it has. */
bool cn_is_waiting_name(const char *name, uint64_t *hash);

/* Writes the path of the file `name` in the folder of `path` to temporary[capacity].
 * Returns: false: it is too long. */
bool cn_temporary_path(const char *root, const char *path, const char *name, char *temporary,
                       size_t capacity);

/* Makes the folders of `path`, relative to `root`, durably, and in the last one an empty file. One
 * that has its name is replaced. *descriptor: open for writing.
 * Returns: temporary[capacity], its absolute path. Errors: CN_BAD_INPUT: the path is too long, or
 * leads out of the root. CN_BAD_MACHINE: a folder or the file cannot be made. Owns: the caller
 * closes *descriptor, and publishes or unlinks the file. */
enum cn_status cn_temporary_create(const char *root, const char *path, const char *name,
                                   char *temporary, size_t capacity, int *descriptor,
                                   struct cn_error *error);

/* Opens the file `name` in the folder of `path`, and makes no folder. flags: as those of open.
 * Returns: a descriptor; -1: it is not there, or no plain file of its own. Errors: errno. */
int cn_temporary_open(const char *root, const char *path, const char *name, int flags);

/* Removes the file `name` in the folder of `path`, if it is there. */
void cn_temporary_remove(const char *root, const char *path, const char *name);

/* Fails because the file that will be `path` cannot be written. reason: errno; 0: what waited for
 * it in a scratch file was changed. Returns: CN_BAD_MACHINE. */
enum cn_status cn_temporary_fail(const char *root, const char *path, int reason,
                                 struct cn_error *error);

/* Gives up a finished temporary: it is removed. One of an output that waited for its passes stays
 * for the next run. */
void cn_temporary_give_up(const char *temporary);

/* Syncs the temporary and gives it the name that `path` ends with. After a crash of the machine the
 * file is complete or absent, or what it replaced is there. What waited beside it is removed. Takes
 * no HDF5 lock.
 * Errors: CN_BAD_MACHINE: the disk failed, or out of memory; the temporary is removed. */
enum cn_status cn_temporary_publish(const char *path, const char *temporary,
                                    struct cn_error *error);

/* Syncs the folder in which the temporary was made. The files that got their names in it before
 * last from then on.
 * Errors: CN_BAD_MACHINE, with the folder's name. */
enum cn_status cn_temporary_sync_folder(const char *temporary, struct cn_error *error);

#endif
