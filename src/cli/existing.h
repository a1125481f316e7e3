/*
 * Which outputs are there already.
 */
#ifndef CLIMNORM_CLI_EXISTING_H
#define CLIMNORM_CLI_EXISTING_H

#include "climnorm/plan.h"

/* Sets `wanted` of every output by output.existing, and `bytes_there`. lock: that of the output
 * folder, which children do not keep; -1 without. CN_BAD_USAGE: a file is there and must not be.
 * CN_STOPPED: the watch asked for it. */
enum cn_status cn_find_existing(struct cn_plan *plan, int lock, const struct cn_watch *watch,
                                struct cn_error *error);

#endif
