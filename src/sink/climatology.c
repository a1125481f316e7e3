/*
 * When the day slots of an output file are. Only the calendar counts, not which years have data.
 */
#include "sink/climatology.h"

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
