/*
 * The time coordinate of a normal and its climatology bounds: CF 1.10, section 7.4.
 */
#ifndef CLIMNORM_SINK_CLIMATOLOGY_H
#define CLIMNORM_SINK_CLIMATOLOGY_H

#include "climnorm/calendar.h"

/* The window's first year, whose 1 January is day 0; the year 1 for a year 0 that is none. */
int cn_reference_year(enum cn_calendar calendar, int target_year, int window);

/* Days since 1 January of the reference year, for each of the `slots` day slots.
 * time[slots]: noon of the slot's day in the target year; if that lacks the day, in the latest
 * earlier year that has it. bounds[slots][2]: from 00:00 of the day in the first window year that
 * has it to 24:00 in the last; of the day of `time` when none has it. */
void cn_climatology(enum cn_calendar calendar, enum cn_leap_day rule, int target_year, int window,
                    int slots, double *time, double *bounds);

#endif
