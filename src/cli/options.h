/*
 * One option parser for all commands, and the options that `run` and `plan` share. A table of
 * options drives parsing, --help and "did you mean". Prints to stdout and stderr; never exits.
 */
#ifndef CLIMNORM_CLI_OPTIONS_H
#define CLIMNORM_CLI_OPTIONS_H

#include "climnorm/config.h"
#include "climnorm/progress.h"

struct cn_option {
    const char *name;  /* long, without dashes */
    char letter;       /* short; 0: none */
    const char *value; /* the name of its value in --help: "N"; NULL: it takes none */
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
    int at;              /* index of the last argument that was read */
    const char *letters; /* the rest of "-qv" */
    bool operands_only;  /* after "--" */
    const char *value;   /* of the last option or operand; "": none */
};

/* cn_next_argument returns an index in usage->options, or one of these. */
enum {
    CN_ARGUMENT_END = -1,
    CN_ARGUMENT_OPERAND = -2,
    CN_ARGUMENT_HELP = -3,
    CN_ARGUMENT_BAD = -4
};

/* Reads the next option or operand; options may come before and after operands.
 * Returns: the option's index, or CN_ARGUMENT_OPERAND, CN_ARGUMENT_END, CN_ARGUMENT_HELP (help was
 * printed), CN_ARGUMENT_BAD (an error was printed; the exit code is CN_EXIT_USAGE). */
int cn_next_argument(struct cn_arguments *arguments);

/* Prints "climnorm run: MESSAGE" and a hint at --help to stderr.
 * Returns: CN_EXIT_USAGE. */
int cn_usage_error(const struct cn_usage *usage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns: the whole number that the text is, from least to most (0 <= least); -1: it is none. */
long long cn_option_number(const char *text, long long least, long long most);

struct cn_run_options {
    const char *config_path;
    const char **overrides; /* [override_count] of --set */
    size_t override_count;
    int threads; /* 0: from the config */
    enum cn_progress_mode progress;
    const char *summary; /* path of --summary, NULL: none */
    bool quiet, wait;    /* wait: until no other run writes to output.root */
    int verbose;         /* how often -v was given */
};

/* Parses the options of `run` or `plan` (argv[0]). Texts point into argv.
 * Returns: false: the command ends with *exit_code, and a message was printed. Owns: the caller,
 * with cn_run_options_free. */
bool cn_run_options_parse(int argc, char **argv, struct cn_run_options *options, int *exit_code);
void cn_run_options_free(struct cn_run_options *options);

/* Reads the config and applies --set and --threads.
 * Returns: the config; NULL: the command ends with *exit_code, and every error was printed. Owns:
 * the caller, with cn_config_free. */
struct cn_config *cn_run_options_config(const struct cn_run_options *options, int *exit_code);

#endif
