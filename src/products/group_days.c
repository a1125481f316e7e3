/*
 * The days of groups, from the dates of day slots.
 */
#include "products/group_days.h"

enum { DECEMBER = 12, MONTHS_PER_SEASON = CN_MONTHS / CN_SEASONS };

/* The group of a month, 1 … 12. */
static size_t group_of(enum cn_time time, int month)
{
    return time == CN_MONTH    ? (size_t)month - 1
           : time == CN_SEASON ? (size_t)(month % DECEMBER) / MONTHS_PER_SEASON
                               : 0;
}

/* Adds the days of a year that are in the group. */
static size_t add_days(enum cn_calendar calendar, enum cn_leap_day rule, int year,
                       enum cn_time time, size_t group, bool is_of_year_before,
                       struct cn_group_day *days)
{
    size_t count = 0;
    for (int slot = 0; slot < cn_slot_count(calendar, rule); slot++) {
        struct cn_date date;
        if (cn_slot_date(calendar, rule, year, slot, &date) &&
            group_of(time, date.month) == group &&
            (time != CN_SEASON || (date.month == DECEMBER) == is_of_year_before))
            days[count++] = (struct cn_group_day){(size_t)slot, is_of_year_before};
    }
    return count;
}

size_t cn_group_days(enum cn_calendar calendar, enum cn_leap_day rule, int year, enum cn_time time,
                     size_t group, struct cn_group_day days[CN_MAX_SLOTS])
{
    struct cn_date date;
    if (time == CN_DAY) {
        *days = (struct cn_group_day){.slot = group};
        return cn_slot_date(calendar, rule, year, (int)group, &date);
    }
    size_t count = 0;
    if (time == CN_SEASON && group == group_of(time, DECEMBER))
        count = add_days(calendar, rule, year - 1, time, group, true, days);
    return count + add_days(calendar, rule, year, time, group, false, days + count);
}
