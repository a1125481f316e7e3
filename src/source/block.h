/*
 * A block of raw values in memory, and where they are along the file's time, lat and lon. All
 * backends end here: the cells that regions need are copied to the rows of a reader.
 */
#ifndef CLIMNORM_SOURCE_BLOCK_H
#define CLIMNORM_SOURCE_BLOCK_H

#include "codec/runs.h"
#include "source/reader.h"

struct cn_block {
    struct cn_raw raw;
    size_t origin;    /* the element at `first` */
    size_t first[3];  /* index of the first cell along time, lat, lon */
    size_t count[3];  /* of cells inside the reader's box */
    size_t stride[3]; /* in elements */
};

/* Returns: the elements of the block, or all of the chunk, which has `elements`, if its dimensions
 * are in another order than time, lat, lon. */
struct cn_runs cn_block_runs(const struct cn_block *block, size_t elements);

/* Writes the numbers to the rows, whatever type, packing, byte order and shuffle. */
void cn_scatter_values(const struct cn_reader *reader, const struct cn_block *block);

/* Writes `fill` for all cells of the block, which needs no bytes. */
void cn_scatter_fill(const struct cn_reader *reader, const struct cn_block *block, float fill);

/* Counts the implausible values of an instant whose row is complete, if it has one. */
void cn_count_implausible(const struct cn_reader *reader, size_t instant);

/* Sums of the instants of one day, each [row_cells]. */
struct cn_sums {
    double *sums, *errors; /* errors: what rounding took from the sums */
    unsigned *counts;      /* of values that are not missing */
};

/* Adds the values of the block. */
void cn_scatter_sums(const struct cn_reader *reader, const struct cn_block *block,
                     const struct cn_sums *sums);

#endif
