/*
 * The plan for programs.
 */
#ifndef CLIMNORM_CLI_PLAN_JSON_H
#define CLIMNORM_CLI_PLAN_JSON_H

#include "climnorm/job.h"

/* Prints the plan as one JSON object to stdout; docs/plan.md lists its keys. verbose: every file
 * too.
 * Returns: false: out of memory, and nothing was printed. */
bool cn_print_plan_json(const struct cn_job *job, const struct cn_estimate *estimate, bool verbose);

#endif
