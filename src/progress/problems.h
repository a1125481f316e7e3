/*
 * Lists of problems on the display.
 */
#ifndef CLIMNORM_PROGRESS_PROBLEMS_H
#define CLIMNORM_PROGRESS_PROBLEMS_H

#include "climnorm/progress.h"

/* Shows the problems from the `first` on as lines above the display, without details. */
void cn_say_problems(struct cn_progress *progress, const struct cn_problems *problems,
                     size_t first);

/* Displays the first problem of a list below its variable, unless another one is displayed already.
 * The text must last as long as the display. */
void cn_show_problem(struct cn_counters *counters, const struct cn_problems *problems);

#endif
