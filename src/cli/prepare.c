/*
 * The steps from arguments to a prepared job: the config is read, the job is prepared, and what is
 * wrong is printed.
 */
#include "cli/prepare.h"

#include "base/error.h"
#include "cli/check_path.h"
#include "cli/display.h"
#include "cli/exit_codes.h"
#include "cli/shard.h"
#include "cli/signals.h"
#include "cli/summary.h"
#include "climnorm/watch.h"

#include <stdio.h>

int cn_report_config(enum cn_status status, struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        fprintf(stderr, "climnorm: %s\n", problems->items[i].text);
    if (problems->lost)
        fprintf(stderr, "climnorm: out of memory (problems)\n");
    cn_problems_free(problems);
    if (status)
        return status == CN_BAD_MACHINE ? CN_EXIT_MACHINE : CN_EXIT_USAGE;
    return CN_NO_EXIT;
}

/* Reads the config and applies what replaces its values. Returns CN_NO_EXIT, or the exit code, and
 * every error was printed. */
static int read_config(struct cn_prepared *prepared)
{
    const struct cn_arguments *arguments = prepared->arguments;
    struct cn_problems problems = {0};
    enum cn_status status = cn_config_read(arguments->operands[0], arguments->overrides,
                                           arguments->override_count, &prepared->config, &problems);
    return cn_report_config(status, &problems);
}

void cn_prepared_stop_display(struct cn_prepared *prepared)
{
    cn_display_stop(prepared->progress, true);
    prepared->progress = NULL;
}

void cn_warn_of_thread_limit(const struct cn_resources *resources)
{
    if (resources->threads < resources->threads_asked)
        fprintf(stderr, "climnorm: warning: OMP_THREAD_LIMIT allows %d of %d threads\n",
                resources->threads, resources->threads_asked);
}

/* Prints why there is no run. Writes an empty summary for machine errors and stops, but not for
 * wrong usage. Returns the exit code. */
static int report_failure(const struct cn_prepared *prepared, struct cn_error *error)
{
    int number = atomic_load(cn_stop_signal),
        exit_code = number ? cn_exit_code(CN_STOPPED, number) : cn_print_error(error);
    if (number)
        fprintf(stderr, "climnorm: stopped by %s while %s; nothing was begun\n",
                cn_stop_signal_name(number),
                cn_phase_text(prepared->job ? prepared->job->phase : CN_PHASE_NONE));
    if (prepared->arguments->summary && exit_code >= CN_EXIT_MACHINE &&
        cn_summary_write(&(struct cn_result){0}, exit_code, prepared->arguments->summary, error))
        cn_print_error(error);
    return exit_code;
}

int cn_prepare(const struct cn_arguments *arguments, struct cn_config *config, bool is_run,
               struct cn_prepared *prepared)
{
    struct cn_error error;
    *prepared = (struct cn_prepared){.arguments = arguments, .config = config};
    cn_signals_catch();
    prepared->progress = cn_display_start(arguments, &prepared->display_error);
    int exit_code = config ? CN_NO_EXIT : read_config(prepared);
    if (exit_code != CN_NO_EXIT)
        return exit_code;
    const struct cn_watch watch = {prepared->progress, cn_stop_signal};
    struct cn_job_options options = {.is_run = is_run, .waits = arguments->wait, .watch = &watch};
    cn_resources_resolve(prepared->config, &options.resources);
    cn_warn_of_thread_limit(&options.resources);
    enum cn_status status = cn_check_path(arguments, "summary", arguments->summary, &error);
    if (!status && arguments->shard)
        status = cn_shard_parse(arguments->shard, &options.shard, &error);
    if (!status)
        status = cn_job_prepare(prepared->config, &options, &prepared->job, &error);
    cn_progress_enter(prepared->progress, CN_PHASE_NONE);
    return status ? report_failure(prepared, &error) : CN_NO_EXIT;
}

void cn_prepared_free(struct cn_prepared *prepared)
{
    cn_prepared_stop_display(prepared);
    cn_job_free(prepared->job);
    cn_config_free(prepared->config);
}
