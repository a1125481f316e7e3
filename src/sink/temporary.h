/*
 * Where files are made: directories below the output root and temporaries in them. Nothing is made
 * outside the root, whatever a path or a symbolic link says.
 */
#ifndef CLIMNORM_SINK_TEMPORARY_H
#define CLIMNORM_SINK_TEMPORARY_H

#include "climnorm/error.h"

/* Makes the directories of `path`, relative to `root`, and in the last one an empty file
 * `.climnorm-*.tmp` that did not exist; temporary[room]: its absolute path. *descriptor: open for
 * writing, closed by the caller. */
enum cn_status cn_temporary_create(const char *root, const char *path, char *temporary, size_t room,
                                   int *descriptor, struct cn_error *error);

/* fsync of the temporary, rename to its name in `path`. On failure the temporary is removed. */
enum cn_status cn_temporary_publish(const char *path, const char *temporary,
                                    struct cn_error *error);

#endif
