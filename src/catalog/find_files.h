/*
 * The search for files below a folder.
 */
#ifndef CLIMNORM_CATALOG_FIND_FILES_H
#define CLIMNORM_CATALOG_FIND_FILES_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "climnorm/watch.h"

#include <stdint.h>

struct cn_dataset;

struct cn_found_file {
    const char *path; /* root + relative path */
    const char *base;
    uint64_t device, inode;
};

/* Compares two struct cn_found_file by device and inode.
 * Returns: < 0, 0, > 0. */
int cn_inodes_compare(const void *a, const void *b);

/* Where to search, and which files. */
struct cn_search {
    const char *const *roots; /* [root_count] folders and files */
    size_t root_count;
    const struct cn_dataset *datasets; /* [dataset_count] of which files are found, too */
    size_t dataset_count;
    const char *const *endings; /* of names that are found besides .nc; NULL ends it, or is all */
};

/* Finds every regular file whose name ends in ".nc" or another ending, or that a dataset takes,
 * among the roots and below those that are folders. Follows symbolic links. Each folder and each
 * (inode, base name) counts once, but each path that a dataset takes is found; the order depends on
 * names alone. Folders and links that cannot be read become warnings. Reports to the watch how many
 * files were found. Errors: CN_BAD_USAGE: a root cannot be read. CN_STOPPED: the watch asked for
 * it. CN_BAD_MACHINE. Owns: all lives in the pool. */
enum cn_status cn_find_files(struct cn_pool *pool, const struct cn_search *search,
                             const struct cn_watch *watch, struct cn_found_file **files,
                             size_t *count, struct cn_problems *problems, struct cn_error *error);

#endif
