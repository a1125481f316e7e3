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
};

/* Reads the config and prepares the job. is_run: for a run, not only for its plan.
 * Returns: CN_NO_EXIT, or the exit code, and a message was printed. Owns: the caller, in either
 * case, with cn_prepared_free. */
int cn_prepare(const struct cn_arguments *arguments, bool is_run, struct cn_prepared *prepared);
void cn_prepared_free(struct cn_prepared *prepared);

/* Prints the plan for people to stdout; verbose: every file too. */
void cn_print_plan(const struct cn_job *job, int verbose);

#endif
