/*
 * A run executes the plan, one variable after another; its result is what the summary shows.
 */
#ifndef CLIMNORM_RUN_H
#define CLIMNORM_RUN_H

#include "climnorm/plan.h"
#include "climnorm/progress.h"

#include <stdio.h>

/* The result of one variable. */
struct cn_variable_result {
    const char *name;
    enum cn_variable_state state; /* CN_WAITING: never reached; CN_ACTIVE: stopped by a signal */
    uint64_t files_read, bytes_read;
    double load_s, compute_s, write_s, wall_s; /* compute_s, write_s: summed over threads */
    uint64_t normals_written, normals_skipped, normals_failed;
    struct cn_problems problems; /* those of catalog, plan and run */
};

struct cn_run_result {
    struct cn_variable_result *variables; /* [count], in the order of the plan */
    size_t count;
    double wall_s;
    int threads;
    const char *isa; /* of the kernels; NULL: not known */
    int exit_code;
};

struct cn_run_hooks {
    struct cn_counters *counters; /* [plan->variable_count], zeroed; written while running */
    struct cn_progress *progress; /* shows problems; NULL: none are shown */
    const atomic_int *stop;       /* a signal number asks to stop; NULL: never */
};

/* Runs the plan. The result is filled in even when the run fails; its exit_code is the command's.
 * Owns: the caller, *result with cn_result_free. */
void cn_run(const struct cn_plan *plan, const struct cn_run_hooks *hooks,
            struct cn_run_result *result);
/* Fills in the result without running: known problems, files that are kept, and the exit code that
 * follows from them.
 * Errors: CN_BAD_MACHINE, out of memory. Owns: the caller, *result with cn_result_free. */
enum cn_status cn_run_preview(const struct cn_plan *plan, struct cn_run_result *result);
void cn_result_free(struct cn_run_result *result);

/* Writes every problem and the summary table to `out`, for people. */
void cn_result_print(const struct cn_run_result *result, FILE *out);
/* Writes only the problems. */
void cn_result_print_problems(const struct cn_run_result *result, FILE *out);
/* Writes the JSON of --summary. A regular file is replaced as a whole or not at all; a link, pipe
 * or device is written into. Errors: CN_BAD_MACHINE. */
enum cn_status cn_result_write_json(const struct cn_run_result *result, const char *path,
                                    struct cn_error *error);

#endif
