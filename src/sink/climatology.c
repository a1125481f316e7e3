/*
 * When the day slots or groups of days of an output file are. Only the calendar counts, not which
 * years have data.
 */
#include "sink/climatology.h"

#include "products/group_days.h"

/* Years. No calendar goes longer without a leap year; around 1900 it is eight. */
enum { LONGEST_SEARCH = 16 };

/* Finds the day number of the slot in the first year that has it, going from `from` to `to`. */
static bool find_day(enum cn_calendar calendar, enum cn_leap_day rule, int slot, int from, int to,
                     int64_t *day)
{
    int step = from <= to ? 1 : -1;
    for (int year = from; year != to + step; year += step) {
        struct cn_date date;
        if (cn_slot_date(calendar, rule, year, slot, &date)) {
            *day = cn_day_number(calendar, date);
            return true;
        }
    }
    return false;
}

int cn_reference_year(enum cn_calendar calendar, int first_year)
{
    return first_year == 0 && !cn_days_in_year(calendar, 0) ? 1 : first_year;
}

int cn_year_of_dates(enum cn_calendar calendar, enum cn_leap_day rule, int target_year, int slots)
{
    for (int year = target_year; year > target_year - LONGEST_SEARCH; year--) {
        struct cn_date date;
        int slot = 0;
        while (slot < slots && cn_slot_date(calendar, rule, year, slot, &date))
            slot++;
        if (slot == slots)
            return year;
    }
    return target_year;
}

void cn_climatology(enum cn_calendar calendar, enum cn_leap_day rule, int reference_year,
                    int first_year, int target_year, int time_year, int slots, double *time,
                    double *bounds)
{
    int64_t origin = cn_day_number(calendar, (struct cn_date){reference_year, 1, 1});
    for (int slot = 0; slot < slots; slot++) {
        int64_t middle = origin, first, last;
        find_day(calendar, rule, slot, time_year, first_year - LONGEST_SEARCH, &middle);
        if (!find_day(calendar, rule, slot, first_year, target_year, &first))
            first = middle;
        if (!find_day(calendar, rule, slot, target_year, first_year, &last))
            last = middle;
        time[slot] = (double)(middle - origin) + 0.5;
        bounds[2 * slot] = (double)(first - origin);
        bounds[2 * slot + 1] = (double)(last - origin + 1);
    }
}

/* The next month of a calendar that may lack the year 0. */
static struct cn_date next_month(enum cn_calendar calendar, struct cn_date date)
{
    date.month = date.month % CN_MONTHS + 1;
    if (date.month == 1)
        date.year += cn_days_in_year(calendar, date.year + 1) ? 1 : 2;
    return date;
}

/* The first day of a group in a year. */
static struct cn_date group_start(enum cn_calendar calendar, enum cn_time groups, int year,
                                  int group)
{
    const int month = group * CN_MONTHS / (int)cn_group_count(groups, 0) + 1;
    if (groups != CN_SEASON)
        return (struct cn_date){year, month, 1};
    if (month > 1)
        return (struct cn_date){year, month - 1, 1};
    return (struct cn_date){cn_days_in_year(calendar, year - 1) ? year - 1 : year - 2, CN_MONTHS,
                            1};
}

/* Sets the day numbers of a group in a year: from `days[0]` to before `days[1]`. */
static void find_group_bounds(enum cn_calendar calendar, enum cn_leap_day rule, enum cn_time groups,
                              int year, int group, int64_t days[2])
{
    struct cn_date start = group_start(calendar, groups, year, group), end = start;
    for (int month = 0; month < CN_MONTHS / (int)cn_group_count(groups, 0); month++)
        end = next_month(calendar, end);
    days[0] = cn_day_number(calendar, start);
    days[1] = cn_day_number(calendar, end);
    while (cn_slot(calendar, rule, cn_day_date(calendar, days[1] - 1)) < 0)
        days[1]--;
}

void cn_climatology_of_groups(enum cn_calendar calendar, enum cn_leap_day rule, enum cn_time groups,
                              int reference_year, int first_year, int target_year, double *time,
                              double *bounds)
{
    const int64_t origin = cn_day_number(calendar, (struct cn_date){reference_year, 1, 1});
    for (int group = 0; group < (int)cn_group_count(groups, 0); group++) {
        int64_t first[2], last[2];
        find_group_bounds(calendar, rule, groups, cn_reference_year(calendar, first_year), group,
                          first);
        find_group_bounds(calendar, rule, groups, cn_reference_year(calendar, target_year), group,
                          last);
        time[group] = (double)(last[0] + last[1]) / 2 - (double)origin;
        bounds[2 * group] = (double)(first[0] - origin);
        bounds[2 * group + 1] = (double)(last[1] - origin);
    }
}
