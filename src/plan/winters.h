/*
 * The December that begins a winter: that of the year before, on the same timeline.
 */
#ifndef CLIMNORM_PLAN_WINTERS_H
#define CLIMNORM_PLAN_WINTERS_H

#include "climnorm/plan.h"

/* Returns: the index in variable->years of a timeline's year whose December the next winter has,
 * also where the year is too short to be used itself; -1: there is none. */
ptrdiff_t cn_december_year(const struct cn_variable *variable, const struct cn_timeline *timeline,
                           int year);

/* Adds to the usable years of a window that ends in `year`, [window], the year before it, and those
 * that are there only for the December before a winter: years[window + 1]. */
void cn_add_decembers(const struct cn_variable *variable, const struct cn_timeline *timeline,
                      int year, int window, ptrdiff_t *years);

/* Adds a warning of the winters in windows that have too few days because no file has the December
 * before them.
 * Errors: problems->lost. */
void cn_warn_of_winters(const struct cn_config *config, struct cn_variable_plan *variable);

#endif
