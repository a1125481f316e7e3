/*
 * The instants of source years that lie in a stretch of day slots. Pure.
 */
#ifndef CLIMNORM_PLAN_STRETCH_H
#define CLIMNORM_PLAN_STRETCH_H

#include "climnorm/plan.h"

/* Sets *first to the part's first instant, an index along its file's time, whose day is in the
 * stretch.
 * Returns: how many there are, one after another; 0: none. With all day slots of a year: all
 * instants of the part. */
size_t cn_stretch_instants(const struct cn_variable_plan *variable, enum cn_leap_day rule,
                           const struct cn_pass_stretch *stretch, const struct cn_source_year *year,
                           const struct cn_part *part, size_t *first);

#endif
