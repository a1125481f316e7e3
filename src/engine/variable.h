/*
 * One variable of a run.
 */
#ifndef CLIMNORM_ENGINE_VARIABLE_H
#define CLIMNORM_ENGINE_VARIABLE_H

#include "engine/engine.h"
#include "kernels.h"

/* Counts what is known of a variable before it runs: the totals. */
void cn_variable_count_totals(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                              struct cn_counters *counters);

/* Runs the program of one variable. The counters are those totals alone. *result gets what was
 * measured, and problems are added to its list. Returns: CN_OK. Errors: CN_BAD_INPUT: only this
 * variable failed. CN_BAD_MACHINE and CN_STOPPED: the run cannot go on. result->problems has the
 * sentence. */
enum cn_status cn_variable_run(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                               const struct cn_arena *arena, const struct cn_kernels *kernels,
                               const struct cn_watch *watch, struct cn_counters *counters,
                               struct cn_variable_result *result);

#endif
