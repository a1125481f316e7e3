/*
 * climnorm run: computes the normals, with display and summary.
 */
#include "base/error.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/plan_text.h"
#include "cli/prepare.h"
#include "cli/signals.h"
#include "cli/summary.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether memory ran out for a problem, so that the summary does not show it. */
static bool has_unlisted_problem(const struct cn_result *result)
{
    bool is_incomplete = result->count == 0 || result->problems.lost;
    for (size_t v = 0; v < result->count; v++)
        is_incomplete |= result->variables[v].problems.lost;
    return is_incomplete && result->status == CN_BAD_MACHINE;
}

static void print_out_of_memory(void)
{
    struct cn_error error;
    cn_fail_memory(&error, "the run");
    cn_print_error(&error);
}

/* What came of a run and of all that shows it. */
struct outcome {
    struct cn_result result;
    int exit_code;                 /* of the run alone */
    struct cn_error summary_error; /* status CN_OK: none */
};

/* Runs with a display; if it cannot start, runs without one. Writes the summary's file before the
 * display ends, because a terminal or pipe may block. */
static void run_with_display(struct cn_prepared *prepared, struct outcome *outcome)
{
    const char *summary = prepared->arguments->summary;
    const struct cn_watch watch = {prepared->progress, cn_stop_signal};
    cn_signals_begin();
    cn_job_run(prepared->job, &watch, &outcome->result);
    outcome->exit_code = cn_exit_code(outcome->result.status, atomic_load(cn_stop_signal));
    cn_signals_end(outcome->exit_code);
    outcome->summary_error.status = summary ? cn_summary_write(&outcome->result, outcome->exit_code,
                                                               summary, &outcome->summary_error)
                                            : CN_OK;
    cn_prepared_stop_display(prepared);
}

/* The folder of the results, or the file if there is one alone; the caller frees it. NULL: it is
 * not there, or out of memory. */
static char *find_results(const struct cn_job *job)
{
    const struct cn_plan *plan = job->plan;
    const struct cn_output *only = NULL;
    size_t outputs = 0;
    for (size_t v = 0; v < plan->variable_count; v++) {
        outputs += plan->variables[v].output_count;
        if (plan->variables[v].output_count)
            only = plan->variables[v].outputs;
    }
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", plan->config->output.root, outputs == 1 ? only->path : "");
    return realpath(path, NULL);
}

/* Returns the exit code of the command. */
static int print_outcome(const struct cn_prepared *prepared, const struct outcome *outcome)
{
    const struct cn_arguments *arguments = prepared->arguments;
    const struct cn_result *result = &outcome->result;
    if (prepared->display_error.status) {
        cn_print_error(&prepared->display_error);
        cn_summary_print_problems(result, stderr);
    }
    if (!arguments->quiet && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
        putchar('\n'); /* below the display's last frame */
    char *where = find_results(prepared->job);
    if (!arguments->quiet)
        cn_summary_print(result, where ? where : prepared->config->output.root, arguments->log,
                         stdout);
    if (cn_log_begin(arguments->log_file)) {
        cn_summary_print_details(result, stdout);
        cn_summary_print(result, where ? where : prepared->config->output.root, arguments->log,
                         stdout);
        cn_log_end(arguments->log_file);
    }
    free(where);
    if (has_unlisted_problem(result))
        print_out_of_memory();
    if (outcome->summary_error.status)
        cn_print_error(&outcome->summary_error);
    return outcome->summary_error.status && outcome->exit_code == CN_EXIT_OK ? CN_EXIT_MACHINE
                                                                             : outcome->exit_code;
}

static int run_job(struct cn_prepared *prepared)
{
    struct outcome outcome;
    run_with_display(prepared, &outcome);
    int exit_code = print_outcome(prepared, &outcome);
    cn_result_free(&outcome.result);
    return exit_code;
}

int cn_run_config(const struct cn_arguments *arguments, struct cn_config *config)
{
    struct cn_prepared prepared;
    signal(SIGPIPE, SIG_IGN); /* a run goes on when the reader of its output ends */
    int exit_code = cn_prepare(arguments, config, true, &prepared);
    if (exit_code == CN_NO_EXIT) {
        if (arguments->verbose)
            cn_print_plan(prepared.job, NULL, arguments->verbose > 1);
        if (cn_log_begin(arguments->log_file)) {
            cn_print_plan(prepared.job, NULL, true);
            cn_log_end(arguments->log_file);
        }
        exit_code = run_job(&prepared);
    }
    cn_prepared_free(&prepared);
    return exit_code;
}

int cn_command_run(const struct cn_arguments *arguments)
{
    return cn_run_config(arguments, NULL);
}
