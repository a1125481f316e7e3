/*
 * CF time: reference dates and instants, converted to days of a calendar.
 *
 * A reference date has the syntax of UDUNITS-2, which knows one calendar only and so cannot read it
 * here. Forms that UDUNITS reads in surprising ways (packed digits, minute 60, a zone without a
 * time of day) or that cftime reads differently are refused. Two exceptions, which cftime ignores:
 * a lone hour, and zones of one digit. This file knows no files and no units. Source: CF
 * Conventions 1.10, section 4.4.
 */
#include "calendar/time.h"

#include "base/ascii.h"
#include "base/error.h"
#include "climnorm/calendar.h"

#include <math.h>
#include <string.h>

enum { DAY_SECONDS = 86400 };

/* A year has at least 360 days, so these days are within the million years of cn_day_date. */
static const int64_t max_day = 360 * INT64_C(1000000);

static void skip_blanks(const char **at)
{
    while (cn_is_space(**at))
        ++*at;
}

static bool skip_char(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

/* Reads one to max_digits digits. Returns how many; 0: none, or more than that. */
static int read_number(const char **at, int max_digits, int *number)
{
    int digits = 0;
    *number = 0;
    for (; digits < max_digits && cn_is_digit((*at)[digits]); digits++)
        *number = 10 * *number + ((*at)[digits] - '0');
    if (cn_is_digit((*at)[digits]))
        return 0;
    *at += digits;
    return digits;
}

/* "Y-M-D", "Y-M" or "Y". A year alone has at most four digits: UDUNITS reads 18500101 as year,
 * month and day. */
static bool read_date(const char **at, struct cn_date *date)
{
    bool negative = skip_char(at, '-');
    if (!negative)
        skip_char(at, '+');
    date->month = date->day = 1;
    int digits = read_number(at, 7, &date->year);
    if (!digits)
        return false;
    if (negative)
        date->year = -date->year;
    if (!skip_char(at, '-'))
        return digits <= 4;
    if (!read_number(at, 2, &date->month))
        return false;
    return !skip_char(at, '-') || read_number(at, 2, &date->day);
}

/* "h", "h:m", "h:m:s" or "h:m:s.frac"; fractions are rounded to the nearest second. */
static bool read_clock(const char **at, int *second_of_day)
{
    int clock[3] = {0}, parts = 0, round_up = 0; /* hour, minute, second */
    do {
        if (!read_number(at, 2, &clock[parts]))
            return false;
    } while (++parts < 3 && skip_char(at, ':'));
    if (parts == 3 && skip_char(at, '.')) {
        round_up = **at >= '5' && **at <= '9';
        while (cn_is_digit(**at))
            ++*at;
    }
    *second_of_day = 3600 * clock[0] + 60 * clock[1] + clock[2] + round_up;
    return clock[0] < 24 && clock[1] < 60 && clock[2] < 60;
}

/* "", "Z", "UTC", "GMT", or, after a time of day, "+1:00", "-0530", "+01", "-6". */
static bool read_zone(const char *at, bool has_clock, int *offset)
{
    *offset = 0;
    if (!*at || cn_equal_ascii(at, "Z") || cn_equal_ascii(at, "UTC") || cn_equal_ascii(at, "GMT"))
        return true;
    bool west = *at == '-';
    /* UDUNITS takes the -6 of "1850-1-1 -6" for a time of day; cftime ignores it. */
    if (!has_clock || (!west && *at != '+'))
        return false;
    at++;
    int hour, minute = 0;
    int digits = read_number(&at, 4, &hour);
    if (digits > 2) {
        minute = hour % 100;
        hour /= 100;
    } else if (digits && skip_char(&at, ':') && !read_number(&at, 2, &minute)) {
        return false;
    }
    *offset = (west ? -1 : 1) * (3600 * hour + 60 * minute);
    return digits && !*at && hour < 24 && minute < 60;
}

enum cn_status cn_reference_parse(const char *text, enum cn_calendar calendar, int64_t *second,
                                  struct cn_error *error)
{
    skip_blanks(&text);
    char trimmed[64]; /* twice the length of the longest valid date */
    size_t length = strnlen(text, sizeof trimmed);
    while (length > 0 && length < sizeof trimmed && cn_is_space(text[length - 1]))
        length--;
    if (length == sizeof trimmed)
        goto unreadable;
    memcpy(trimmed, text, length);
    trimmed[length] = '\0';
    const char *at = trimmed;
    struct cn_date date;
    if (!read_date(&at, &date))
        goto unreadable;
    int clock = 0, offset = 0;
    bool has_clock = skip_char(&at, 'T');
    if (!has_clock) {
        skip_blanks(&at);
        has_clock = cn_is_digit(*at);
    }
    if (has_clock && !read_clock(&at, &clock))
        goto unreadable;
    skip_blanks(&at);
    if (!read_zone(at, has_clock, &offset))
        goto unreadable;
    if (cn_days_in_year(calendar, date.year) == 0)
        return cn_fail(error, CN_BAD_INPUT,
                       "reference date \"%s\": the %s calendar has no year %d%s; correct the units "
                       "or the calendar of the time axis",
                       trimmed, cn_calendar_name(calendar), date.year,
                       date.year ? " that can be used here" : " (-1 comes right before 1)");
    if (!cn_date_valid(calendar, date))
        return cn_fail(error, CN_BAD_INPUT,
                       "reference date \"%s\": the %s calendar has no such day; correct the units "
                       "or the calendar of the time axis",
                       trimmed, cn_calendar_name(calendar));
    *second = cn_day_number(calendar, date) * DAY_SECONDS + clock - offset;
    return CN_OK;

unreadable:
    return cn_fail(error, CN_BAD_INPUT,
                   "reference date \"%.*s\" cannot be read; expected year-month-day, then perhaps "
                   "a time and a zone, as in \"1850-01-01 00:00:00 +1:00\"",
                   (int)length, text);
}

enum cn_status cn_time_days(const double *values, size_t count, double unit_seconds,
                            int64_t reference_second, int64_t *day_numbers, int *seconds,
                            struct cn_error *error)
{
    const double max_second = 2.0 * (double)max_day * (double)DAY_SECONDS;
    int64_t previous = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        /* The product is below 2^53 and rounded once. So it is wrong by a second only where the
         * double in the file is itself that coarse. The sum below is exact. */
        double elapsed = values[i] * unit_seconds;
        if (!isfinite(elapsed))
            return cn_fail(error, CN_BAD_INPUT,
                           "time value %zu (counted from 0) is %.9g: expected a finite number", i,
                           values[i]);
        double rounded = floor(elapsed);
        rounded += elapsed - rounded >= 0.5;
        int64_t instant, day = INT64_MAX;
        if (fabs(rounded) <= max_second &&
            !__builtin_add_overflow((int64_t)rounded, reference_second, &instant))
            day = instant / DAY_SECONDS - (instant % DAY_SECONDS < 0);
        if (day > max_day || day < -max_day)
            return cn_fail(error, CN_BAD_INPUT,
                           "time value %zu (counted from 0) is %.9g: more than a million years "
                           "away; check the values and units of the time axis",
                           i, values[i]);
        if (instant <= previous)
            return cn_fail(error, CN_BAD_INPUT,
                           "time value %zu (counted from 0) is %.17g: not after its predecessor "
                           "%.17g, to the second; the time axis must increase",
                           i, values[i], values[i - 1]);
        previous = instant;
        day_numbers[i] = day;
        if (seconds)
            seconds[i] = (int)(instant - day * DAY_SECONDS);
    }
    return CN_OK;
}
