/*
 * The files of a folder whose names the name rule does not take, by kinds of names.
 */
#ifndef CLIMNORM_CLI_NAME_KINDS_H
#define CLIMNORM_CLI_NAME_KINDS_H

#include "base/pool.h"
#include "climnorm/error.h"

enum { CN_MOST_KINDS = 100, CN_MOST_SAMPLES = 8 };

/* A file that stands for others. */
struct cn_sample_file {
    const char *path;  /* absolute */
    const char *below; /* below the folder, printable */
};

/* Files whose paths differ in years and dates alone. */
struct cn_name_kind {
    const char *pattern; /* as input.datasets takes it */
    size_t files;
    struct cn_sample_file samples[CN_MOST_SAMPLES]; /* all of few files; of many the first, the last
                                                  and some between, by path */
    size_t sample_count;
};

struct cn_name_kinds {
    struct cn_name_kind *kinds; /* [count] in the order of the first file of each */
    size_t count;
    size_t file_count, named_count;   /* all files; those that the name rule takes */
    size_t hidden_count, other_count; /* files that are hidden; of more kinds than CN_MOST_KINDS */
};

/* Returns: whether item i of `count` is among `most` that are spread evenly, with the first and the
 * last. most: at least 2. */
bool cn_is_spread(size_t i, size_t count, size_t most);

/* Searches a folder, an absolute path. Tells on stderr what the search met.
 * Errors: CN_BAD_INPUT: it holds no file. CN_BAD_MACHINE. Owns: the pool. */
enum cn_status cn_name_kinds_find(struct cn_pool *pool, const char *folder,
                                  struct cn_name_kinds *found, struct cn_error *error);

#endif
