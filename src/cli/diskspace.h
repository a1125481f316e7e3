/*
 * The disk that outputs go to: what it has, and whether a plan fits on it.
 */
#ifndef CLIMNORM_CLI_DISKSPACE_H
#define CLIMNORM_CLI_DISKSPACE_H

#include "climnorm/plan.h"

/* What is free where `root` is or will be. */
void cn_diskspace_inquire(const char *root, struct cn_space_free *space);

/* CN_BAD_MACHINE: it cannot fit. That it may not is a warning, on stderr. */
enum cn_status cn_diskspace_check(struct cn_plan *plan, struct cn_error *error);

#endif
