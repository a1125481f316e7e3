/*
 * climnorm plan: shows what `run` would do. Writes no results.
 */
#include "base/error.h"
#include "base/strbuf.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/plan_text.h"
#include "cli/prepare.h"
#include "cli/print_text.h"
#include "cli/quote.h"
#include "cli/signals.h"
#include "cli/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints the command that does what was planned. */
static void print_next(const struct cn_arguments *arguments, const struct cn_plan *plan)
{
    struct cn_strbuf line = {0};
    size_t wanted = 0, kept = 0;
    for (size_t v = 0; v < plan->variable_count; v++) {
        wanted += plan->variables[v].normals_wanted;
        kept += plan->variables[v].normals_skipped;
    }
    cn_strbuf_add(&line, "climnorm run");
    cn_add_word(&line, arguments->operands[0]);
    for (size_t i = 0; i < arguments->override_count; i++) {
        const struct cn_override *override = &arguments->overrides[i];
        const char *value = strchr(override->text, '=');
        cn_strbuf_add(&line, " --%s", override->option ? override->option : "set");
        cn_add_word(&line, override->option && value ? value + 1 : override->text);
    }
    if (plan->division.shard.count)
        cn_strbuf_add(&line, " --shard %zu/%zu", plan->division.shard.number,
                      plan->division.shard.count);
    /* Not wrapped: a shell would take a second line for another command. */
    printf("%-*s", CN_LABEL_COLUMNS, "Next");
    cn_print_text(wanted                          ? cn_strbuf_text(&line)
                  : kept || !plan->variable_count ? "nothing to do"
                                                  : "nothing can be made");
    putchar('\n');
    cn_strbuf_free(&line);
}

/* Measures for about a second where there is something to make, and shows the plan. */
static enum cn_status show_plan(const struct cn_prepared *prepared, struct cn_error *error)
{
    const struct cn_arguments *arguments = prepared->arguments;
    const struct cn_watch watch = {prepared->progress, cn_stop_signal};
    struct cn_estimate estimate;
    cn_job_estimate(prepared->job, &watch, &estimate);
    if (atomic_load(cn_stop_signal))
        return cn_fail(error, CN_STOPPED, "stopped by %s while measuring; nothing was begun",
                       cn_stop_signal_name(atomic_load(cn_stop_signal)));
    const enum cn_status fits = cn_job_check_space(prepared->job, error);
    if (arguments->json) {
        char *text = cn_job_plan_json(prepared->job, &estimate, arguments->verbose > 0);
        if (!text)
            return cn_fail_memory(error, "the plan");
        puts(text);
        free(text);
    } else if (!arguments->quiet) {
        cn_print_plan(prepared->job, &estimate, arguments->verbose > 0);
        if (!fits)
            print_next(arguments, prepared->job->plan);
    }
    if (cn_log_begin(arguments->log_file)) {
        cn_print_plan(prepared->job, &estimate, true);
        cn_log_end(arguments->log_file);
    }
    return fits;
}

int cn_command_plan(const struct cn_arguments *arguments)
{
    struct cn_prepared prepared;
    int exit_code = cn_prepare(arguments, NULL, false, &prepared);
    if (exit_code == CN_NO_EXIT) {
        struct cn_result result;
        struct cn_error error;
        const enum cn_status status = arguments->quiet && !arguments->json && !arguments->log_file
                                          ? cn_job_check_space(prepared.job, &error)
                                          : show_plan(&prepared, &error);
        cn_job_preview(prepared.job, &result);
        exit_code = cn_exit_code(status ? status : result.status, atomic_load(cn_stop_signal));
        if (status)
            cn_print_error(&error);
        if (arguments->summary && cn_summary_write(&result, exit_code, arguments->summary, &error))
            exit_code = cn_print_error(&error);
        cn_result_free(&result);
    }
    cn_prepared_free(&prepared);
    return exit_code;
}
