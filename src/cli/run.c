/*
 * climnorm run: computes the normals, with display and summary.
 */
#include "climnorm/run.h"
#include "base/strbuf.h"
#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long to wait until a slow terminal or pipe has taken the end of the display. */
enum { READER_S = 60, READER_STOPPED_S = 1 };

/* "NorESM2-LM ssp245 · CONUS AK HI"; NULL: out of memory. */
static char *make_title(const struct cn_plan *plan)
{
    struct cn_strbuf title = {0};
    cn_strbuf_add(&title, "%s", plan->catalog->model);
    const struct cn_variable *first = plan->variable_count ? plan->variables[0].variable : NULL;
    for (size_t t = 0; first && t < first->timeline_count; t++)
        cn_strbuf_add(&title, " %s",
                      first->timelines[t].scenario ? first->timelines[t].scenario
                                                   : plan->config->input.historical);
    cn_strbuf_add(&title, " ·");
    for (size_t r = 0; r < plan->config->region_count; r++)
        cn_strbuf_add(&title, " %s", plan->config->regions[r].name);
    return cn_strbuf_detach(&title);
}

/* Whether memory ran out for a problem, so that the summary does not show it. */
static bool has_unlisted_problem(const struct cn_run_result *result)
{
    bool is_incomplete = result->count == 0;
    for (size_t v = 0; v < result->count; v++)
        is_incomplete |= result->variables[v].problems.lost;
    return is_incomplete && result->exit_code == CN_EXIT_MACHINE;
}

static void print_out_of_memory(void)
{
    struct cn_error error;
    cn_fail_memory(&error, "the run");
    cn_print_error(&error);
}

/* Runs with a display; if it cannot start, runs without one and sets *display_error. Writes the
 * summary's file (*summary_error: why not) before the display ends, because a terminal or pipe may
 * block. */
static void run_with_display(const struct cn_prepared *prepared,
                             const struct cn_progress_view *view, struct cn_run_result *result,
                             struct cn_error *display_error, struct cn_error *summary_error)
{
    const char *summary = prepared->options.summary;
    struct cn_progress *progress = NULL;
    display_error->status = cn_progress_start(view, &progress, display_error);
    const struct cn_run_hooks hooks = {
        .counters = view->counters, .progress = progress, .stop = cn_stop_signal};
    cn_signals_begin();
    cn_signals_set_display(progress);
    cn_run(prepared->plan, &hooks, result);
    cn_signals_end(result->exit_code);
    summary_error->status = summary ? cn_result_write_json(result, summary, summary_error) : CN_OK;
    cn_signals_set_display(NULL);
    cn_progress_stop(progress, atomic_load(cn_stop_signal) ? READER_STOPPED_S : READER_S);
}

/* Returns the exit code. */
static int print_outcome(const struct cn_run_options *options, const struct cn_progress_view *view,
                         const struct cn_run_result *result, const struct cn_error *display_error,
                         const struct cn_error *summary_error)
{
    if (isatty(view->fd) && cn_progress_resolve_mode(view->mode, view->fd) == CN_PROGRESS_TTY)
        fputs("\033[?7h\033[?25h", stderr); /* in case a frame was only partly written */
    if (display_error->status) {
        cn_print_error(display_error);
        cn_result_print_problems(result, stderr);
    }
    if (!options->quiet && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
        putchar('\n'); /* below the display's last frame */
    if (!options->quiet)
        cn_result_print(result, stdout);
    if (has_unlisted_problem(result))
        print_out_of_memory();
    if (summary_error->status)
        cn_print_error(summary_error);
    return summary_error->status && !result->exit_code ? CN_EXIT_MACHINE : result->exit_code;
}

static int run_plan(const struct cn_prepared *prepared)
{
    const struct cn_plan *plan = prepared->plan;
    const struct cn_run_options *options = &prepared->options;
    struct cn_counters *counters =
        aligned_alloc(_Alignof(struct cn_counters), (plan->variable_count + 1) * sizeof *counters);
    char *title = make_title(plan);
    int exit_code = CN_EXIT_MACHINE;
    if (!counters || !title) {
        print_out_of_memory();
    } else {
        memset(counters, 0, (plan->variable_count + 1) * sizeof *counters);
        for (size_t v = 0; v < plan->variable_count; v++)
            counters[v].name = plan->variables[v].variable->name;
        const struct cn_progress_view view = {.title = title,
                                              .counters = counters,
                                              .count = plan->variable_count,
                                              .threads = plan->threads,
                                              .arena_bytes = plan->arena_bytes,
                                              .mode = options->quiet ? CN_PROGRESS_NONE
                                                                     : options->progress,
                                              .fd = STDERR_FILENO};
        struct cn_run_result result;
        struct cn_error display_error, summary_error;
        run_with_display(prepared, &view, &result, &display_error, &summary_error);
        exit_code = print_outcome(options, &view, &result, &display_error, &summary_error);
        cn_result_free(&result);
    }
    free(counters);
    free(title);
    return exit_code;
}

int cn_command_run(int argc, char **argv)
{
    struct cn_prepared prepared;
    signal(SIGPIPE, SIG_IGN); /* a run goes on when the reader of its output ends */
    int exit_code = cn_prepare(argc, argv, true, &prepared);
    if (exit_code == CN_NO_EXIT) {
        if (prepared.options.verbose)
            cn_print_plan(prepared.plan, prepared.options.verbose - 1);
        exit_code = run_plan(&prepared);
        char *root = realpath(prepared.config->output.root, NULL);
        if (!prepared.options.quiet && root) /* it may have been removed */
            printf("Normals are in %s\n", root);
        free(root);
    }
    cn_prepared_free(&prepared);
    return exit_code;
}
