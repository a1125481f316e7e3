/*
 * The option parser, and the options that `run` and `plan` share.
 */
#include "cli/options.h"

#include "base/suggest.h"
#include "base/utf8.h"
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
    int width = option->letter ? printf("  -%c, --%s", option->letter, option->name)
                               : printf("      --%s", option->name);
    if (option->value)
        width += printf(" %s", option->value);
    printf("%*s", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "");
    const char *line = option->help;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1)
        printf("%.*s\n%*s", (int)(end - line), line, HELP_COLUMN, "");
    printf("%s\n", line);
}

static int print_help(const struct cn_usage *usage)
{
    printf("usage: climnorm %s [OPTION]... %s\n\n%s\n\n", usage->command, usage->arguments,
           usage->summary);
    for (int k = 0; k < usage->option_count; k++)
        print_option(&usage->options[k]);
    print_option(&(struct cn_option){"help", 'h', NULL, "show this help"});
    return CN_EXIT_OK;
}

int cn_usage_error(const struct cn_usage *usage, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cn_make_printable(text);
    fprintf(stderr, "climnorm %s: %s\nTry \"climnorm %s --help\".\n", usage->command, text,
            usage->command);
    return CN_EXIT_USAGE;
}

int cn_print_error(const struct cn_error *error)
{
    fprintf(stderr, "climnorm: %s\n", error->text);
    return error->status == CN_BAD_MACHINE ? CN_EXIT_MACHINE : CN_EXIT_USAGE;
}

struct option_parser {
    const struct cn_usage *usage;
    char **argv; /* the argument that is being read */
    int (*apply)(void *context, int option, const char *value);
    void *context;
};

/* value: what stands in the same argument as the option; NULL: nothing, then the next argument is
 * the value if the option takes one. */
static int apply_option(struct option_parser *parser, int index, const char *value)
{
    const struct cn_option *option = &parser->usage->options[index];
    if (!option->value && value)
        return cn_usage_error(parser->usage, "--%s takes no value", option->name);
    if (option->value && !value)
        value = *++parser->argv;
    if (option->value && !value)
        return cn_usage_error(parser->usage, "--%s needs a value: --%s %s", option->name,
                              option->name, option->value);
    return parser->apply(parser->context, index, value ? value : "");
}

/* Options by letter: "qv" of "-qv". */
static int parse_letters(struct option_parser *parser, const char *letters)
{
    const struct cn_usage *usage = parser->usage;
    int exit_code = CN_NO_EXIT;
    while (*letters && exit_code == CN_NO_EXIT) {
        char letter = *letters++;
        int index = 0;
        while (index < usage->option_count && usage->options[index].letter != letter)
            index++;
        if (letter == 'h')
            return print_help(usage);
        if (index == usage->option_count)
            return cn_usage_error(usage, "there is no option -%c", letter);
        if (usage->options[index].value)
            return apply_option(parser, index, *letters ? letters : NULL);
        exit_code = apply_option(parser, index, NULL);
    }
    return exit_code;
}

/* An option by name: "set=KEY=VALUE" of "--set=KEY=VALUE". */
static int parse_name(struct option_parser *parser, const char *text)
{
    const struct cn_usage *usage = parser->usage;
    size_t length = strcspn(text, "=");
    char name[71], hint[CN_SUGGESTION_BYTES], dashed[80];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name), text);
    struct cn_suggestion suggestion = {.word = name};
    if (strcmp(name, "help") == 0)
        return print_help(usage);
    for (int index = 0; index < usage->option_count; index++) {
        if (strcmp(name, usage->options[index].name) == 0)
            return apply_option(parser, index, text[length] ? text + length + 1 : NULL);
        cn_suggest(&suggestion, usage->options[index].name);
    }
    cn_suggest(&suggestion, "help");
    if (suggestion.best) {
        snprintf(dashed, sizeof dashed, "--%s", suggestion.best);
        suggestion.best = dashed;
    }
    return cn_usage_error(usage, "there is no option --%s%s", name,
                          cn_suggestion_text(&suggestion, hint));
}

int cn_parse_arguments(const struct cn_usage *usage, char **argv,
                       int (*apply)(void *context, int option, const char *value), void *context)
{
    struct option_parser parser = {usage, argv, apply, context};
    bool operands_only = false; /* after "--" */
    int exit_code = CN_NO_EXIT;
    while (exit_code == CN_NO_EXIT && *++parser.argv) {
        const char *text = *parser.argv;
        if (operands_only || text[0] != '-' || !text[1])
            exit_code = apply(context, CN_OPERAND, text);
        else if (strcmp(text, "--") == 0)
            operands_only = true;
        else if (text[1] == '-')
            exit_code = parse_name(&parser, text + 2);
        else
            exit_code = parse_letters(&parser, text + 1);
    }
    return exit_code;
}

long long cn_option_number(const char *text, long long least, long long most)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool good = isdigit((unsigned char)text[0]) && !*end && errno == 0;
    return good && number >= least && number <= most ? number : -1;
}

enum run_option { THREADS, SET, PROGRESS, SUMMARY, QUIET, VERBOSE, WAIT, RUN_OPTIONS };

static const struct cn_option run_options[] = {
    [THREADS] = {"threads", 't', "N", "threads that compute, 1 to 4096 (default: engine.threads)"},
    [SET] = {"set", 's', "KEY=VALUE",
             "use this value instead of the config's; can be repeated:\n"
             "--set input.model=CanESM5 --set variables=pr,tas"},
    [PROGRESS] = {"progress", 'p', "MODE",
                  "auto, tty, plain, json or none (default: auto, which is tty on\n"
                  "a terminal, else plain)"},
    [SUMMARY] = {"summary", 0, "FILE",
                 "write what was done (plan: what is known before) to FILE, as JSON"},
    [QUIET] = {"quiet", 'q', NULL, "say only what went wrong"},
    [VERBOSE] = {"verbose", 'v', NULL,
                 "run: print the plan first (-vv: every file);\n"
                 "plan: print every file"},
    [WAIT] = {"wait", 0, NULL,
              "wait while another run writes to output.root, instead of\n"
              "stopping"},
};

static const struct cn_usage run_usage = {
    "run", "CONFIG", "Computes the normals that CONFIG asks for.", run_options, RUN_OPTIONS};
/* The same options, without --wait. */
static const struct cn_usage plan_usage = {
    "plan", "CONFIG", "Shows what \"climnorm run CONFIG\" would do. Writes no results.",
    run_options, WAIT};

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

static int wrong_value(const struct cn_usage *usage, int option, const char *expected,
                       const char *value)
{
    return cn_usage_error(usage, "--%s: expected %s, not \"%.60s\"", run_options[option].name,
                          expected, value);
}

/* For cn_parse_arguments. */
static int set_run_option(void *context, int option, const char *value)
{
    struct cn_run_options *options = context;
    const struct cn_usage *usage = options->usage;
    switch (option) {
    case THREADS:
        options->threads = (int)cn_option_number(value, 1, 4096);
        if (options->threads < 0)
            return wrong_value(usage, option, "a whole number from 1 to 4096", value);
        break;
    case SET:
        options->overrides[options->override_count++].text = value;
        break;
    case PROGRESS:
        if (!parse_progress_mode(value, &options->progress))
            return wrong_value(usage, option, "auto, tty, plain, json or none", value);
        break;
    case SUMMARY:
        options->summary = value;
        if (!*value)
            return cn_usage_error(usage, "--summary: expected the path of a file to write");
        break;
    case QUIET:
        options->quiet = true;
        break;
    case VERBOSE:
        options->verbose++;
        break;
    case WAIT:
        options->wait = true;
        break;
    default: /* an operand */
        if (options->config_path)
            return cn_usage_error(usage, "expected one CONFIG, not \"%.200s\" and \"%.200s\"",
                                  options->config_path, value);
        options->config_path = value;
    }
    return CN_NO_EXIT;
}

int cn_run_options_parse(int argc, char **argv, struct cn_run_options *options)
{
    const struct cn_usage *usage = strcmp(argv[0], "plan") == 0 ? &plan_usage : &run_usage;
    *options = (struct cn_run_options){
        .usage = usage, .overrides = calloc((size_t)argc, sizeof *options->overrides)};
    if (!options->overrides) {
        fprintf(stderr, "climnorm: out of memory (options)\n");
        return CN_EXIT_MACHINE;
    }
    int exit_code = cn_parse_arguments(usage, argv, set_run_option, options);
    if (exit_code == CN_NO_EXIT && !options->config_path)
        return cn_usage_error(usage, "name a config file: climnorm %s CONFIG", usage->command);
    return exit_code;
}
