/*
 * What an output file says about itself: every attribute, as plain lists in the order in which they
 * are written. Pure but for the date in `history`.
 */
#ifndef CLIMNORM_SINK_METADATA_H
#define CLIMNORM_SINK_METADATA_H

#include "sink/sink.h"

#define CN_OUTPUT_FILL 1e20F /* of missing means */

struct cn_attributes {
    struct cn_attribute *items;
    size_t count, capacity;
    size_t shared; /* so many from the first on are mostly those of the region's other files; the
                      rest are texts and single ints */
    struct cn_pool *pool;
    bool failed; /* out of memory */
};

struct cn_metadata {
    struct cn_attributes global, variable, counts, dayofyear, time, lat, lon;
    char count_name[256]; /* VAR_count */
};

/* Fills *metadata; the lists live in the pool. CN_BAD_INPUT: no year of the window was used. */
enum cn_status cn_metadata_build(struct cn_pool *pool, const struct cn_normal_file *file,
                                 struct cn_metadata *metadata, struct cn_error *error);

/* The years of the window that no file holds, or with `used` those that were not used either, as
 * "1983 1991"; "" when none lacks; NULL: out of memory. *count: the other years. */
char *cn_missing_years(struct cn_pool *pool, const struct cn_normal_file *file, bool used,
                       int *count);

/* The source year at place `i` of the file's window, oldest first; NULL: no file holds it. */
static inline const struct cn_source_year *cn_window_year(const struct cn_normal_file *file, int i)
{
    ptrdiff_t index = file->target->window[i];
    return index < 0 ? NULL : &file->variable->years[index];
}

#endif
