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

#include "climnorm/api.h"
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

/* The names of calendars in CF. The first of each calendar is the one that outputs use, the others
 * are older. The last entry has the name NULL. */
extern CN_API const struct cn_named_calendar {
    const char *name;
    enum cn_calendar calendar;
} cn_calendar_names[];

/* How days become day slots: see cn_slot. */
enum cn_leap_day { CN_DAYOFYEAR, CN_MONTH_DAY, CN_DROP };
/* Their names in configs and outputs, in the order of the enum; NULL-terminated. */
extern CN_API const char *const cn_leap_day_names[];

struct cn_date {
    int year, month, day; /* month and day count from 1 */
};

/* Finds the calendar of a CF name; NULL or "" means standard, and case is ignored.
 * Returns: false: not a CF calendar. */
CN_API bool cn_calendar_parse(const char *name, enum cn_calendar *calendar);
/* Returns: the CF name that outputs use ("standard", "noleap", "360_day", …). */
CN_API const char *cn_calendar_name(enum cn_calendar calendar);
/* Returns: whether the calendars agree on every day after 1582-10-15. */
CN_API bool cn_calendar_same_family(enum cn_calendar a, enum cn_calendar b);

/* Returns: the number of days (355 in 1582 of the standard calendar); 0: there is no such year. */
CN_API int cn_days_in_year(enum cn_calendar calendar, int year);
/* Returns: whether the calendar has this date. */
CN_API bool cn_date_valid(enum cn_calendar calendar, struct cn_date date);

/* Years are at most 1 000 000 away from 0.
 * Returns: the continuous day number of a valid date; the date of a day number. */
CN_API int64_t cn_day_number(enum cn_calendar calendar, struct cn_date date);
CN_API struct cn_date cn_day_date(enum cn_calendar calendar, int64_t day_number);
/* Returns: the ordinal day in its year, from 1. As in cftime, the ten days that 1582 lacks count.
 */
CN_API int cn_day_of_year(enum cn_calendar calendar, struct cn_date date);

/* Returns: the number of day slots of a year under the rule: 360, 365 or 366. */
CN_API int cn_slot_count(enum cn_calendar calendar, enum cn_leap_day rule);
/* Returns: the day slot of a date, from 0; -1: the rule leaves this day out. */
CN_API int cn_slot(enum cn_calendar calendar, enum cn_leap_day rule, struct cn_date date);
/* Finds the date of a slot in a year.
 * Returns: false: the year has no day for this slot. */
CN_API bool cn_slot_date(enum cn_calendar calendar, enum cn_leap_day rule, int year, int slot,
                         struct cn_date *date);

#endif
