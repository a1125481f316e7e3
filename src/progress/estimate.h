/*
 * How long a variable still takes, from what its work has cost so far. Pure: no clock, no counters
 * but those that it is given.
 */
#ifndef CLIMNORM_PROGRESS_ESTIMATE_H
#define CLIMNORM_PROGRESS_ESTIMATE_H

#include "climnorm/counters.h"

#include <stddef.h>

/* A mean rate: of all the time during the first `horizon_s` seconds, later of about the last half,
 * but at least of the horizon. Zero-initialise. */
struct cn_rate_estimate {
    double per_second;
    double last_value, last_s;
};
/* Updates the rate with the `value` reached after `elapsed_s` seconds of work. */
void cn_rate_estimate_update(struct cn_rate_estimate *estimate, double value, double elapsed_s,
                             double horizon_s);

/* The three kinds of work that threads do. */
enum cn_work { CN_WORK_READ, CN_WORK_COMPUTE, CN_WORK_WRITE, CN_WORKS };

/* What a kind of work costs: seconds of a thread for all of a variable, and its size in bytes. */
struct cn_work_cost {
    double thread_s, bytes;
};

/* The paces of one variable. Zero-initialise. */
struct cn_variable_pace {
    struct cn_rate_estimate share[CN_WORKS];    /* of the work that is done, 0 … 1 */
    struct cn_rate_estimate thread_s[CN_WORKS]; /* that it took */
    struct cn_rate_estimate wait_s;             /* of those: for the disk */
    struct cn_work_cost cost[CN_WORKS];         /* of the whole variable; thread_s 0: not known */
    double threads;                             /* that work at the same time; 0: not known */
    double disk_share;        /* how far the disk decides how fast files are read, 0 … 1 */
    double wait_share;        /* of the time that threads read, 0 … 1 */
    double read_wall_s;       /* in which all would be read; 0: not known */
    double publish_s, last_s; /* time with encoded normals that had no names yet */
};

/* Measures an active variable after elapsed_s seconds. others: the sum of those that are over,
 * and the threads that may be busy. */
void cn_pace_update(struct cn_variable_pace *pace, const uint64_t values[CN_COUNTERS],
                    double elapsed_s, const struct cn_variable_pace *others);

/* Adds what is known of a variable to a sum of several, which the costs of waiting ones follow. */
void cn_pace_add(struct cn_variable_pace *sum, const struct cn_variable_pace *pace);

/* Returns: the seconds left of a variable that has these counters; negative: not known. pace: its
 * own, or the sum of others if it has not begun. */
double cn_pace_left(const struct cn_variable_pace *pace, const uint64_t values[CN_COUNTERS]);

#endif
