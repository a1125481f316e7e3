/*
 * CF time: reference dates and instants become day numbers. Pure.
 */
#ifndef CLIMNORM_CALENDAR_TIME_H
#define CLIMNORM_CALENDAR_TIME_H

#include "climnorm/calendar.h"

/* Parses the reference date of a CF time unit ("1850-01-01 00:00:00.0 +1:00", "1-1-1 0:0", …) in
 * its calendar. *second: seconds since 00:00 UTC of day number 0 of that calendar, rounded to the
 * nearest second.
 * Errors: CN_BAD_INPUT, the text cannot be read or the calendar has no such day. */
enum cn_status cn_reference_parse(const char *text, enum cn_calendar calendar, int64_t *second,
                                  struct cn_error *error);

/* Converts instants, `values[count] * unit_seconds` after `reference_second`. Each is rounded to
 * the nearest second, then split into day_numbers[count] and seconds[count] since 00:00 of that day
 * (seconds may be NULL).
 * Errors: CN_BAD_INPUT names the first value that is NaN, infinite, out of range, or not after the
 * one before it. */
enum cn_status cn_time_days(const double *values, size_t count, double unit_seconds,
                            int64_t reference_second, int64_t *day_numbers, int *seconds,
                            struct cn_error *error);

#endif
