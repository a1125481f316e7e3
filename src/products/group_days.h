/*
 * Which days of a year stand in one group: a day slot, a month, a season, the year. Pure.
 */
#ifndef CLIMNORM_PRODUCTS_GROUP_DAYS_H
#define CLIMNORM_PRODUCTS_GROUP_DAYS_H

#include "climnorm/calendar.h"
#include "climnorm/limits.h"
#include "climnorm/product.h"

#include <stddef.h>

/* A day of a group, by its day slot. */
struct cn_group_day {
    size_t slot;
    bool is_of_year_before; /* as December in DJF */
};

/* Returns: how many groups a year has that has so many day slots. */
static inline size_t cn_group_count(enum cn_time time, size_t day_slots)
{
    static const size_t counts[CN_TIMES] = {
        [CN_MONTH] = CN_MONTHS, [CN_SEASON] = CN_SEASONS, [CN_YEAR] = 1};
    return time == CN_DAY ? day_slots : counts[time];
}

/* Lists the days that a group has in a year, in their order, as the calendar has them. A day that
 * the leap-day rule leaves out is in no group; a day slot has no day in some years.
 * Returns: how many there are. */
size_t cn_group_days(enum cn_calendar calendar, enum cn_leap_day rule, int year, enum cn_time time,
                     size_t group, struct cn_group_day days[CN_MAX_SLOTS]);

#endif
