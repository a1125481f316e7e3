/*
 * climnorm report: one page about the outputs of a run.
 */
#include "report/report.h"

#include "cli/commands.h"
#include "cli/display.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "cli/print_text.h"
#include "cli/signals.h"
#include "climnorm/resources.h"

#include <stdio.h>

/* Returns the exit code. */
static int end_report(const struct cn_report_request *request, const struct cn_report_made *made,
                      bool is_quiet)
{
    if (!is_quiet) {
        printf("Report of %zu file%s: ", made->files, made->files == 1 ? "" : "s");
        cn_print_text(request->path);
        putchar('\n');
    }
    if (made->damaged)
        fprintf(stderr, "climnorm report: %zu file%s cannot be shown: the page says why\n",
                made->damaged, made->damaged == 1 ? "" : "s");
    return made->damaged ? CN_EXIT_MISSING : CN_EXIT_OK;
}

int cn_command_report(const struct cn_arguments *arguments)
{
    const struct cn_config config = {.engine = {.threads = (int)arguments->threads}};
    struct cn_resources resources;
    struct cn_report_made made;
    struct cn_error error = {0};
    cn_resources_resolve(&config, &resources);
    cn_warn_of_thread_limit(&resources);
    cn_signals_catch();
    struct cn_progress *progress = cn_display_start(arguments, &error);
    const struct cn_watch watch = {progress, cn_stop_signal};
    const struct cn_report_request request = {.folder = arguments->operands[0],
                                              .summary = arguments->summary,
                                              .measured = arguments->bench,
                                              .path = arguments->page,
                                              .threads = resources.threads,
                                              .watch = &watch};
    cn_signals_begin();
    const enum cn_status status = cn_report_make(&request, &made, &error);
    const int number = status == CN_STOPPED ? atomic_load(cn_stop_signal) : 0;
    cn_signals_end(cn_exit_code(status, number));
    cn_progress_enter(progress, CN_PHASE_NONE);
    cn_display_stop(progress, false);
    if (!status)
        return end_report(&request, &made, arguments->quiet);
    if (number)
        fprintf(stderr, "climnorm report: stopped by %s\n", cn_stop_signal_name(number));
    else
        fprintf(stderr, "climnorm report: %s\n", error.text);
    return cn_exit_code(status, number);
}
