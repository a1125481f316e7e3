/*
 * When a normal's day slots are. Only the calendar counts, not which years have data.
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

int cn_reference_year(enum cn_calendar calendar, int target_year, int window)
{
    int first_year = target_year - window + 1;
    return first_year == 0 && !cn_days_in_year(calendar, 0) ? 1 : first_year;
}

void cn_climatology(enum cn_calendar calendar, enum cn_leap_day rule, int target_year, int window,
                    int slots, double *time, double *bounds)
{
    int first_year = target_year - window + 1;
    int64_t origin = cn_day_number(
        calendar, (struct cn_date){cn_reference_year(calendar, target_year, window), 1, 1});
    for (int slot = 0; slot < slots; slot++) {
        int64_t middle = origin, first, last;
        find_day(calendar, rule, slot, target_year, first_year - LONGEST_SEARCH, &middle);
        if (!find_day(calendar, rule, slot, first_year, target_year, &first))
            first = middle;
        if (!find_day(calendar, rule, slot, target_year, first_year, &last))
            last = middle;
        time[slot] = (double)(middle - origin) + 0.5;
        bounds[2 * slot] = (double)(first - origin);
        bounds[2 * slot + 1] = (double)(last - origin + 1);
    }
}
