/*
 * The numbers of a time coordinate, before they become instants: how exact they are, and which time
 * they stand for. Pure.
 */
#ifndef CLIMNORM_CATALOG_TIME_NUMBERS_H
#define CLIMNORM_CATALOG_TIME_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cn_time_numbers {
    double *values; /* [count] finite */
    size_t count;
    double unit_seconds;      /* seconds of one unit */
    int64_t reference_second; /* since 00:00 of any day */
    bool is_float32;          /* that is how they are stored */
};

/* Returns: the median time step in seconds; 0: there is one number. steps[count] is scratch. */
double cn_time_step(const struct cn_time_numbers *numbers, double *steps);

/* Returns: the coarsest step of float32 among the numbers, in seconds; 0: of double. */
double cn_time_precision(const struct cn_time_numbers *numbers);

/* Rounds numbers of float32 to multiples of the file's own time step, counted from 00:00, where one
 * lies within their precision. That step is the part of a day that is as near to the median `step`
 * as they can tell; where there is none, nothing is rounded.
 * Returns: that step, or `step`. */
double cn_time_round(const struct cn_time_numbers *numbers, double step);

/* Returns: whether every number is the end of its interval, which is at most a day long.
 * bounds[count][2]. */
bool cn_time_is_end_stamped(const struct cn_time_numbers *numbers, const double *bounds);

/* The same without bounds, of numbers that are several a day: they have one step, which is a part
 * of a day, begin behind 00:00, and end at 00:00. step: from cn_time_round.
 * Returns: whether the last may well be 24:00 of the day before. */
bool cn_time_ends_at_midnight(const struct cn_time_numbers *numbers, double step);

/* Replaces the numbers by the middles of their intervals. */
void cn_time_take_middles(const struct cn_time_numbers *numbers, const double *bounds);

#endif
