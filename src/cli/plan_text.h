/*
 * The plan for people.
 */
#ifndef CLIMNORM_CLI_PLAN_TEXT_H
#define CLIMNORM_CLI_PLAN_TEXT_H

#include "climnorm/job.h"

/* Prints the plan to stdout. estimate NULL: nothing was measured. verbose: also loads, batches and
 * slots, and every file. */
void cn_print_plan(const struct cn_job *job, const struct cn_estimate *estimate, bool verbose);

#endif
