/*
 * climnorm synth: the options of a synthetic tree, its progress line and its exit code.
 */
#include "synth/options.h"

#include "base/clock.h"
#include "base/format.h"
#include "base/pool.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "climnorm/limits.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum synth_option {
    YEARS,
    GRID,
    VARIABLES,
    MODEL,
    SCENARIO,
    VARIANT,
    LABEL,
    CALENDAR,
    SEED,
    DAYS,
    COMPRESSION,
    THREADS,
    FORCE,
    SYNTH_OPTIONS
};

static const struct cn_option options[] = {
    [YEARS] = {"years", 0, "A-B", "source years (default 1950-2100)"},
    [GRID] = {"grid", 0, "LATxLON",
              "cells between 60 S and 90 N, and around the globe\n"
              "(default 22x36; 600x1440 is 0.25 degree, about\n"
              "0.2 GB a file)"},
    [VARIABLES] = {"variables", 0, "LIST",
                   "comma-separated (default pr,tas); NEX-GDDP-CMIP6 has\n"
                   "hurs huss pr rlds rsds sfcWind tas tasmax tasmin,\n"
                   "other names get made-up values"},
    [MODEL] = {"model", 0, "NAME", "(default NorESM2-LM)"},
    [SCENARIO] = {"scenario", 0, "LIST", "what follows 2014, comma-separated (default ssp245)"},
    [VARIANT] = {"variant", 0, "NAME", "(default r1i1p1f1)"},
    [LABEL] = {"grid-label", 0, "NAME", "(default gn; \"\": names without one, as in CMIP5)"},
    [CALENDAR] = {"calendar", 0, "NAME",
                  "standard, proleptic_gregorian, julian, noleap,\n"
                  "all_leap, 360_day (default noleap)"},
    [SEED] = {"seed", 0, "N", "other numbers, other weather (default 1)"},
    [DAYS] = {"days", 0, "N", "only the first N days of each year"},
    [COMPRESSION] = {"compression", 0, "N", "deflate level, 0 to 9 (default 5, as NEX-GDDP-CMIP6)"},
    [THREADS] = {"threads", 't', "N", "(default: all cores this process may use)"},
    [FORCE] = {"force", 0, NULL, "replace files that exist"},
};

static const struct cn_usage usage = {
    "synth", "DIR",
    "Makes DIR/{model}/{experiment}/{variant}/{variable}/*.nc: daily files laid out\n"
    "like those of NEX-GDDP-CMIP6, one a year, with random weather over land. Years\n"
    "until 2014 are historical. The same options make the same values on any number\n"
    "of threads; with SOURCE_DATE_EPOCH set, the same bytes.\n"
    "\n"
    "Example: climnorm synth demo --variables pr,tas,tasmax,tasmin",
    options, SYNTH_OPTIONS};

enum { MAX_NAMES = 64, MOST = 1000000, REDRAW_NS = 100000000 };

/* Two numbers with a separator between them. */
static bool parse_pair(const char *text, char separator, int *a, int *b)
{
    char first[16];
    const char *middle = strchr(text, separator);
    if (!middle || (size_t)(middle - text) >= sizeof first)
        return false;
    snprintf(first, sizeof first, "%.*s", (int)(middle - text), text);
    *a = (int)cn_option_number(first, 0, MOST);
    *b = (int)cn_option_number(middle + 1, 0, MOST);
    return *a >= 0 && *b >= 0;
}

struct synth_arguments {
    struct cn_synth_options options;
    const char *variables[MAX_NAMES], *scenarios[MAX_NAMES];
    struct cn_pool *pool;
    bool out_of_memory;
};

/* Names between commas. 0: the list is empty or too long. */
static size_t parse_list(struct synth_arguments *arguments, const char *text,
                         const char *names[MAX_NAMES])
{
    size_t count = 0;
    char *rest = cn_pool_strdup(arguments->pool, text);
    arguments->out_of_memory |= !rest;
    for (char *name; (name = strsep(&rest, ","));) {
        if (count == MAX_NAMES)
            return 0;
        names[count++] = name;
    }
    return count && *names[0] ? count : 0;
}

/* Returns NULL, or what was expected. The library checks what is not checked here. */
static const char *set_synth_option(struct synth_arguments *arguments, int option, const char *text)
{
    struct cn_synth_options *o = &arguments->options;
    int a, b;
    switch (option) {
    case YEARS:
        if (!parse_pair(text, '-', &a, &b))
            a = b = (int)cn_option_number(text, 0, MOST);
        o->first_year = a;
        o->last_year = b;
        return a >= 0 ? NULL : "FIRST-LAST or one year, for example 1950-2100";
    case GRID:
        if (!parse_pair(text, 'x', &a, &b))
            return "LATxLON, for example 600x1440";
        o->lat_count = (size_t)a;
        o->lon_count = (size_t)b;
        return NULL;
    case VARIABLES:
        o->variable_count = parse_list(arguments, text, arguments->variables);
        return o->variable_count ? NULL : "one to 64 names separated by commas, for example pr,tas";
    case SCENARIO:
        o->scenario_count = parse_list(arguments, text, arguments->scenarios);
        return o->scenario_count || !*text ? NULL
                                           : "names separated by commas, for example ssp245,ssp585";
    case MODEL:
        o->model = text;
        return NULL;
    case VARIANT:
        o->variant = text;
        return NULL;
    case LABEL:
        o->grid_label = text;
        return NULL;
    case CALENDAR:
        return *text && cn_calendar_parse(text, &o->calendar)
                   ? NULL
                   : "standard, proleptic_gregorian, julian, noleap, all_leap or 360_day";
    case SEED:
        o->seed = (uint64_t)cn_option_number(text, 0, LLONG_MAX);
        return o->seed <= LLONG_MAX ? NULL : "a number from 0 to 9223372036854775807";
    case DAYS:
        o->days = (int)cn_option_number(text, 1, CN_MAX_SLOTS);
        return o->days > 0 ? NULL : "1 to 366 days";
    case COMPRESSION:
        o->compression = (int)cn_option_number(text, 0, 9);
        return o->compression >= 0 ? NULL : "a deflate level from 0 (none) to 9";
    case THREADS:
        o->threads = (int)cn_option_number(text, 1, CN_SYNTH_MAX_THREADS);
        return o->threads > 0 ? NULL : "a whole number from 1 to 1024";
    default:
        o->force = true;
        return NULL;
    }
}

static int print_options_out_of_memory(void)
{
    fprintf(stderr, "climnorm synth: out of memory (options)\n");
    return CN_EXIT_MACHINE;
}

/* For cn_parse_arguments. */
static int apply_synth_argument(void *context, int option, const char *text)
{
    struct synth_arguments *arguments = context;
    const char **root = &arguments->options.root, *expected = NULL;
    if (option != CN_OPERAND) {
        expected = set_synth_option(arguments, option, text);
    } else if (*root) {
        return cn_usage_error(&usage, "expected one folder, not \"%.200s\" and \"%.200s\"", *root,
                              text);
    } else {
        size_t length = strlen(text);
        while (length > 1 && text[length - 1] == '/')
            length--;
        *root = cn_pool_strndup(arguments->pool, text, length);
        arguments->out_of_memory |= !*root;
    }
    if (arguments->out_of_memory)
        return print_options_out_of_memory();
    return expected ? cn_usage_error(&usage, "--%s %.200s: expected %s", options[option].name, text,
                                     expected)
                    : CN_NO_EXIT;
}

struct display {
    uint64_t started_ns, drawn_ns;
};

static void draw_progress(void *context, const struct cn_synth_state *state)
{
    struct display *display = context;
    uint64_t now_ns = cn_now_ns();
    if (now_ns - display->drawn_ns < REDRAW_NS && state->files_done < state->files_total)
        return;
    display->drawn_ns = now_ns;
    double left_s = 1e-9 * (double)(now_ns - display->started_ns) / (double)state->files_done *
                    (double)(state->files_total - state->files_done);
    char bytes[24];
    fprintf(stderr, "\r\033[K%zu of %zu files · %s · %.0f s left · %.80s", state->files_done,
            state->files_total, cn_format_bytes(state->bytes_written, bytes), left_s,
            state->latest);
}

static void print_made(const struct cn_synth_options *o, const struct cn_synth_state *state,
                       double seconds)
{
    char bytes[24];
    printf("%s: %zu files, %s · %s", o->root, state->files_done,
           cn_format_bytes(state->bytes_written, bytes), o->model);
    if (o->first_year <= CN_SYNTH_LAST_HISTORICAL)
        printf(" historical");
    if (o->last_year > CN_SYNTH_LAST_HISTORICAL)
        for (size_t k = 0; k < o->scenario_count; k++)
            printf(" %s", o->scenarios[k]);
    printf(" ·");
    for (size_t k = 0; k < o->variable_count; k++)
        printf(" %s", o->variables[k]);
    printf(" · %d-%d %s · %zux%zu · %.1f s\n", o->first_year, o->last_year,
           cn_calendar_name(o->calendar), o->lat_count, o->lon_count, seconds);
}

/* Returns the exit code. */
static int make_tree(struct cn_synth_options *o)
{
    struct display display = {.started_ns = cn_now_ns()};
    bool terminal = isatty(STDERR_FILENO);
    if (terminal) {
        o->progress = draw_progress;
        o->context = &display;
    }
    struct cn_synth_state state = {0};
    struct cn_error error;
    cn_signals_begin();
    enum cn_status status = cn_synth(o, &state, &error);
    int exit_code = status == CN_OK          ? CN_EXIT_OK
                    : status == CN_STOPPED   ? CN_EXIT_SIGNAL + atomic_load(cn_stop_signal)
                    : status == CN_BAD_USAGE ? CN_EXIT_USAGE
                                             : CN_EXIT_MACHINE;
    cn_signals_end(exit_code);
    if (terminal && state.files_done)
        fprintf(stderr, "\r\033[K");
    if (!status) {
        print_made(o, &state, 1e-9 * (double)(cn_now_ns() - display.started_ns));
        return CN_EXIT_OK;
    }
    fprintf(stderr, "climnorm synth: %s", error.text);
    if (state.files_done)
        fprintf(stderr, "; %zu of %zu files are complete", state.files_done, state.files_total);
    fputc('\n', stderr);
    return exit_code;
}

int cn_command_synth(int argc, char **argv)
{
    (void)argc;
    struct synth_arguments arguments = {
        .options = {.first_year = 1950,
                    .last_year = 2100,
                    .lat_count = 22,
                    .lon_count = 36,
                    .variables = arguments.variables,
                    .variable_count = 2,
                    .model = "NorESM2-LM",
                    .variant = "r1i1p1f1",
                    .grid_label = "gn",
                    .scenarios = arguments.scenarios,
                    .scenario_count = 1,
                    .calendar = CN_NOLEAP,
                    .seed = 1,
                    .compression = 5,
                    .stop = cn_stop_signal},
        .variables = {"pr", "tas"},
        .scenarios = {"ssp245"},
        .pool = cn_pool_new(),
    };
    if (!arguments.pool)
        return print_options_out_of_memory();
    cn_signals_catch();
    int exit_code = cn_parse_arguments(&usage, argv, apply_synth_argument, &arguments);
    if (exit_code == CN_NO_EXIT)
        exit_code = arguments.options.root
                        ? make_tree(&arguments.options)
                        : cn_usage_error(&usage, "name the folder to make: climnorm synth DIR");
    cn_pool_free(arguments.pool);
    return exit_code;
}
