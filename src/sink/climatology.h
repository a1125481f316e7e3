/*
 * The times of an output file and their climatology bounds: CF 1.8, section 7.4.
 */
#ifndef CLIMNORM_SINK_CLIMATOLOGY_H
#define CLIMNORM_SINK_CLIMATOLOGY_H

#include "climnorm/calendar.h"
#include "climnorm/product.h"

/* The year whose 1 January is day 0 of an output file.
 * Returns: the first year; 1 for a year 0 that the calendar lacks. */
int cn_reference_year(enum cn_calendar calendar, int first_year);

/* Returns: the target year if it has each of the `slots` day slots, else the latest year before it
 * that has. The dates of a coordinate must ascend, so they are all of one year. */
int cn_year_of_dates(enum cn_calendar calendar, enum cn_leap_day rule, int target_year, int slots);

/* When the `slots` day slots are, in days since 1 January of the reference year. The windows are of
 * the years first_year … target_year.
 * time[slots]: noon of the slot's day in time_year, or in the latest earlier year that has the day.
 * bounds[slots][2]: from 00:00 of the day in the first of these years that has it to 24:00
 * in the last. Where no year has the day, both are of the day of `time`. */
void cn_climatology(enum cn_calendar calendar, enum cn_leap_day rule, int reference_year,
                    int first_year, int target_year, int time_year, int slots, double *time,
                    double *bounds);

/* When the groups of a year are: months, seasons or the year, in days since 1 January of the
 * reference year. The windows are of the years first_year … target_year.
 * time[groups]: the middle of the group in the target year. bounds[groups][2]: from its start in
 * the first of these years to its end in the last. DJF starts in December of the year before. A day
 * that the leap-day rule leaves out is in no group: with CN_DROP February ends after its 28th day.
 */
void cn_climatology_of_groups(enum cn_calendar calendar, enum cn_leap_day rule, enum cn_time groups,
                              int reference_year, int first_year, int target_year, double *time,
                              double *bounds);

#endif
