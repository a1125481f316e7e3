/*
 * Which rows of many are shown one by one, and what the others have in common. Pure.
 */
#ifndef CLIMNORM_PROGRESS_FOLD_H
#define CLIMNORM_PROGRESS_FOLD_H

#include "progress/snapshot.h"
#include "progress/text.h"

/* With more rows than this, those that are done share a line, and those that wait another. */
enum { CN_MANY_ROWS = 24 };

/* Rows that share a line. */
struct cn_row_sum {
    enum cn_variable_state state;
    size_t count;
    uint64_t made, kept, to_make; /* normals */
};

/* Returns: whether the row is active, or something of it is missing. */
bool cn_row_stands_out(const struct cn_progress_row *row);

/* Returns: the sum of the rows in a state that do not stand out. */
struct cn_row_sum cn_sum_rows(const struct cn_snapshot *snapshot, enum cn_variable_state state);

/* Adds "54 done: 1280 normals made, 40 kept", or "85 waiting: 2560 normals to make". */
void cn_say_row_sum(struct cn_text *out, const struct cn_row_sum *sum);

#endif
