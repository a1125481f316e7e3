/*
 * The table of periods in a plan for people.
 */
#ifndef CLIMNORM_CLI_PLAN_PERIODS_H
#define CLIMNORM_CLI_PLAN_PERIODS_H

#include "climnorm/plan.h"

/* Prints a row for each period: its target years and its normals. It has rows for single regions
 * where their numbers differ, and names variables where not all have these target years. */
void cn_print_periods(const struct cn_plan *plan);

#endif
