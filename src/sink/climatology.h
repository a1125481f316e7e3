/*
 * The time coordinate of a normal and its climatology bounds: CF 1.10, section 7.4.
 */
#ifndef CLIMNORM_SINK_CLIMATOLOGY_H
#define CLIMNORM_SINK_CLIMATOLOGY_H

#include "climnorm/calendar.h"

/* The year whose 1 January is day 0 of an output file.
 * Returns: the window's first year; 1 for a year 0 that the calendar lacks. */
int cn_reference_year(enum cn_calendar calendar, int target_year, int window);

/* When the `slots` day slots are, in days since 1 January of the reference year.
 * time[slots]: noon of the slot's day in the target year, or in the latest earlier year that has
 * the day. bounds[slots][2]: from 00:00 of the day in the first window year that has it to 24:00 in
 * the last. Where no year of the window has the day, both are of the day of `time`. */
void cn_climatology(enum cn_calendar calendar, enum cn_leap_day rule, int target_year, int window,
                    int slots, double *time, double *bounds);

#endif
