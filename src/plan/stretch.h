/*
 * Stretches of day slots: the groups that end in them, the day slots that these need, and the
 * instants of source years. Pure.
 */
#ifndef CLIMNORM_PLAN_STRETCH_H
#define CLIMNORM_PLAN_STRETCH_H

#include "climnorm/plan.h"
#include "products/group_days.h"

/* Returns: the stretch with the groups that end in it in place of day slots; perhaps none. */
struct cn_pass_stretch cn_group_stretch(enum cn_calendar calendar, enum cn_leap_day rule,
                                        const struct cn_pass_stretch *stretch, enum cn_time time);

/* Returns: the day slots that the results of a stretch are made of. */
struct cn_circle cn_stretch_days(const struct cn_variable_plan *variable, enum cn_leap_day rule,
                                 const struct cn_pass_stretch *stretch);

/* Instants of a file, by their index along its time. */
struct cn_instant_run {
    size_t first, count;
};

/* Finds the part's instants whose day is in one of the day slots. With all day slots of a year: all
 * instants of the part.
 * Returns: how many runs there are of them. */
size_t cn_stretch_instants(const struct cn_variable_plan *variable, enum cn_leap_day rule,
                           const struct cn_circle *days, const struct cn_source_year *year,
                           const struct cn_part *part, struct cn_instant_run runs[2]);

#endif
