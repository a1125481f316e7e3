/*
 * The option parser, and the options that `run` and `plan` share.
 */
#include "cli/options.h"

#include "base/suggest.h"
#include "cli/commands.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 28 };

static void print_option(const struct cn_option *option)
{
    char left[80];
    int width =
        snprintf(left, sizeof left, "  %c%c%s --%s%s%s", option->letter ? '-' : ' ',
                 option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
                 option->value ? " " : "", option->value ? option->value : "");
    printf("%s%*s", left, width < HELP_COLUMN ? HELP_COLUMN - width : 1, "");
    const char *line = option->help;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1)
        printf("%.*s\n%*s", (int)(end - line), line, HELP_COLUMN, "");
    printf("%s\n", line);
}

static void print_help(const struct cn_usage *usage)
{
    printf("usage: climnorm %s [OPTION]... %s\n\n%s\n\n", usage->command, usage->arguments,
           usage->summary);
    for (const struct cn_option *option = usage->options; option->name; option++)
        print_option(option);
    print_option(&(struct cn_option){"help", 'h', NULL, "show this help"});
}

int cn_usage_error(const struct cn_usage *usage, const char *format, ...)
{
    struct cn_error error;
    char text[sizeof error.text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cn_fail(&error, CN_BAD_USAGE, "%s", text); /* makes it printable */
    fprintf(stderr, "climnorm %s: %s\n", usage->command, error.text);
    fprintf(stderr, "Try \"climnorm %s --help\".\n", usage->command);
    return CN_EXIT_USAGE;
}

static int option_by_letter(struct cn_arguments *arguments)
{
    const struct cn_option *options = arguments->usage->options;
    char letter = *arguments->letters++;
    if (letter == 'h')
        return CN_ARGUMENT_HELP;
    int index = 0;
    while (options[index].name && options[index].letter != letter)
        index++;
    if (options[index].name)
        return index;
    cn_usage_error(arguments->usage, "there is no option -%c", letter);
    return CN_ARGUMENT_BAD;
}

static int option_by_name(struct cn_arguments *arguments, const char *name, size_t length)
{
    const struct cn_option *options = arguments->usage->options;
    if (length == 4 && strncmp(name, "help", 4) == 0)
        return CN_ARGUMENT_HELP;
    char word[80], hint[CN_SUGGESTION_BYTES], dashed[80];
    snprintf(word, sizeof word, "%.*s", (int)(length < 70 ? length : 70), name);
    struct cn_suggestion suggestion = {.word = word};
    for (int i = 0; options[i].name; i++) {
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return i;
        cn_suggest(&suggestion, options[i].name);
    }
    cn_suggest(&suggestion, "help");
    if (suggestion.best) {
        snprintf(dashed, sizeof dashed, "--%s", suggestion.best);
        suggestion.best = dashed;
    }
    cn_usage_error(arguments->usage, "there is no option --%s%s", word,
                   cn_suggestion_text(&suggestion, hint));
    return CN_ARGUMENT_BAD;
}

/* Finds the value of an option: the rest of its own argument, or the next argument. */
static int assign_value(struct cn_arguments *arguments, int index, const char *attached)
{
    const struct cn_option *option = &arguments->usage->options[index];
    if (!option->value && attached) {
        cn_usage_error(arguments->usage, "--%s takes no value", option->name);
        return CN_ARGUMENT_BAD;
    }
    if (option->value && !attached) {
        if (arguments->at + 1 >= arguments->argc) {
            cn_usage_error(arguments->usage, "--%s needs a value: --%s %s", option->name,
                           option->name, option->value);
            return CN_ARGUMENT_BAD;
        }
        attached = arguments->argv[++arguments->at];
    }
    arguments->value = attached;
    return index;
}

static int next_letter(struct cn_arguments *arguments)
{
    int index = option_by_letter(arguments);
    if (index < 0 || !arguments->usage->options[index].value)
        return index;
    const char *rest = *arguments->letters ? arguments->letters : NULL;
    arguments->letters = "";
    return assign_value(arguments, index, rest);
}

static int next_argument(struct cn_arguments *arguments)
{
    if (arguments->letters && *arguments->letters)
        return next_letter(arguments);
    if (arguments->at + 1 >= arguments->argc)
        return CN_ARGUMENT_END;
    const char *text = arguments->argv[++arguments->at];
    if (!arguments->operands_only && strcmp(text, "--") == 0) {
        arguments->operands_only = true;
        return next_argument(arguments);
    }
    if (arguments->operands_only || text[0] != '-' || !text[1]) {
        arguments->value = text;
        return CN_ARGUMENT_OPERAND;
    }
    if (text[1] != '-') {
        arguments->letters = text + 1;
        return next_letter(arguments);
    }
    size_t length = strcspn(text + 2, "=");
    int index = option_by_name(arguments, text + 2, length);
    return index < 0 ? index
                     : assign_value(arguments, index, text[2 + length] ? text + 3 + length : NULL);
}

int cn_next_argument(struct cn_arguments *arguments)
{
    arguments->value = "";
    int index = next_argument(arguments);
    if (index == CN_ARGUMENT_HELP)
        print_help(arguments->usage);
    return index;
}

long long cn_option_number(const char *text, long long least, long long most)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool good = isdigit((unsigned char)text[0]) && !*end && errno == 0;
    return good && number >= least && number <= most ? number : -1;
}

/* WAIT is for `run` only. */
enum run_option { THREADS, SET, PROGRESS, SUMMARY, QUIET, VERBOSE, WAIT };

#define SHARED_OPTIONS                                                                 \
    [THREADS] = {"threads", 't', "N",                                                  \
                 "threads that compute, 1 to 4096 (default: engine.threads)"},         \
    [SET] = {"set", 's', "KEY=VALUE",                                                  \
             "use this value instead of the config's; can be repeated:\n"              \
             "--set input.model=CanESM5 --set variables=pr,tas"},                      \
    [PROGRESS] = {"progress", 'p', "MODE",                                             \
                  "auto, tty, plain, json or none (default: auto, which is tty on\n"   \
                  "a terminal, else plain)"},                                          \
    [SUMMARY] = {"summary", 0, "FILE",                                                 \
                 "write what was done (plan: what is known before) to FILE, as JSON"}, \
    [QUIET] = {"quiet", 'q', NULL, "say only what went wrong"},                        \
    [VERBOSE] = {"verbose", 'v', NULL,                                                 \
                 "run: print the plan first (-vv: every file);\n"                      \
                 "plan: print every file"}

static const struct cn_option plan_options[] = {SHARED_OPTIONS, {.name = NULL}};
static const struct cn_option run_options[] = {
    SHARED_OPTIONS,
    [WAIT] = {"wait", 0, NULL,
              "wait while another run writes to output.root, instead of\n"
              "stopping"},
    {.name = NULL}};

static const struct cn_usage run_usage = {
    "run", "CONFIG", "Computes the normals that CONFIG asks for.", run_options};
static const struct cn_usage plan_usage = {
    "plan", "CONFIG", "Shows what \"climnorm run CONFIG\" would do. Writes no results.",
    plan_options};

static bool parse_progress_mode(const char *text, enum cn_progress_mode *mode)
{
    static const char *const names[] = {"auto", "tty", "plain", "json", "none"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *mode = (enum cn_progress_mode)i;
            return true;
        }
    return false;
}

/* False: an error was printed. */
static bool set_run_option(struct cn_run_options *options, const struct cn_usage *usage, int index,
                           const char *value)
{
    switch (index) {
    case THREADS:
        options->threads = (int)cn_option_number(value, 1, 4096);
        if (options->threads > 0)
            return true;
        cn_usage_error(usage, "--threads: expected a whole number from 1 to 4096, not \"%.60s\"",
                       value);
        return false;
    case SET:
        options->overrides[options->override_count++] = value;
        return true;
    case PROGRESS:
        if (parse_progress_mode(value, &options->progress))
            return true;
        cn_usage_error(usage, "--progress: expected auto, tty, plain, json or none, not \"%.60s\"",
                       value);
        return false;
    case SUMMARY:
        options->summary = value;
        if (*value)
            return true;
        cn_usage_error(usage, "--summary: expected the path of a file to write");
        return false;
    case QUIET:
        options->quiet = true;
        return true;
    case VERBOSE:
        options->verbose++;
        return true;
    case WAIT:
        options->wait = true;
        return true;
    default: /* an operand */
        if (options->config_path) {
            cn_usage_error(usage, "expected one CONFIG, not \"%.200s\" and \"%.200s\"",
                           options->config_path, value);
            return false;
        }
        options->config_path = value;
        return true;
    }
}

bool cn_run_options_parse(int argc, char **argv, struct cn_run_options *options, int *exit_code)
{
    const struct cn_usage *usage = strcmp(argv[0], "plan") == 0 ? &plan_usage : &run_usage;
    *options = (struct cn_run_options){0};
    *exit_code = CN_EXIT_USAGE;
    options->overrides = calloc((size_t)argc, sizeof *options->overrides);
    if (!options->overrides) {
        fprintf(stderr, "climnorm: out of memory (options)\n");
        *exit_code = CN_EXIT_MACHINE;
        return false;
    }
    struct cn_arguments arguments = {.usage = usage, .argc = argc, .argv = argv};
    int index;
    while ((index = cn_next_argument(&arguments)) >= 0 || index == CN_ARGUMENT_OPERAND)
        if (!set_run_option(options, usage, index, arguments.value)) {
            index = CN_ARGUMENT_BAD;
            break;
        }
    if (index == CN_ARGUMENT_HELP)
        *exit_code = CN_EXIT_OK;
    else if (index == CN_ARGUMENT_END && !options->config_path)
        cn_usage_error(usage, "name a config file: climnorm %s CONFIG", usage->command);
    else if (index == CN_ARGUMENT_END)
        return true;
    cn_run_options_free(options);
    return false;
}

void cn_run_options_free(struct cn_run_options *options)
{
    free(options->overrides);
    options->overrides = NULL;
    options->override_count = 0;
}

struct cn_config *cn_run_options_config(const struct cn_run_options *options, int *exit_code)
{
    struct cn_config *config;
    struct cn_problems problems = {0};
    enum cn_status status = cn_config_read(options->config_path, options->overrides,
                                           options->override_count, &config, &problems);
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "climnorm: %s\n", problems.items[i].text);
    if (problems.lost)
        fprintf(stderr, "climnorm: out of memory (problems)\n");
    cn_problems_free(&problems);
    *exit_code = status == CN_BAD_MACHINE ? CN_EXIT_MACHINE : CN_EXIT_USAGE;
    if (config && options->threads)
        config->engine.threads = options->threads;
    return config;
}
