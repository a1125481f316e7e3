/*
 * Stretches of day slots: the instants of source years in them, and their groups. Pure.
 */
#ifndef CLIMNORM_PLAN_STRETCH_H
#define CLIMNORM_PLAN_STRETCH_H

#include "climnorm/plan.h"
#include "products/group_days.h"

/* Returns: the stretch with groups in place of day slots. A pass has all groups of several days. */
static inline struct cn_pass_stretch cn_group_stretch(const struct cn_pass_stretch *stretch,
                                                      enum cn_time time)
{
    struct cn_pass_stretch groups = *stretch;
    if (time != CN_DAY) {
        groups.first_slot = 0;
        groups.slot_count = cn_group_count(time, 0);
    }
    return groups;
}

/* Sets *first to the part's first instant, an index along its file's time, whose day is in the
 * stretch.
 * Returns: how many there are, one after another; 0: none. With all day slots of a year: all
 * instants of the part. */
size_t cn_stretch_instants(const struct cn_variable_plan *variable, enum cn_leap_day rule,
                           const struct cn_pass_stretch *stretch, const struct cn_source_year *year,
                           const struct cn_part *part, size_t *first);

#endif
