/*
 * A block of raw values in memory and how it lies on the file's time, lat and lon; scattered into
 * the rows of a reader. Both ways of reading end here.
 */
#ifndef CLIMNORM_SOURCE_BLOCK_H
#define CLIMNORM_SOURCE_BLOCK_H

#include "source/reader.h"

struct cn_block {
    struct cn_raw raw;
    size_t origin;    /* the element at `first` */
    size_t first[3];  /* place of the first cell along time, lat, lon */
    size_t count[3];  /* that lie inside the box of the read */
    size_t stride[3]; /* in elements */
};

/* Any type, packing, byte order and shuffle. */
void cn_scatter_values(const struct cn_reader *reader, const struct cn_block *block);

/* All cells of the block the same; its bytes do not count. */
void cn_scatter_fill(const struct cn_reader *reader, const struct cn_block *block, float fill);

/* Several instants of one day: adds the values that are there to
 * sums[row_cells], what rounding took from them to errors, and their numbers to counts. */
struct cn_sums {
    double *sums, *errors;
    unsigned *counts;
};
void cn_scatter_sums(const struct cn_reader *reader, const struct cn_block *block,
                     const struct cn_sums *sums);

#endif
