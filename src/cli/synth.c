/*
 * climnorm synth: makes a synthetic tree; its arguments and its exit code.
 */
#include "synth/options.h"

#include "base/clock.h"
#include "base/format.h"
#include "base/strbuf.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "cli/signals.h"
#include "climnorm/resources.h"
#include "progress/text.h"

#include <stdio.h>
#include <string.h>

/* For cn_synth_options.progress. */
static void count_files(void *context, const struct cn_synth_state *state)
{
    struct cn_progress *progress = context;
    cn_progress_count(progress, state->files_done, state->files_total);
    cn_progress_count_bytes(progress, state->bytes_written);
}

static void print_made(const struct cn_synth_options *o, const struct cn_synth_state *state,
                       double seconds)
{
    char bytes[24];
    struct cn_strbuf what = {0};
    cn_strbuf_add(&what, "%s", o->model);
    if (o->first_year <= CN_SYNTH_LAST_HISTORICAL)
        cn_strbuf_add(&what, " historical");
    if (o->last_year > CN_SYNTH_LAST_HISTORICAL)
        for (size_t k = 0; k < o->scenario_count; k++)
            cn_strbuf_add(&what, " %s", o->scenarios[k]);
    cn_strbuf_add(&what, " ·");
    for (size_t k = 0; k < o->variable_count; k++)
        cn_strbuf_add(&what, " %s", o->variables[k]);
    cn_strbuf_add(&what, " · %d-%d %s · %zux%zu", o->first_year, o->last_year,
                  cn_calendar_name(o->calendar), o->lat_count, o->lon_count);
    printf("%s: %zu file%s, %s, in %.1f s\n", o->root, state->files_done,
           cn_plural(state->files_done), cn_format_bytes(state->bytes_written, bytes), seconds);
    cn_print_paragraph(2, cn_strbuf_text(&what));
    cn_strbuf_free(&what);
}

/* Returns the exit code. */
static int make_tree(const struct cn_arguments *arguments, struct cn_synth_options *o)
{
    struct cn_synth_state state = {0};
    struct cn_error error;
    struct cn_progress *progress = cn_display_start(arguments, &error);
    const uint64_t started_ns = cn_now_ns();
    o->progress = count_files;
    o->context = progress;
    cn_progress_enter(progress, CN_PHASE_SYNTHESIZING);
    cn_signals_begin();
    enum cn_status status = cn_synth(o, &state, &error);
    int exit_code = cn_exit_code(status, atomic_load(cn_stop_signal));
    cn_signals_end(exit_code);
    cn_progress_enter(progress, CN_PHASE_NONE);
    cn_display_stop(progress, false);
    if (!status) {
        if (!arguments->quiet)
            print_made(o, &state, 1e-9 * (double)(cn_now_ns() - started_ns));
        return CN_EXIT_OK;
    }
    fprintf(stderr, "climnorm synth: %s", error.text);
    if (state.files_done)
        fprintf(stderr, "; %zu of %zu files are complete", state.files_done, state.files_total);
    fputc('\n', stderr);
    return exit_code;
}

int cn_command_synth(const struct cn_arguments *arguments)
{
    char *root = arguments->operands[0];
    for (size_t length = strlen(root); length > 1 && root[length - 1] == '/'; length--)
        root[length - 1] = '\0';
    const struct cn_config config = {.engine = {.threads = (int)arguments->threads}};
    struct cn_resources resources;
    cn_resources_resolve(&config, &resources);
    cn_warn_of_thread_limit(&resources);
    struct cn_synth_options options = {
        .root = root,
        .first_year = (int)arguments->years[0],
        .last_year = (int)arguments->years[1],
        .lat_count = (size_t)arguments->grid[0],
        .lon_count = (size_t)arguments->grid[1],
        .variables = arguments->variables.items,
        .variable_count = arguments->variables.count,
        .model = arguments->model,
        .variant = arguments->variant,
        .grid_label = arguments->grid_label,
        .scenarios = arguments->scenarios.items,
        .scenario_count = arguments->scenarios.count,
        .calendar = arguments->calendar,
        .style = (enum cn_synth_style)arguments->style,
        .seed = (uint64_t)arguments->seed,
        .days = (int)arguments->days,
        .compression = (int)arguments->compression,
        .threads = resources.threads,
        .force = arguments->force,
        .stop = cn_stop_signal,
    };
    cn_signals_catch();
    return make_tree(arguments, &options);
}
