/*
 * A list of MD5 checksums, as md5sum writes it: a sum and a path in each line. The list is not
 * trusted: its size and its lines are bounded.
 */
#ifndef CLIMNORM_JOB_MD5_LIST_H
#define CLIMNORM_JOB_MD5_LIST_H

#include "base/pool.h"
#include "climnorm/error.h"

enum { CN_MD5_TEXT = 33 };

struct cn_md5_entry {
    char md5[CN_MD5_TEXT]; /* in lower case */
    bool is_found;         /* a file is the one that is meant */
    const char *path;      /* as the list has it */
    size_t length;         /* of the path */
};

struct cn_md5_list {
    struct cn_md5_entry *entries; /* [count], by path from its end on, and sum */
    size_t count;
    size_t other_lines; /* that are no checksum */
    size_t first_other; /* the number of the first of them */
    size_t conflicts;   /* sums of a path that has another one, too */
    const char *conflict_example;
};

/* Reads a list: lines of 32 hexadecimal digits, blanks, perhaps "*", and a path, or "MD5 (PATH) =
 * SUM"; behind a backslash, the path is escaped as md5sum does it. Other lines are counted. Errors:
 * CN_BAD_USAGE: it cannot be read, is too long, or has no checksum. CN_BAD_MACHINE: out of memory.
 * Owns: the pool. */
enum cn_status cn_md5_list_read(struct cn_pool *pool, const char *path, struct cn_md5_list *list,
                                struct cn_error *error);

/* Finds the entry of a file: of those with its base name the one that shares the most folders at
 * the end of the path. Of several such entries the one that has this sum, if one has it. The
 * entries are then found. Returns: the entry; NULL: there is none. */
const struct cn_md5_entry *cn_md5_list_find(struct cn_md5_list *list, const char *path,
                                            const char *md5);

#endif
