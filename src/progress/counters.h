/*
 * The table of include/climnorm/counters.h as data.
 */
#ifndef CLIMNORM_PROGRESS_COUNTERS_H
#define CLIMNORM_PROGRESS_COUNTERS_H

#include "climnorm/counters.h"

#include <stdbool.h>

/* Where people read a counter. */
enum cn_counter_place {
    CN_IN_LINE_1, /* the lines below the active variable, on a terminal */
    CN_IN_LINE_2,
    CN_IN_LOG,
    CN_IN_FAILURES, /* terminal and log: only what is not 0; and below a variable that is over */
    CN_IN_NOTES,    /* terminal and log: only what is not 0 */
    CN_COUNTER_PLACES
};

struct cn_counter_row {
    const char *name;         /* the JSON key; NULL: not in JSON */
    const char *meaning;      /* for the documentation */
    const char *rate_name;    /* the JSON key of the rate; NULL: not in JSON */
    const char *rate_meaning; /* for the documentation */
    double rate_horizon_s;    /* as in cn_rate_estimate_update; 0: no rate is measured */
    enum cn_counter total;    /* which it is a part of */
    bool is_bytes;
    /* What is said in each place. %n: the value; %t: value/total; %r: the rate, in bytes; %s: the
     * plural ending after the value; %p: pass/passes; %y: years/total of that pass. NULL: nothing.
     */
    const char *texts[CN_COUNTER_PLACES];
};

extern const struct cn_counter_row cn_counter_rows[CN_COUNTERS];

/* Sets the state of a variable, which is not CN_WAITING, and the time when it began or ended. A
 * variable that is active when the display ends is shown as stopped. */
void cn_counters_enter(struct cn_counters *counters, enum cn_variable_state state);

#endif
