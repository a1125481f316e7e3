/*
 * Free space for the outputs, and whether a plan fits into it.
 */
#ifndef CLIMNORM_JOB_DISKSPACE_H
#define CLIMNORM_JOB_DISKSPACE_H

#include "climnorm/plan.h"

/* Sets *space to what is free on the file system where `root` is or will be. UINT64_MAX: the file
 * system does not say. */
void cn_diskspace_inquire(const char *root, struct cn_space_free *space);

/* Checks that the outputs fit. If they fit only when they compress well, a warning is added to
 * *problems.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: they cannot fit. */
enum cn_status cn_diskspace_check(const struct cn_plan *plan, const struct cn_space_free *space,
                                  struct cn_problems *problems, struct cn_error *error);

#endif
