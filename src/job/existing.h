/*
 * Which outputs are there already.
 */
#ifndef CLIMNORM_JOB_EXISTING_H
#define CLIMNORM_JOB_EXISTING_H

#include "climnorm/plan.h"

/* Sets `wanted` of every output by output.existing, and `bytes_there`. Reads existing files in
 * child processes.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: a file is there and must not be; CN_BAD_MACHINE: it cannot
 * be known whether a file is up to date; CN_STOPPED: the watch asked for it. */
enum cn_status cn_find_existing(struct cn_plan *plan, const struct cn_resources *resources,
                                const struct cn_watch *watch, struct cn_error *error);

#endif
