/*
 * The days of groups, from the dates of day slots.
 */
#include "products/group_days.h"

enum { DECEMBER = 12, MONTHS_PER_SEASON = CN_MONTHS / CN_SEASONS, NO_GROUP = CN_MAX_GROUPS };
enum { LEAP_YEAR = 2000, COMMON_YEAR = 2001 }; /* with other days in the same day slots */

/* The group of a date. */
static size_t group_of(enum cn_time time, size_t slot, int month)
{
    switch (time) {
    case CN_DAY:
        return slot;
    case CN_MONTH:
        return (size_t)month - 1;
    case CN_SEASON:
        return (size_t)(month % DECEMBER) / MONTHS_PER_SEASON;
    case CN_YEAR:
    case CN_TIMES:
        break;
    }
    return 0;
}

/* Sets the groups of the days of a year, by slot; those that are of a group of the next year, or
 * those that are not. */
static void find_groups(enum cn_calendar calendar, enum cn_leap_day rule, int year,
                        enum cn_time time, bool is_of_next_year, size_t groups[CN_MAX_SLOTS])
{
    for (int slot = 0; slot < cn_slot_count(calendar, rule); slot++) {
        struct cn_date date;
        const bool is_in = cn_slot_date(calendar, rule, year, slot, &date) &&
                           (time == CN_SEASON && date.month == DECEMBER) == is_of_next_year;
        groups[slot] = is_in ? group_of(time, (size_t)slot, date.month) : NO_GROUP;
    }
}

void cn_group_days_list(enum cn_calendar calendar, enum cn_leap_day rule, int year,
                        enum cn_time time, struct cn_group_days *list)
{
    const size_t slots = (size_t)cn_slot_count(calendar, rule);
    const size_t count = cn_group_count(time, slots);
    size_t groups[2][CN_MAX_SLOTS] = {{0}}, end[CN_MAX_GROUPS + 1] = {0};
    find_groups(calendar, rule, year, time, false, groups[false]);
    find_groups(calendar, rule, year - 1, time, true, groups[true]);
    for (size_t slot = 0; slot < slots; slot++) {
        end[groups[false][slot]]++;
        end[groups[true][slot]]++;
    }
    list->first[0] = 0;
    for (size_t g = 0; g < count; g++) {
        list->first[g + 1] = list->first[g] + end[g];
        end[g] = list->first[g];
    }
    for (int is_before = true; is_before >= false; is_before--)
        for (size_t slot = 0; slot < slots; slot++) {
            const size_t g = groups[is_before][slot];
            if (g != NO_GROUP)
                list->days[end[g]++] = (struct cn_group_day){slot, is_before};
        }
}

/* The day slot with which a month begins in a year; month 0 is December of the year before. */
static int month_begin(enum cn_calendar calendar, enum cn_leap_day rule, int year, int month)
{
    const int slots = cn_slot_count(calendar, rule);
    if (month > DECEMBER)
        return slots;
    const struct cn_date first = {year, month ? month : DECEMBER, 1};
    return cn_slot(calendar, rule, first) - (month ? 0 : slots);
}

struct cn_group_span cn_group_span_of(enum cn_calendar calendar, enum cn_leap_day rule,
                                      enum cn_time time, size_t group)
{
    int first = 1, months = CN_MONTHS;
    if (time == CN_DAY)
        return (struct cn_group_span){(int)group, (int)group + 1};
    if (time == CN_MONTH) {
        first = (int)group + 1;
        months = 1;
    } else if (time == CN_SEASON) {
        first = (int)group * MONTHS_PER_SEASON;
        months = MONTHS_PER_SEASON;
    }
    return (struct cn_group_span){month_begin(calendar, rule, COMMON_YEAR, first),
                                  month_begin(calendar, rule, LEAP_YEAR, first + months)};
}

size_t cn_groups_ended(enum cn_calendar calendar, enum cn_leap_day rule, enum cn_time time,
                       size_t slot)
{
    const size_t count = cn_group_count(time, slot);
    size_t ended = time == CN_DAY ? count : 0;
    while (ended < count && (size_t)cn_group_span_of(calendar, rule, time, ended).end <= slot)
        ended++;
    return ended;
}
