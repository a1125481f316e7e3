/*
 * What `run` and `plan` share: from options to a schedule.
 */
#ifndef CLIMNORM_CLI_PREPARE_H
#define CLIMNORM_CLI_PREPARE_H

#include "cli/options.h"
#include "climnorm/plan.h"

struct cn_prepared {
    struct cn_run_options options;
    struct cn_config *config;
    struct cn_catalog *catalog;
    struct cn_plan *plan;
    int lock; /* of output.root; -1: not taken */
};

/* Options, config, catalog and targets; with take_lock also the lock of the output folder; then the
 * survey of existing files and the schedule. False: all has been said, end with *exit_code. Call
 * cn_prepared_free in either case. */
bool cn_prepare(int argc, char **argv, bool take_lock, struct cn_prepared *prepared,
                int *exit_code);
void cn_prepared_free(struct cn_prepared *prepared);

/* The plan for people, on stdout; verbose: every file too. */
void cn_print_plan(const struct cn_plan *plan, int verbose);

#endif
