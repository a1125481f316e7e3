/*
 * climnorm synth: the options of a synthetic tree, its progress line and its exit code.
 */
#include "climnorm/synth.h"
#include "base/clock.h"
#include "cli/commands.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: climnorm synth [OPTION]... DIR\n"
    "\n"
    "Makes DIR/{model}/{experiment}/{variant}/{variable}/*.nc: daily files laid out like those of\n"
    "NEX-GDDP-CMIP6, one a year, with random weather over land. Years until 2014 are historical.\n"
    "\n"
    "      --years A-B        source years (default 1950-2100)\n"
    "      --grid LATxLON     cells between 60 S and 90 N, and around the globe (default 22x36;\n"
    "                         600x1440 is 0.25 degree, about 0.2 GB a file)\n"
    "      --variables LIST   comma-separated (default pr,tas); NEX-GDDP-CMIP6 has hurs huss pr\n"
    "                         rlds rsds sfcWind tas tasmax tasmin, other names get made-up values\n"
    "      --model NAME       (default NorESM2-LM)\n"
    "      --scenario LIST    what follows 2014, comma-separated (default ssp245)\n"
    "      --variant NAME     (default r1i1p1f1)\n"
    "      --grid-label NAME  (default gn; \"\": names without one, as in CMIP5)\n"
    "      --calendar NAME    standard, proleptic_gregorian, julian, noleap, all_leap, 360_day\n"
    "                         (default noleap)\n"
    "      --seed N           other numbers, other weather (default 1)\n"
    "      --days N           only the first N days of each year\n"
    "      --compression N    deflate level, 0 to 9 (default 5, as NEX-GDDP-CMIP6)\n"
    "  -t, --threads N        (default: all cores this process may use)\n"
    "      --force            replace files that exist\n"
    "  -h, --help             this text\n"
    "\n"
    "The same options make the same values on any number of threads; with SOURCE_DATE_EPOCH set,\n"
    "the same bytes. Example: climnorm synth demo --variables pr,tas,tasmax,tasmin\n";

enum { MAX_NAMES = 64 };

static volatile sig_atomic_t stop_signal;

static void stop_on_signal(int number)
{
    stop_signal = number;
}

static int complain(const char *text)
{
    fprintf(stderr, "climnorm synth: %s\n", text);
    return CN_EXIT_USAGE;
}

/* A decimal integer and nothing else. */
static bool parse_integer(const char *text, long long low, long long high, long long *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return isdigit((unsigned char)*text) && !*end && !errno && *value >= low && *value <= high;
}

/* Two numbers with a separator between them. */
static bool parse_pair(const char *text, char separator, long long *a, long long *b)
{
    char first[16];
    const char *middle = strchr(text, separator);
    if (!middle || (size_t)(middle - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(middle - text));
    first[middle - text] = '\0';
    return parse_integer(first, 0, 1000000, a) && parse_integer(middle + 1, 0, 1000000, b);
}

/* Splits in place at commas. 0: empty or too many. */
static size_t parse_list(char *text, const char *names[MAX_NAMES])
{
    size_t count = 0;
    for (char *name; (name = strsep(&text, ","));) {
        if (count == MAX_NAMES)
            return 0;
        names[count++] = name;
    }
    return *names[0] ? count : 0;
}

struct command {
    struct cn_synth_options options;
    const char *variables[MAX_NAMES], *scenarios[MAX_NAMES];
};

enum { YEARS = 256, GRID, VARIABLES, MODEL, SCENARIO, VARIANT, LABEL, CALENDAR, SEED, DAYS, LEVEL };

static const struct option long_options[] = {
    {"years", required_argument, NULL, YEARS},
    {"grid", required_argument, NULL, GRID},
    {"variables", required_argument, NULL, VARIABLES},
    {"model", required_argument, NULL, MODEL},
    {"scenario", required_argument, NULL, SCENARIO},
    {"variant", required_argument, NULL, VARIANT},
    {"grid-label", required_argument, NULL, LABEL},
    {"calendar", required_argument, NULL, CALENDAR},
    {"seed", required_argument, NULL, SEED},
    {"days", required_argument, NULL, DAYS},
    {"compression", required_argument, NULL, LEVEL},
    {"threads", required_argument, NULL, 't'},
    {"force", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* NULL, or what was expected. Ranges that the library checks are not repeated here. */
static const char *set_option(struct command *command, int option, char *text)
{
    struct cn_synth_options *o = &command->options;
    long long a, b;
    switch (option) {
    case YEARS:
        if (parse_integer(text, 0, 1000000, &a))
            b = a;
        else if (!parse_pair(text, '-', &a, &b))
            return "FIRST-LAST or one year, for example 1950-2100";
        o->first_year = (int)a;
        o->last_year = (int)b;
        return NULL;
    case GRID:
        if (!parse_pair(text, 'x', &a, &b))
            return "LATxLON, for example 600x1440";
        o->lat_count = (size_t)a;
        o->lon_count = (size_t)b;
        return NULL;
    case VARIABLES:
        o->variable_count = parse_list(text, command->variables);
        return o->variable_count ? NULL : "one to 64 names separated by commas, for example pr,tas";
    case SCENARIO:
        o->scenario_count = *text ? parse_list(text, command->scenarios) : 0;
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
        if (!parse_integer(text, 0, LLONG_MAX, &a))
            return "a number from 0 to 9223372036854775807";
        o->seed = (uint64_t)a;
        return NULL;
    case DAYS:
        if (!parse_integer(text, 1, 366, &a))
            return "1 to 366 days";
        o->days = (int)a;
        return NULL;
    case LEVEL:
        if (!parse_integer(text, 0, 9, &a))
            return "a deflate level from 0 (none) to 9";
        o->compression = (int)a;
        return NULL;
    default: /* 't' */
        if (!parse_integer(text, 0, CN_SYNTH_MAX_THREADS, &a))
            return "a number of threads, or 0 for all cores";
        o->threads = (int)a;
        return NULL;
    }
}

static const char *option_name(int option)
{
    const struct option *known = long_options;
    while (known->val != option)
        known++;
    return known->name;
}

/* -1: go on; else the exit code. */
static int parse_command(int argc, char **argv, struct command *command)
{
    char text[512];
    int option;
    opterr = 0;
    optind = 0; /* getopt may have been used before: start anew */
    while ((option = getopt_long(argc, argv, ":t:h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option == '?' || option == ':') {
            snprintf(text, sizeof text, "%s '%s'; see climnorm synth --help",
                     option == '?' ? "unknown option" : "a value is missing after",
                     argv[optind - 1]);
            return complain(text);
        }
        if (option == 'f') {
            command->options.force = true;
            continue;
        }
        char *value = optarg;
        char *given = strdup(value); /* lists are split in place */
        const char *expected = set_option(command, option, value);
        if (expected) {
            snprintf(text, sizeof text, "--%s %s: expected %s", option_name(option),
                     given ? given : value, expected);
            free(given);
            return complain(text);
        }
        free(given);
    }
    if (optind != argc - 1)
        return complain(optind == argc
                            ? "name the folder to make: climnorm synth DIR (see --help)"
                            : "expected one folder, and options before or behind it (see --help)");
    char *root = argv[optind];
    for (size_t end = strlen(root); end > 1 && root[end - 1] == '/'; end--)
        root[end - 1] = '\0';
    command->options.root = root;
    return -1;
}

static double seconds_now(void)
{
    return 1e-9 * (double)cn_now_ns();
}

struct display {
    double started, drawn;
};

/* "1.26 GB": decimal units, as disks are sold. */
static const char *format_bytes(uint64_t bytes, char text[32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 999.5; unit++)
        value /= 1000;
    snprintf(text, 32, unit && value < 99.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return text;
}

static void draw(void *context, const struct cn_synth_state *state)
{
    struct display *display = context;
    double now = seconds_now();
    if (now - display->drawn < .1 && state->files_done < state->files_total)
        return;
    display->drawn = now;
    double left = (now - display->started) / (double)state->files_done *
                  (double)(state->files_total - state->files_done);
    char bytes[32];
    fprintf(stderr, "\r\033[K%zu of %zu files · %s · %.0f s left · %.80s", state->files_done,
            state->files_total, format_bytes(state->bytes_written, bytes), left, state->latest);
    fflush(stderr);
}

static void print_made(const struct cn_synth_options *o, const struct cn_synth_state *state,
                       double seconds)
{
    char bytes[32];
    printf("%s: %zu files, %s · %s", o->root, state->files_done,
           format_bytes(state->bytes_written, bytes), o->model);
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

int cn_command_synth(int argc, char **argv)
{
    struct command command = {
        .options = {.first_year = 1950,
                    .last_year = 2100,
                    .lat_count = 22,
                    .lon_count = 36,
                    .variable_count = 2,
                    .model = "NorESM2-LM",
                    .variant = "r1i1p1f1",
                    .grid_label = "gn",
                    .scenario_count = 1,
                    .calendar = CN_NOLEAP,
                    .seed = 1,
                    .compression = 5,
                    .stop = &stop_signal},
        .variables = {"pr", "tas"},
        .scenarios = {"ssp245"},
    };
    struct cn_synth_options *options = &command.options;
    options->variables = command.variables;
    options->scenarios = command.scenarios;
    int code = parse_command(argc, argv, &command);
    if (code >= 0)
        return code;

    struct display display = {.started = seconds_now()};
    bool terminal = isatty(STDERR_FILENO);
    if (terminal) {
        options->progress = draw;
        options->context = &display;
    }
    struct sigaction action = {.sa_handler = stop_on_signal,
                               .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    struct cn_synth_state state = {0};
    struct cn_error error;
    enum cn_status status = cn_synth(options, &state, &error);
    if (terminal && state.files_done)
        fprintf(stderr, "\r\033[K");
    if (!status) {
        print_made(options, &state, seconds_now() - display.started);
        return fflush(stdout) ? CN_EXIT_MACHINE : CN_EXIT_OK;
    }
    fprintf(stderr, "climnorm synth: %s", error.text);
    if (state.files_done)
        fprintf(stderr, "; %zu of %zu files are complete", state.files_done, state.files_total);
    fputc('\n', stderr);
    if (status == CN_STOPPED)
        return 128 + (int)stop_signal;
    return status == CN_BAD_USAGE ? CN_EXIT_USAGE : CN_EXIT_MACHINE;
}
