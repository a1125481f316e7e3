/*
 * The steps from arguments to a prepared job, which `run` and `plan` share.
 */
#ifndef CLIMNORM_CLI_PREPARE_H
#define CLIMNORM_CLI_PREPARE_H

#include "cli/options.h"
#include "climnorm/job.h"

struct cn_prepared {
    const struct cn_arguments *arguments;
    struct cn_config *config;
    struct cn_job *job;
    struct cn_progress *progress;  /* NULL: there is no display */
    struct cn_error display_error; /* why it could not start; status CN_OK: it could */
};

/* Starts the display, reads the config, unless there is one, and prepares the job. is_run: for a
 * run, not only for its plan. Then the display shows nothing.
 * Returns: CN_NO_EXIT, or the exit code, and a message was printed. Owns: the caller, in either
 * case, with cn_prepared_free. */
int cn_prepare(const struct cn_arguments *arguments, struct cn_config *config, bool is_run,
               struct cn_prepared *prepared);

/* Prints what is wrong with a config.
 * Returns: CN_NO_EXIT, or the exit code. Owns: the problems are freed. */
int cn_report_config(enum cn_status status, struct cn_problems *problems);

/* Waits until a slow reader has taken the end of the display, but not without a bound. */
void cn_prepared_stop_display(struct cn_prepared *prepared);
void cn_prepared_free(struct cn_prepared *prepared);

/* Prints a warning to stderr where OMP_THREAD_LIMIT allows fewer threads than were asked for. */
void cn_warn_of_thread_limit(const struct cn_resources *resources);

#endif
