/*
 * A block of raw values in memory and how it lies on the file's time, lat and lon; scattered into
 * the rows of a read. Both ways of reading end here.
 */
#ifndef CLIMNORM_SOURCE_BLOCK_H
#define CLIMNORM_SOURCE_BLOCK_H

#include "source/read.h"

struct cn_block {
    const unsigned char *bytes;
    size_t elements;  /* of the whole block, clipped parts included */
    size_t origin;    /* the element at `first` */
    bool shuffled;    /* HDF5 shuffle of 4-byte values, still in place */
    size_t first[3];  /* place of the first cell along time, lat, lon */
    size_t count[3];  /* that lie inside the file and the stretch of the read */
    size_t stride[3]; /* in elements */
};

/* Float32 in little-endian order whose raw values are the numbers (read->plain). */
void cn_scatter_floats(const struct cn_read *read, const struct cn_block *block);

/* Any type, native byte order, not shuffled: unpacked in double. */
void cn_scatter_values(const struct cn_read *read, const struct cn_block *block);

/* All cells of the block the same; its bytes do not count. */
void cn_scatter_fill(const struct cn_read *read, const struct cn_block *block, float fill);

/* Several instants of one day, native byte order: adds the values that are there to
 * sums[row_cells], what rounding took from them to errors, and their numbers to counts. */
struct cn_sums {
    double *sums, *errors;
    unsigned *counts;
};
void cn_scatter_sums(const struct cn_read *read, const struct cn_block *block,
                     const struct cn_sums *sums);

#endif
