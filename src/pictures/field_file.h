/*
 * Opens an output file in a child process, and brings what is read there to its parent.
 */
#ifndef CLIMNORM_PICTURES_FIELD_FILE_H
#define CLIMNORM_PICTURES_FIELD_FILE_H

#include "base/pool.h"
#include "base/serialize.h"
#include "climnorm/error.h"

struct cn_field_file {
    const char *path;
    void *context; /* of the functions */

    /* In the child, which holds the HDF5 lock. The pool is the child's. */
    enum cn_status (*read)(struct cn_pool *pool, int ncid, void *context, struct cn_error *error);
    void (*pack)(struct cn_archive *archive, void *context);

    /* In the parent. It trusts no number. */
    enum cn_status (*unpack)(struct cn_archive *archive, void *context, struct cn_error *error);
};

/* Errors: "PATH: what is wrong". CN_BAD_INPUT: the file cannot be read, or a function says so.
 * CN_BAD_MACHINE. Owns: the pool, what is unpacked. */
enum cn_status cn_field_file_read(const struct cn_field_file *file, struct cn_pool *pool,
                                  struct cn_error *error);

#endif
