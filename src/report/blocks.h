/*
 * Output files in blocks: all target years of one model, variable, region and product. Plain data.
 */
#ifndef CLIMNORM_REPORT_BLOCKS_H
#define CLIMNORM_REPORT_BLOCKS_H

#include "pictures/places.h"
#include "pictures/wording.h"
#include "report/output_facts.h"

/* A target year of a file. */
struct cn_block_point {
    const struct cn_output_facts *facts;
    size_t target; /* in facts->targets */
    int year;
};

/* The target years of one scenario. */
struct cn_block_series {
    const char *scenario;
    struct cn_block_point *points; /* [count], years ascend */
    size_t count;
};

struct cn_output_block {
    const struct cn_output_facts *facts; /* of one of its files: what all say alike */
    struct cn_block_series *series;      /* [series_count], by their first year */
    size_t series_count;
    bool has_shared; /* the first series comes before all others, and is the beginning of each */
    size_t file_count, repeated; /* repeated: target years that another file holds, too */
    uint64_t bytes;
    /* Set by cn_blocks_read. */
    struct cn_field field;
    struct cn_places places;
    struct cn_picture_unit unit; /* of all values that are shown */
};

struct cn_blocks {
    struct cn_output_block
        *blocks; /* [count] by variable, product, region (large ones first), model */
    size_t count;
};

/* Sorts the files that can be read into blocks.
 * Returns: false: out of memory. Owns: the pool. */
bool cn_blocks_make(struct cn_pool *pool, const struct cn_output_facts *facts, size_t count,
                    struct cn_blocks *blocks);

/* Returns: whether a curve of `count` target years has the one at index i: the first, the last, and
 * others at equal distances. */
bool cn_is_year_shown(size_t i, size_t count);

#endif
