/*
 * The CF calendars: which days a year has, and a continuous number for each day.
 *
 * Exact integer arithmetic, without clocks, time zones or files. The standard calendar is the
 * Julian one until 1582-10-04 and the Gregorian one from 1582-10-15 on.
 */
#include "climnorm/calendar.h"

#include "base/ascii.h"

/* Longer than any simulation; 64-bit day numbers cannot overflow. */
enum { MAX_YEAR = 1000000 };

/* 1582-10-15, the first day after the Julian 1582-10-04, counted from 0000-01-01 (Gregorian). */
enum { FIRST_GREGORIAN_DAY = 578101 };

/* The Julian 0000-01-01 is the Gregorian -0001-12-30. */
enum { JULIAN_OFFSET = -2 };

const struct cn_named_calendar cn_calendar_names[] = {
    {"standard", CN_STANDARD},
    {"gregorian", CN_STANDARD},
    {"proleptic_gregorian", CN_PROLEPTIC_GREGORIAN},
    {"julian", CN_JULIAN},
    {"noleap", CN_NOLEAP},
    {"365_day", CN_NOLEAP},
    {"all_leap", CN_ALL_LEAP},
    {"366_day", CN_ALL_LEAP},
    {"360_day", CN_360_DAY},
    {NULL, CN_STANDARD},
};

const char *const cn_leap_day_names[] = {
    [CN_DAYOFYEAR] = "dayofyear", [CN_MONTH_DAY] = "month_day", [CN_DROP] = "drop", NULL};

/* Years without 29 February, years with it, and years of 360 days. */
static const int days_before_month[3][13] = {
    {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
    {0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 360},
};

static const double mean_year_days[] = {[CN_PROLEPTIC_GREGORIAN] = 365.2425,
                                        [CN_JULIAN] = 365.25,
                                        [CN_NOLEAP] = 365,
                                        [CN_ALL_LEAP] = 366,
                                        [CN_360_DAY] = 360};

static const char *skip_separators(const char *text)
{
    while (cn_is_space(*text) || *text == '_' || *text == '-')
        text++;
    return text;
}

/* Case, blanks, underscores and hyphens do not count: "NoLeap ", "365-day". */
static bool is_same_calendar_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        a = skip_separators(a);
        b = skip_separators(b);
        if (cn_lower(*a) != cn_lower(*b))
            return false;
        if (!*a)
            return true;
    }
}

bool cn_calendar_parse(const char *name, enum cn_calendar *calendar)
{
    if (!name || !*skip_separators(name))
        name = "standard";
    for (const struct cn_named_calendar *known = cn_calendar_names; known->name; known++)
        if (is_same_calendar_name(name, known->name)) {
            *calendar = known->calendar;
            return true;
        }
    return false;
}

const char *cn_calendar_name(enum cn_calendar calendar)
{
    const struct cn_named_calendar *known = cn_calendar_names;
    while (known->calendar != calendar)
        known++;
    return known->name;
}

bool cn_calendar_same_family(enum cn_calendar a, enum cn_calendar b)
{
    return (a == CN_PROLEPTIC_GREGORIAN ? CN_STANDARD : a) ==
           (b == CN_PROLEPTIC_GREGORIAN ? CN_STANDARD : b);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* As in CF 1.9 and cftime 1.6 by default: in historical calendars the year 1 follows the year -1,
 * and a year 0 is an error. The other calendars have a year 0. */
static bool lacks_year_zero(enum cn_calendar calendar)
{
    return calendar == CN_STANDARD || calendar == CN_JULIAN;
}

/* The year in astronomical counting, which has a year 0. */
static int64_t astronomical(enum cn_calendar calendar, int year)
{
    return lacks_year_zero(calendar) && year < 0 ? year + 1 : year;
}

static bool is_year(enum cn_calendar calendar, int year)
{
    return year >= -MAX_YEAR && year <= MAX_YEAR && !(year == 0 && lacks_year_zero(calendar));
}

/* Whether a date of the standard calendar is one of its Julian days. */
static bool is_julian(struct cn_date date)
{
    return date.year < 1582 ||
           (date.year == 1582 && (date.month < 10 || (date.month == 10 && date.day < 15)));
}

static bool has_leap_day(enum cn_calendar calendar, int year)
{
    int64_t y = astronomical(calendar, year);
    switch (calendar) {
    case CN_STANDARD:
        return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0 || y < 1582);
    case CN_PROLEPTIC_GREGORIAN:
        return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    case CN_JULIAN:
        return y % 4 == 0;
    case CN_ALL_LEAP:
        return true;
    case CN_NOLEAP:
    case CN_360_DAY:
        break;
    }
    return false;
}

/* How many days of a year, with or without 29 February, come before each month: [13]. */
static const int *months_of_year(enum cn_calendar calendar, bool leap)
{
    return days_before_month[calendar == CN_360_DAY ? 2 : leap];
}

int cn_days_in_year(enum cn_calendar calendar, int year)
{
    if (!is_year(calendar, year))
        return 0;
    if (calendar == CN_STANDARD && year == 1582)
        return 355;
    return months_of_year(calendar, has_leap_day(calendar, year))[12];
}

bool cn_date_valid(enum cn_calendar calendar, struct cn_date date)
{
    if (!is_year(calendar, date.year) || date.month < 1 || date.month > 12)
        return false;
    const int *before = months_of_year(calendar, has_leap_day(calendar, date.year));
    if (date.day < 1 || date.day > before[date.month] - before[date.month - 1])
        return false;
    return calendar != CN_STANDARD || date.year != 1582 || date.month != 10 || date.day <= 4 ||
           date.day >= 15;
}

int cn_day_of_year(enum cn_calendar calendar, struct cn_date date)
{
    bool leap = has_leap_day(calendar, date.year);
    return months_of_year(calendar, leap)[date.month - 1] + date.day;
}

/* Days from 0000-01-01 to the first day of an astronomical year; not for the standard calendar. */
static int64_t days_before_year(enum cn_calendar calendar, int64_t year)
{
    int64_t leap_years = floor_div(year + 3, 4); /* that begin in [0, year) */
    switch (calendar) {
    case CN_NOLEAP:
        return 365 * year;
    case CN_ALL_LEAP:
        return 366 * year;
    case CN_360_DAY:
        return 360 * year;
    case CN_JULIAN:
        return 365 * year + leap_years + JULIAN_OFFSET;
    case CN_STANDARD:
    case CN_PROLEPTIC_GREGORIAN:
        break;
    }
    return 365 * year + leap_years - floor_div(year + 99, 100) + floor_div(year + 399, 400);
}

int64_t cn_day_number(enum cn_calendar calendar, struct cn_date date)
{
    int64_t year = astronomical(calendar, date.year);
    int day = cn_day_of_year(calendar, date);
    if (calendar == CN_STANDARD)
        calendar = is_julian(date) ? CN_JULIAN : CN_PROLEPTIC_GREGORIAN;
    return days_before_year(calendar, year) + day - 1;
}

/* The astronomical year that holds a day; not for the standard calendar. */
static int64_t year_of_day(enum cn_calendar calendar, int64_t day)
{
    int64_t year = (int64_t)((double)day / mean_year_days[calendar]); /* wrong by two at most */
    while (days_before_year(calendar, year) > day)
        year--;
    while (days_before_year(calendar, year + 1) <= day)
        year++;
    return year;
}

/* The date of day k, counted from 0, of a year with or without 29 February. */
static struct cn_date date_in_year(enum cn_calendar calendar, int year, bool leap, int k)
{
    const int *before = months_of_year(calendar, leap);
    int month = 1;
    while (before[month] <= k)
        month++;
    return (struct cn_date){year, month, k - before[month - 1] + 1};
}

struct cn_date cn_day_date(enum cn_calendar calendar, int64_t day_number)
{
    enum cn_calendar rules = calendar;
    if (calendar == CN_STANDARD)
        rules = day_number < FIRST_GREGORIAN_DAY ? CN_JULIAN : CN_PROLEPTIC_GREGORIAN;
    int64_t counted = year_of_day(rules, day_number);
    int day = (int)(day_number - days_before_year(rules, counted));
    int year = (int)(lacks_year_zero(calendar) && counted <= 0 ? counted - 1 : counted);
    return date_in_year(calendar, year, has_leap_day(calendar, year), day);
}

/* Whether slots are counted as in a year with 29 February. For CN_DAYOFYEAR that depends on the
 * year; else 366 slots have the day, and fewer do not. */
static bool slots_have_leap_day(enum cn_calendar calendar, enum cn_leap_day rule, int year)
{
    if (rule == CN_DAYOFYEAR)
        return has_leap_day(calendar, year);
    return cn_slot_count(calendar, rule) == 366;
}

int cn_slot_count(enum cn_calendar calendar, enum cn_leap_day rule)
{
    if (calendar == CN_360_DAY)
        return 360;
    return calendar == CN_NOLEAP || rule == CN_DROP ? 365 : 366;
}

int cn_slot(enum cn_calendar calendar, enum cn_leap_day rule, struct cn_date date)
{
    if (rule == CN_DROP && calendar != CN_360_DAY && date.month == 2 && date.day == 29)
        return -1;
    bool leap = slots_have_leap_day(calendar, rule, date.year);
    return months_of_year(calendar, leap)[date.month - 1] + date.day - 1;
}

bool cn_slot_date(enum cn_calendar calendar, enum cn_leap_day rule, int year, int slot,
                  struct cn_date *date)
{
    bool leap = slots_have_leap_day(calendar, rule, year);
    if (slot < 0 || slot >= months_of_year(calendar, leap)[12])
        return false;
    struct cn_date found = date_in_year(calendar, year, leap, slot);
    if (!cn_date_valid(calendar, found))
        return false;
    *date = found;
    return true;
}
