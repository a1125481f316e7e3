/*
 * Options: one parser for all commands, driven by a table that also makes --help and "did you
 * mean"; and on top of it what `run` and `plan` share. Prints to stdout and stderr; never exits.
 */
#ifndef CLIMNORM_CLI_OPTIONS_H
#define CLIMNORM_CLI_OPTIONS_H

#include "climnorm/config.h"
#include "climnorm/progress.h"

struct cn_option {
    const char *name;  /* long, without dashes */
    char letter;       /* short; 0: none */
    const char *value; /* what --help calls its value: "N"; NULL: it takes none */
    const char *help;  /* one line, or more with '\n' between */
};

struct cn_usage {
    const char *command;             /* "run" */
    const char *arguments;           /* "CONFIG" */
    const char *summary;             /* what the command does, in a sentence */
    const struct cn_option *options; /* ends with name NULL; --help needs no entry */
};

/* A walk over the arguments. Initialise usage, argc and argv (argv[0] is the command's name). */
struct cn_arguments {
    const struct cn_usage *usage;
    int argc;
    char **argv;
    int at;              /* the last argument looked at */
    const char *letters; /* the rest of "-qv" */
    bool operands_only;  /* after "--" */
    const char *value;   /* of the last option or operand; "" without */
};

/* cn_next_argument returns an index in usage->options, or one of these. */
enum {
    CN_ARGUMENT_END = -1,
    CN_ARGUMENT_OPERAND = -2,
    CN_ARGUMENT_HELP = -3,
    CN_ARGUMENT_BAD = -4
};

/* The next option or operand; options may stand before and after operands. CN_ARGUMENT_HELP: help
 * was printed, return CN_EXIT_OK. CN_ARGUMENT_BAD: an error was printed, return CN_EXIT_USAGE. */
int cn_next_argument(struct cn_arguments *arguments);

/* Prints "climnorm run: MESSAGE" and where to read more, to stderr. Returns CN_EXIT_USAGE. */
int cn_usage_error(const struct cn_usage *usage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns: the whole number that the text is, from least to most (0 <= least); -1: it is none. */
long long cn_option_number(const char *text, long long least, long long most);

struct cn_run_options {
    const char *config_path;
    const char **overrides; /* [override_count] of --set; malloc: free with cn_run_options_free */
    size_t override_count;
    int threads; /* 0: from the config */
    enum cn_progress_mode progress;
    const char *summary; /* path of --summary, NULL: none */
    bool quiet, wait;    /* wait: for another run to leave the output folder */
    int verbose;         /* how often -v was given */
};

/* Parses the options of `run` or `plan` (argv[0]). False: the command ends with *exit_code, all has
 * been said. Texts point into argv. */
bool cn_run_options_parse(int argc, char **argv, struct cn_run_options *options, int *exit_code);
void cn_run_options_free(struct cn_run_options *options);

/* Reads the config with --set and --threads applied. NULL: every error was printed to stderr, and
 * the command ends with *exit_code. */
struct cn_config *cn_run_options_config(const struct cn_run_options *options, int *exit_code);

#endif
