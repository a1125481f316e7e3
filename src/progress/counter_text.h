/*
 * What a counter says to people. Pure.
 */
#ifndef CLIMNORM_PROGRESS_COUNTER_TEXT_H
#define CLIMNORM_PROGRESS_COUNTER_TEXT_H

#include "progress/counters.h"
#include "progress/snapshot.h"

struct cn_counter_text {
    char text[80];
};

/* How far a variable is: years of the pass that is being read. */
struct cn_pass_state {
    uint64_t number, count; /* of passes, from 1 on; those of an earlier run count, too */
    uint64_t years_read, years;
};

/* Returns: the pass, as far as the years that are read show it. While outputs are made again, the
 * last one. */
struct cn_pass_state cn_pass_state(const struct cn_progress_row *row);

/* Writes what is said about a counter in a place.
 * Returns: false: nothing is. */
bool cn_counter_say(const struct cn_progress_row *row, enum cn_counter counter,
                    enum cn_counter_place place, struct cn_counter_text *out);

#endif
