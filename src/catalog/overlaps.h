/*
 * Days that two files of one timeline hold.
 */
#ifndef CLIMNORM_CATALOG_OVERLAPS_H
#define CLIMNORM_CATALOG_OVERLAPS_H

#include "base/pool.h"
#include "climnorm/catalog.h"

/* Two files, and the first day of a year that both hold. */
struct cn_overlap {
    const struct cn_file *first, *second;
    struct cn_date day;
};

/* Zero-initialise. */
struct cn_overlaps {
    struct cn_overlap *items;
    size_t count, capacity;
    bool no_memory;
};

/* Adds a day that two files hold. Days of one year and one pair may be added again. */
void cn_overlaps_add(struct cn_overlaps *overlaps, struct cn_pool *pool, struct cn_overlap overlap);

/* Sorts the overlaps.
 * Returns: one line about all of them, for people; NULL: there is none. Owns: the pool, or the text
 * is constant. */
const char *cn_overlaps_text(struct cn_overlaps *overlaps, struct cn_pool *pool);

#endif
