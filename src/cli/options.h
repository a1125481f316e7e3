/*
 * The parser of every command's arguments. A table of options drives parsing, --help, errors and
 * "did you mean". It must not know any command or option. Prints to stderr; never exits.
 */
#ifndef CLIMNORM_CLI_OPTIONS_H
#define CLIMNORM_CLI_OPTIONS_H

#include "climnorm/calendar.h"
#include "climnorm/config.h"
#include "climnorm/error.h"
#include "climnorm/progress.h"
#include "synth/options.h"

struct cn_command;
struct cn_log;
struct cn_option;

struct cn_names {
    const char *const *items;
    size_t count;
};

/* What the command line says: a member for each option, whichever commands have it. An option that
 * was not given has its default, or 0. Texts point into argv. */
struct cn_arguments {
    const struct cn_command *command;  /* the one that was called */
    struct cn_log *log_file;           /* of --log; NULL: none */
    const struct cn_command *commands; /* all that there are, and their options: for `help` */
    const struct cn_option *options;
    char **words;         /* as typed, the command first; NULL-terminated */
    struct cn_pool *pool; /* owns the arrays */
    char **operands;      /* [operand_count] */
    size_t operand_count;
    struct cn_override *overrides; /* [override_count] of --set and what is short for it */
    size_t override_count;
    const char *summary, *bench, *page, *log, *md5, *model, *variant, *grid_label, *shard;
    struct cn_names variables, scenarios, regions, spans, products;
    const char *picture, *day, *month, *season, *minus, *range, *title, *at;
    long long years[2], grid[2];           /* first and last; latitudes and longitudes */
    long long size[2], width, target_year; /* of a picture: width and height */
    long long compression, days, seed, threads;
    enum cn_calendar calendar;
    enum cn_progress_mode progress;
    enum cn_synth_style style;
    int verbose; /* how often -v was given */
    bool force, json, quiet, show, wait, whole_year, mean;
};

enum cn_option_type {                     /* stored as */
                      CN_OPTION_HELP,     /* not at all: cn_arguments_parse returns CN_SHOW_HELP */
                      CN_OPTION_FLAG,     /* bool */
                      CN_OPTION_COUNT,    /* int: how often it was given */
                      CN_OPTION_TEXT,     /* const char * */
                      CN_OPTION_NUMBER,   /* long long */
                      CN_OPTION_YEARS,    /* long long[2]: "A-B", or "A" for A-A */
                      CN_OPTION_GRID,     /* long long[2]: "LATxLON" */
                      CN_OPTION_CHOICE,   /* int: index in choices, which is the enum's value */
                      CN_OPTION_CALENDAR, /* enum cn_calendar */
                      CN_OPTION_NAMES,    /* struct cn_names: names between commas */
                      CN_OPTION_TEXTS,    /* struct cn_names: a text each time it is given */
                      CN_OPTION_CONFIG_KEY, /* one more of cn_arguments.overrides */
};

struct cn_option {
    unsigned commands; /* bits of the commands that have it */
    char letter;       /* short name; 0: none */
    const char *name;  /* long name, without dashes */
    const char *value; /* the name of its value in --help: "N"; NULL: it takes none */
    const char *help;  /* --help adds the choices, the key and the default */
    enum cn_option_type type;
    size_t offset;              /* in struct cn_arguments */
    long long least, most;      /* each number; how many names; least > 0: text is not empty */
    const char *const *choices; /* NULL-terminated */
    const char *key;            /* of the config; NULL: the value is KEY=VALUE */
    bool is_list;               /* of the key: values of several options are joined by commas */
    bool is_required;
    const char *expects;      /* of texts and pairs, for errors: "the path of a file to write" */
    const char *default_text; /* as a user would type it; NULL: none */
};

/* How many operands a command takes that takes any. */
enum cn_operands { CN_OPERAND, CN_OPERANDS, CN_OPTIONAL_OPERAND };

struct cn_command {
    unsigned bit;
    const char *name;    /* "run" */
    const char *operand; /* "CONFIG"; NULL: it takes none */
    const char *what;    /* the operand for people: "a config file" */
    enum cn_operands operands;
    const char *summary;  /* what the command does, in a sentence */
    const char *details;  /* more paragraphs for --help; NULL: none */
    const char *examples; /* command lines, one a line, of at most 78 columns; NULL: none */
    int (*function)(const struct cn_arguments *arguments);
};

/* All commands and their options; command_table.c. The last of each has the name NULL. A new
 * command is a file, a row of the first, and rows of the second. A new option is a row, and a
 * member of struct cn_arguments. */
extern const struct cn_command cn_commands[];
extern const struct cn_option cn_options[];

/* Stand for exit codes: the command goes on; its help is to be shown. */
enum { CN_NO_EXIT = -1, CN_SHOW_HELP = -2 };

/* Reads argv (argv[0] is the command's name, argv[argc] is NULL) with the command's options; the
 * last of `options` has the name NULL. Options may come before and after operands.
 * Returns: CN_NO_EXIT; CN_SHOW_HELP; or the exit code, and what is wrong was printed. Owns: the
 * caller, in either case, arguments->pool. */
int cn_arguments_parse(const struct cn_command *command, const struct cn_option *options, int argc,
                       char **argv, struct cn_arguments *arguments);

enum { CN_CHOICES_BYTES = 256 };

/* Finds a command's option by the first `length` bytes of `name`: its name, or the beginning of
 * this name alone.
 * Returns: the option; NULL: there is none; `ambiguous` lists those that begin so, if any. */
const struct cn_option *cn_option_by_name(const struct cn_command *command,
                                          const struct cn_option *options, const char *name,
                                          size_t length, char ambiguous[CN_CHOICES_BYTES]);

/* Returns: a command's option of this letter; NULL: there is none. */
const struct cn_option *cn_option_by_letter(const struct cn_command *command,
                                            const struct cn_option *options, char letter);

/* Returns: the i-th of the values that an option chooses from; NULL: there are no more. */
const char *cn_option_choice(const struct cn_option *option, int i);

/* Lists the values that an option chooses from: "auto, tty or plain"; "": any value goes.
 * Returns: list. */
const char *cn_option_choices(const struct cn_option *option, char list[CN_CHOICES_BYTES]);

/* Prints "climnorm: TEXT" to stderr.
 * Returns: CN_EXIT_MACHINE for an error of the machine, else CN_EXIT_USAGE. */
int cn_print_error(const struct cn_error *error);

#endif
