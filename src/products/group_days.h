/*
 * Which days of a year stand in one group: a day slot, a month, a season, the year. Pure.
 */
#ifndef CLIMNORM_PRODUCTS_GROUP_DAYS_H
#define CLIMNORM_PRODUCTS_GROUP_DAYS_H

#include "climnorm/calendar.h"
#include "climnorm/limits.h"
#include "climnorm/product.h"

#include <stddef.h>

enum { CN_MAX_GROUPS = CN_MAX_SLOTS, CN_MAX_GROUP_DAYS = 2 * CN_MAX_SLOTS };

/* A day of a group, by its day slot. */
struct cn_group_day {
    size_t slot;
    bool is_of_year_before; /* as December in DJF */
};

/* The days of all groups of one year. */
struct cn_group_days {
    struct cn_group_day days[CN_MAX_GROUP_DAYS];
    size_t first[CN_MAX_GROUPS + 1]; /* group g has the days first[g] … first[g + 1] - 1 */
};

/* Returns: how many groups a year has that has so many day slots. */
static inline size_t cn_group_count(enum cn_time time, size_t day_slots)
{
    static const size_t counts[CN_TIMES] = {
        [CN_MONTH] = CN_MONTHS, [CN_SEASON] = CN_SEASONS, [CN_YEAR] = 1};
    return time == CN_DAY ? day_slots : counts[time];
}

/* Day slots that hold the days of a group in all years: begin … end - 1. Those below 0 are of the
 * year before: -1 is its last one. */
struct cn_group_span {
    int begin, end;
};

/* Returns: the day slots of a group; some hold none of its days in some years. */
struct cn_group_span cn_group_span_of(enum cn_calendar calendar, enum cn_leap_day rule,
                                      enum cn_time time, size_t group);

/* Returns: how many groups have ended, in every year, with the day slots before `slot`. */
size_t cn_groups_ended(enum cn_calendar calendar, enum cn_leap_day rule, enum cn_time time,
                       size_t slot);

/* Lists the days that the calendar has in a year, group by group, in their order. A day that the
 * leap-day rule leaves out is in no group; some day slots have no day in some years. */
void cn_group_days_list(enum cn_calendar calendar, enum cn_leap_day rule, int year,
                        enum cn_time time, struct cn_group_days *list);

#endif
