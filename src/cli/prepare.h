/*
 * The steps from options to a schedule, which `run` and `plan` share.
 */
#ifndef CLIMNORM_CLI_PREPARE_H
#define CLIMNORM_CLI_PREPARE_H

#include "cli/options.h"
#include "climnorm/config.h"
#include "climnorm/plan.h"

struct cn_prepared {
    struct cn_run_options options;
    struct cn_config *config;
    struct cn_catalog *catalog;
    struct cn_plan *plan;
    int lock; /* of output.root; -1: not taken */
};

/* Reads options, config and catalog and plans the targets. Then takes the lock of the output folder
 * (with take_lock), looks for existing files, and makes the schedule.
 * Returns: CN_NO_EXIT, or the exit code, and a message was printed. Owns: the caller, in either
 * case, with cn_prepared_free. */
int cn_prepare(int argc, char **argv, bool take_lock, struct cn_prepared *prepared);
void cn_prepared_free(struct cn_prepared *prepared);

/* Prints the plan for people to stdout; verbose: every file too. */
void cn_print_plan(const struct cn_plan *plan, int verbose);

#endif
