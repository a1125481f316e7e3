/*
 * One option parser for all commands, and the options that `run` and `plan` share. A table of
 * options drives parsing, --help and "did you mean". Prints to stdout and stderr; never exits.
 */
#ifndef CLIMNORM_CLI_OPTIONS_H
#define CLIMNORM_CLI_OPTIONS_H

#include "climnorm/config.h"
#include "climnorm/error.h"
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
    const struct cn_option *options; /* [option_count]; --help is no part of it */
    int option_count;
};

enum {
    CN_NO_EXIT = -1, /* stands for an exit code: the command goes on */
    CN_OPERAND = -1  /* stands for the index of an option */
};

/* Reads argv (argv[0] is the command's name) and calls `apply` for each option, by its index in
 * usage->options, and for each operand (CN_OPERAND). Options may come before and after operands. An
 * option that takes no value gets "". The first exit code that `apply` returns ends the walk.
 * Returns: CN_NO_EXIT, or the exit code: help, or what is wrong, was printed. */
int cn_parse_arguments(const struct cn_usage *usage, char **argv,
                       int (*apply)(void *context, int option, const char *value), void *context);

/* Prints "climnorm run: MESSAGE" and a hint at --help to stderr.
 * Returns: CN_EXIT_USAGE. */
int cn_usage_error(const struct cn_usage *usage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints "climnorm: TEXT" to stderr.
 * Returns: CN_EXIT_MACHINE for an error of the machine, else CN_EXIT_USAGE. */
int cn_print_error(const struct cn_error *error);

/* Returns: the number that the digits are; -1: the text is no number from least to most, where
 * 0 <= least. */
long long cn_option_number(const char *text, long long least, long long most);

struct cn_run_options {
    const struct cn_usage *usage; /* of the command */
    const char *config_path;
    struct cn_override *overrides; /* [override_count] of --set */
    size_t override_count;
    int threads; /* 0: from the config */
    enum cn_progress_mode progress;
    const char *summary; /* path of --summary, NULL: none */
    bool quiet, wait;    /* wait: until no other run writes to output.root */
    int verbose;         /* how often -v was given */
};

/* Parses the options of `run` or `plan` (argv[0]). Texts point into argv.
 * Returns: CN_NO_EXIT, or the exit code, and a message was printed. Owns: the caller, in either
 * case, options->overrides with free(). */
int cn_run_options_parse(int argc, char **argv, struct cn_run_options *options);

#endif
