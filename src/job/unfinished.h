/*
 * What earlier runs left of outputs that take several passes, and with which pass each variable
 * goes on.
 */
#ifndef CLIMNORM_JOB_UNFINISHED_H
#define CLIMNORM_JOB_UNFINISHED_H

#include "climnorm/plan.h"

/* Sets `resume` of every variable of which all wanted outputs have whole passes of one cut. is_run:
 * claims the files for this process, and reads back all that they hold, in child processes; else
 * only looks at the journals.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: a file cannot be read now, or out of memory; CN_STOPPED:
 * the watch asked for it. */
enum cn_status cn_find_unfinished(struct cn_plan *plan, const struct cn_resources *resources,
                                  bool is_run, const struct cn_watch *watch,
                                  struct cn_error *error);

/* Removes what the scheduled plan does not go on with. all: also of outputs that are not in the
 * plan; no other process works below output.root. Files that another process works on stay.
 * Returns: whether something is gone on with. */
bool cn_drop_unfinished(const struct cn_plan *plan, bool all);

#endif
