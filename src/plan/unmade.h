/*
 * Target years that are not made, collected so that several are told in one line.
 */
#ifndef CLIMNORM_PLAN_UNMADE_H
#define CLIMNORM_PLAN_UNMADE_H

#include "climnorm/plan.h"

enum cn_unmade_reason {
    CN_SHORT_WINDOW, /* a problem */
    CN_LEFT_OUT,     /* by default periods, because windows are short: a warning */
    CN_ALL_LEFT_OUT, /* the same for all target years of a timeline: a problem */
    CN_LATE          /* after the last source year: a problem */
};

/* Target years of one timeline, in ascending order. Zero-initialise but the pool. */
struct cn_unmade {
    struct cn_pool *pool;
    int *years; /* [count] */
    size_t count, capacity;
    const char *scenario; /* of all of them */
    int fewest, most;     /* usable source years in their windows */
};

/* Adds a target year whose window has `planned` usable source years.
 * Returns: false: out of memory. */
bool cn_unmade_add(struct cn_unmade *unmade, int year, const char *scenario, int planned);

/* Adds one line to the variable's problems for the collected target years, unless there are none,
 * and empties the list. */
void cn_unmade_report(struct cn_unmade *unmade, enum cn_unmade_reason reason,
                      struct cn_variable_plan *variable, const struct cn_timeline *timeline,
                      const struct cn_sample *sample);

/* Keeps one of several problems with the same text: samples that differ in what does not matter
 * here tell the same. */
void cn_keep_problems_once(struct cn_problems *problems);

/* Reports the changes of a sample, whose baseline has so many source years in its window, if it is
 * short: a warning where they can be made. */
void cn_unmade_report_baseline(struct cn_variable_plan *variable,
                               const struct cn_timeline *timeline, const struct cn_sample *sample,
                               int years);

#endif
