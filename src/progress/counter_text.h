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

/* Writes what is said about a counter in a place.
 * Returns: false: nothing is. */
bool cn_counter_say(const struct cn_progress_row *row, enum cn_counter counter,
                    enum cn_counter_place place, struct cn_counter_text *out);

#endif
