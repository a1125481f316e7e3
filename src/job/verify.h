/*
 * Whether output files are as they were written: a list of paths, and what is found of each file.
 */
#ifndef CLIMNORM_JOB_VERIFY_H
#define CLIMNORM_JOB_VERIFY_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "climnorm/watch.h"

#include <stdint.h>

struct cn_verified_file {
    const char *path;
    uint64_t size;
    bool is_verified;
    const char *reason; /* NULL: it is as it was written; else why not: "its values are damaged" */
};

/* A file or folder that cannot be read. */
struct cn_unread {
    const char *path;
    const char *reason; /* "Permission denied; change its permissions, and run again" */
};

struct cn_verification {
    struct cn_verified_file *files; /* [count] in the order of the paths that were asked for */
    size_t count;
    struct cn_unread *unread; /* [unread_count] in that order, too */
    size_t unread_count;
};

/* Lists the files that paths[path_count] name. A folder stands for the files below it that end in
 * .nc, sorted by path. There, links are not followed, and what a run writes at the time is left
 * out. A file that may not be read, and a folder that cannot be, are listed as unread.
 * Returns: *verification, none verified; after a failure what is known so far. Errors:
 * CN_BAD_USAGE: nothing is there. CN_BAD_MACHINE: the disk fails, or out of memory; CN_STOPPED: the
 * watch asked for it. Owns: the pool the list and its texts. */
enum cn_status cn_list_outputs(struct cn_pool *pool, char *const *paths, size_t path_count,
                               const struct cn_watch *watch, struct cn_verification *verification,
                               struct cn_error *error);

/* Verifies all files that cn_list_outputs finds. Child processes read them, `threads` of them at a
 * time.
 * Returns: as cn_list_outputs. Errors: the same. Owns: the same. */
enum cn_status cn_verify_outputs(struct cn_pool *pool, char *const *paths, size_t path_count,
                                 int threads, const struct cn_watch *watch,
                                 struct cn_verification *verification, struct cn_error *error);

#endif
