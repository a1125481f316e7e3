/*
 * CF calendars: dates, continuous day numbers, and the day slots of a year.
 *
 * Every calendar has its own continuous count of days. The counts of the standard and the proleptic
 * Gregorian calendar agree after 1582-10-15; otherwise counts of different calendars are not
 * comparable. The standard and the Julian calendar have no year 0: -1 comes right before 1.
 * Pure: no I/O, no allocation, no global state.
 * Source: CF Conventions 1.10, section 4.4.1.
 */
#ifndef CLIMNORM_CALENDAR_H
#define CLIMNORM_CALENDAR_H

#include "climnorm/error.h"

#include <stdint.h>

enum cn_calendar {
    CN_STANDARD, /* standard, gregorian: Julian before 1582-10-15 */
    CN_PROLEPTIC_GREGORIAN,
    CN_JULIAN,
    CN_NOLEAP,   /* noleap, 365_day */
    CN_ALL_LEAP, /* all_leap, 366_day */
    CN_360_DAY,
};

/* How days become day slots: see cn_slot. */
enum cn_leap_day { CN_DAYOFYEAR, CN_MONTH_DAY, CN_DROP };
/* Their names in configs and outputs, in the order of the enum; NULL-terminated. */
extern const char *const cn_leap_day_names[];

struct cn_date {
    int year, month, day; /* month and day count from 1 */
};

/* NULL or "" means standard. False: not a CF calendar. Case does not count. */
bool cn_calendar_parse(const char *name, enum cn_calendar *calendar);
/* The CF name that spec and outputs use ("standard", "noleap", "360_day", …). */
const char *cn_calendar_name(enum cn_calendar calendar);
/* Calendars that agree on every day after 1582-10-15 are one family. */
bool cn_calendar_same_family(enum cn_calendar a, enum cn_calendar b);

/* Days that exist (1582 has 355 in the standard calendar); 0: there is no such year. */
int cn_days_in_year(enum cn_calendar calendar, int year);
bool cn_date_valid(enum cn_calendar calendar, struct cn_date date);

/* Continuous day number of a valid date, and back. |year| at most 1 000 000. */
int64_t cn_day_number(enum cn_calendar calendar, struct cn_date date);
struct cn_date cn_day_date(enum cn_calendar calendar, int64_t day_number);
/* 1-based ordinal day within its year. As in cftime, it does not close the gap of 1582. */
int cn_day_of_year(enum cn_calendar calendar, struct cn_date date);

/* How many day slots a year has under the rule (360, 365 or 366). */
int cn_slot_count(enum cn_calendar calendar, enum cn_leap_day rule);
/* 0-based day slot of a date; -1: the rule leaves this day out. */
int cn_slot(enum cn_calendar calendar, enum cn_leap_day rule, struct cn_date date);
/* The date of a 0-based slot in a year; false: the year lacks that slot's day. */
bool cn_slot_date(enum cn_calendar calendar, enum cn_leap_day rule, int year, int slot,
                  struct cn_date *date);

/* Parses the reference date of a CF time unit ("1850-01-01 00:00:00.0 +1:00", "1-1-1 0:0", …) in
 * its own calendar. *second: seconds from 00:00 UTC of day number 0 of that calendar, fractions
 * rounded to the nearest second. */
enum cn_status cn_reference_parse(const char *text, enum cn_calendar calendar, int64_t *second,
                                  struct cn_error *error);

/* Instants `value * unit_seconds` after `reference_second`, rounded to the nearest second, then
 * floored to the day. day_numbers[count], seconds[count] (NULL: not wanted; since 00:00 of the
 * day). An error names the first index that is NaN, infinite, out of range, or not after its
 * predecessor. */
enum cn_status cn_time_days(const double *values, size_t count, double unit_seconds,
                            int64_t reference_second, int64_t *day_numbers, int *seconds,
                            struct cn_error *error);

#endif
