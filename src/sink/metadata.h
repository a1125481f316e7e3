/*
 * What an output file says about itself: every attribute, as plain lists in the order of writing.
 * Pure but for the date in `history`.
 */
#ifndef CLIMNORM_SINK_METADATA_H
#define CLIMNORM_SINK_METADATA_H

#include "sink/normal_file.h"

struct cn_attributes {
    struct cn_attribute *items;
    size_t count, capacity;
    /* The first `shared` are mostly those of the region's other files, too, and belong to the
     * skeleton. The rest are texts and single ints. */
    size_t shared;
    struct cn_pool *pool;
    bool failed; /* out of memory */
};

struct cn_metadata {
    struct cn_attributes global, variable, counts, dayofyear, time, lat, lon;
    char count_name[256]; /* VAR_count */
};

/* Fills *metadata.
 * Errors: CN_BAD_INPUT: no year of the window was used. CN_BAD_MACHINE: out of memory.
 * Owns: the lists live in the pool. */
enum cn_status cn_metadata_build(struct cn_pool *pool, const struct cn_normal_file *file,
                                 struct cn_metadata *metadata, struct cn_error *error);

/* Lists the years of the window that no file holds; with `used` also those that were not used. The
 * form is "1983 1991". *count: how many years remain.
 * Returns: "" where no year is missing; NULL: out of memory. Owns: the text lives in the pool. */
char *cn_missing_years(struct cn_pool *pool, const struct cn_normal_file *file, bool used,
                       int *count);

#endif
