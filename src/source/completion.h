/*
 * Slices of a file that complete each other, such as final and preliminary values: of each cell and
 * instant the first value that is there.
 */
#ifndef CLIMNORM_SOURCE_COMPLETION_H
#define CLIMNORM_SOURCE_COMPLETION_H

#include "source/block.h"

/* The numbers of a block. */
struct cn_completion {
    struct cn_reader reader; /* of numbers, for the functions of block.h */
    struct cn_block block;   /* of the numbers, for them, too */
    double *numbers;         /* [count[0]][count[1]][count[2]] of the block; NaN: missing */
};

/* Begins with missing numbers for the cells of a block, which needs no bytes.
 * Returns: false: out of memory. Owns: scratch the numbers, until the next call with it. */
bool cn_completion_begin(const struct cn_reader *reader, const struct cn_block *block,
                         struct cn_scratch *scratch, struct cn_completion *completion);

/* Takes the values of a slice where all before it are missing. */
void cn_completion_add(struct cn_completion *completion, const struct cn_reader *reader,
                       const struct cn_block *slice);

/* The same for a slice of one value. */
void cn_completion_fill(struct cn_completion *completion, double value);

#endif
