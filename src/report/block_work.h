/*
 * What a report shows of a block: means over its region, and maps as images. Child processes read
 * the values.
 */
#ifndef CLIMNORM_REPORT_BLOCK_WORK_H
#define CLIMNORM_REPORT_BLOCK_WORK_H

#include "pictures/scale.h"
#include "report/blocks.h"

enum { CN_MOST_BLOCK_MAPS = 5, CN_MOST_BLOCK_SERIES = 6 };

/* The year's cycle of a target year. */
struct cn_cycle {
    size_t series, point;
    const double *means; /* [slots]; NaN: no value */
    double mean;         /* over those that have one */
};

struct cn_report_map {
    bool is_change;           /* of the series' last target year against the first map */
    size_t series, point;     /* which target year */
    double least, most, mean; /* in the block's unit; NaN: no cell has a value */
    size_t empty;             /* cells without a value */
    const unsigned char *png; /* [png_size] */
    size_t png_size;
};

/* A series as it is shown, with that which all begin with. */
struct cn_shown_year {
    size_t series, point;
    double mean; /* of the slots' means; NaN: no value */
};

struct cn_block_result {
    const char *problem; /* NULL; else why there is nothing to show */
    const char *failure; /* "": none; else the first file whose values cannot be read, and why */
    size_t failures;
    struct cn_shown_year *years; /* [year_count] by series and year */
    size_t year_count;
    struct cn_cycle cycles[CN_MOST_BLOCK_SERIES + 1]; /* the first target year; the last of each */
    size_t cycle_count;
    struct cn_report_map maps[CN_MOST_BLOCK_MAPS];
    size_t map_count;
    struct cn_scale scale, change_scale; /* of the maps of years, and of changes */
};

/* Reads and draws all blocks, `threads` at a time. Blocks from map_blocks on have no maps. A block
 * that has a problem has no field.
 * Returns: *results [blocks->count]. Errors: CN_STOPPED, CN_BAD_MACHINE. Owns: the pool. */
enum cn_status cn_blocks_read(struct cn_pool *pool, struct cn_blocks *blocks, size_t map_blocks,
                              int threads, const struct cn_watch *watch,
                              struct cn_block_result **results, struct cn_error *error);

#endif
