/*
 * The parser of arguments: finds the option in the table, stores its value by its type, or says
 * what was expected.
 */
#include "cli/options.h"

#include "base/format.h"
#include "base/pool.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "cli/exit_codes.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option_parser {
    const struct cn_command *command;
    const struct cn_option *options;
    char **argv; /* the argument that is being read */
    struct cn_arguments *arguments;
};

int cn_print_error(const struct cn_error *error)
{
    fprintf(stderr, "climnorm: %s\n", error->text);
    return error->status == CN_BAD_MACHINE ? CN_EXIT_MACHINE : CN_EXIT_USAGE;
}

static int print_no_memory(void)
{
    fprintf(stderr, "climnorm: out of memory (options)\n");
    return CN_EXIT_MACHINE;
}

/* Prints "climnorm run: MESSAGE" and a hint at --help. Returns CN_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) static int fail_usage(const struct cn_command *command,
                                                            const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cn_make_printable(text);
    fprintf(stderr, "climnorm %s: %s\nTry \"climnorm %s --help\".\n", command->name, text,
            command->name);
    return CN_EXIT_USAGE;
}

const char *cn_option_choice(const struct cn_option *option, int i)
{
    if (option->type == CN_OPTION_CALENDAR)
        return i <= CN_360_DAY ? cn_calendar_name((enum cn_calendar)i) : NULL;
    return option->choices ? option->choices[i] : NULL;
}

const char *cn_option_choices(const struct cn_option *option, char list[CN_CHOICES_BYTES])
{
    list[0] = '\0';
    for (int i = 0; cn_option_choice(option, i); i++)
        cn_format_choice(list, CN_CHOICES_BYTES, "", cn_option_choice(option, i),
                         !cn_option_choice(option, i + 1));
    return list;
}

/* Returns where the number ends; NULL: there is none, or it is not in the option's range. */
static const char *parse_number(const struct cn_option *option, const char *text, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    bool good = isdigit((unsigned char)text[0]) && errno == 0 && *number >= option->least &&
                *number <= option->most;
    return good ? end : NULL;
}

/* "1950-2100", "600x1440". */
static bool parse_pair(const struct cn_option *option, const char *text, long long pair[2])
{
    const char *end = parse_number(option, text, &pair[0]);
    bool is_grid = option->type == CN_OPTION_GRID;
    pair[1] = pair[0];
    if (end && *end == (is_grid ? 'x' : '-'))
        end = parse_number(option, end + 1, &pair[1]);
    else if (is_grid)
        return false;
    return end && !*end;
}

static bool parse_choice(const struct cn_option *option, const char *text, int *choice)
{
    const char *name;
    for (*choice = 0; (name = cn_option_choice(option, *choice)); ++*choice)
        if (strcmp(text, name) == 0)
            return true;
    return false;
}

/* Splits the text at commas; names->items is NULL: out of memory. */
static bool parse_names(const struct cn_option *option, const char *text, struct cn_pool *pool,
                        struct cn_names *names)
{
    size_t count = *text != '\0';
    for (const char *comma = text; (comma = strchr(comma, ',')); comma++)
        count++;
    char *rest = cn_pool_strdup(pool, text);
    const char **items = rest ? cn_pool_alloc(pool, count, sizeof *items) : NULL;
    for (size_t i = 0; items && i < count; i++)
        items[i] = strsep(&rest, ",");
    *names = (struct cn_names){items, count};
    return (long long)count >= option->least && (long long)count <= option->most;
}

/* An override of the config. False: out of memory. */
static bool add_override(struct cn_arguments *arguments, const struct cn_option *option,
                         const char *text)
{
    struct cn_override *override = &arguments->overrides[arguments->override_count++];
    override->text = text;
    if (!option->key)
        return true;
    const char *values = text;
    for (const struct cn_override *earlier = arguments->overrides;
         option->is_list && earlier < override; earlier++)
        if (earlier->option && strcmp(earlier->option, option->name) == 0)
            values = cn_pool_printf(arguments->pool, "%s,%s", strchr(earlier->text, '=') + 1, text);
    if (values)
        override->text = cn_pool_printf(arguments->pool, "%s=%s", option->key, values);
    override->option = option->name;
    return values && override->text;
}

/* Adds one more text. False: out of memory. */
static bool add_text(struct cn_pool *pool, struct cn_names *texts, const char *text)
{
    const char **items = cn_pool_alloc(pool, texts->count + 1, sizeof *items);
    if (!items)
        return false;
    if (texts->count)
        memcpy(items, texts->items, texts->count * sizeof *items);
    items[texts->count] = text;
    *texts = (struct cn_names){items, texts->count + 1};
    return true;
}

static int fail_value(const struct option_parser *parser, const struct cn_option *option,
                      const char *text)
{
    char expects[CN_CHOICES_BYTES];
    if (option->expects)
        snprintf(expects, sizeof expects, "%s", option->expects);
    else if (option->type == CN_OPTION_NUMBER)
        snprintf(expects, sizeof expects, "a whole number from %lld to %lld", option->least,
                 option->most);
    else if (option->type == CN_OPTION_NAMES)
        snprintf(expects, sizeof expects, "%lld to %lld names separated by commas", option->least,
                 option->most);
    else
        cn_option_choices(option, expects);
    return fail_usage(parser->command, "--%s: expected %s, not \"%.60s\"", option->name, expects,
                      text);
}

/* Returns CN_NO_EXIT, or the exit code, and a message or the help was printed. */
static int store_value(const struct option_parser *parser, const struct cn_option *option,
                       const char *text)
{
    struct cn_arguments *arguments = parser->arguments;
    void *at = (char *)arguments + option->offset;
    const char *end;
    bool good = true, no_memory = false;
    switch (option->type) {
    case CN_OPTION_HELP:
        return CN_SHOW_HELP;
    case CN_OPTION_FLAG:
        *(bool *)at = true;
        break;
    case CN_OPTION_COUNT:
        ++*(int *)at;
        break;
    case CN_OPTION_TEXT:
        *(const char **)at = text;
        good = *text || option->least == 0;
        break;
    case CN_OPTION_NUMBER:
        end = parse_number(option, text, at);
        good = end && !*end;
        break;
    case CN_OPTION_YEARS:
    case CN_OPTION_GRID:
        good = parse_pair(option, text, at);
        break;
    case CN_OPTION_CHOICE:
        good = parse_choice(option, text, at);
        break;
    case CN_OPTION_CALENDAR:
        good = *text && cn_calendar_parse(text, at);
        break;
    case CN_OPTION_NAMES:
        good = parse_names(option, text, arguments->pool, at);
        no_memory = !((struct cn_names *)at)->items;
        break;
    case CN_OPTION_TEXTS:
        no_memory = !add_text(arguments->pool, at, text);
        break;
    case CN_OPTION_CONFIG_KEY:
        no_memory = !add_override(arguments, option, text);
        break;
    }
    return no_memory ? print_no_memory() : good ? CN_NO_EXIT : fail_value(parser, option, text);
}

/* value: what stands in the same argument as the option; NULL: nothing, then the next argument is
 * the value if the option takes one. */
static int apply_option(struct option_parser *parser, const struct cn_option *option,
                        const char *value)
{
    if (!option->value && value)
        return fail_usage(parser->command, "--%s takes no value", option->name);
    if (option->value && !value)
        value = *++parser->argv;
    if (option->value && !value)
        return fail_usage(parser->command, "--%s needs a value: --%s %s", option->name,
                          option->name, option->value);
    return store_value(parser, option, value ? value : "");
}

const struct cn_option *cn_option_by_letter(const struct cn_command *command,
                                            const struct cn_option *options, char letter)
{
    for (; options->name; options++)
        if (options->commands & command->bit && options->letter == letter)
            return options;
    return NULL;
}

/* Options by letter: "qv" of "-qv". */
static int parse_letters(struct option_parser *parser, const char *letters)
{
    int exit_code = CN_NO_EXIT;
    while (*letters && exit_code == CN_NO_EXIT) {
        char letter = *letters++;
        const struct cn_option *option =
            cn_option_by_letter(parser->command, parser->options, letter);
        if (!option)
            return fail_usage(parser->command, "there is no option -%c", letter);
        if (option->value)
            return apply_option(parser, option, *letters ? letters : NULL);
        exit_code = apply_option(parser, option, NULL);
    }
    return exit_code;
}

const struct cn_option *cn_option_by_name(const struct cn_command *command,
                                          const struct cn_option *options, const char *name,
                                          size_t length, char ambiguous[CN_CHOICES_BYTES])
{
    const struct cn_option *found = NULL;
    size_t count = 0;
    ambiguous[0] = '\0';
    for (; length && options->name; options++) {
        if (!(options->commands & command->bit) || strncmp(options->name, name, length) != 0)
            continue;
        if (!options->name[length])
            return options;
        found = options;
        count++;
        const size_t used = strlen(ambiguous);
        snprintf(ambiguous + used, CN_CHOICES_BYTES - used, "%s--%s", used ? ", " : "",
                 options->name);
    }
    return count == 1 ? found : NULL;
}

/* An option by name: "set=KEY=VALUE" of "--set=KEY=VALUE". */
static int parse_name(struct option_parser *parser, const char *text)
{
    size_t length = strcspn(text, "=");
    char name[71], hint[CN_SUGGESTION_BYTES], dashed[80], ambiguous[CN_CHOICES_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name), text);
    const struct cn_option *found =
        cn_option_by_name(parser->command, parser->options, text, length, ambiguous);
    if (found)
        return apply_option(parser, found, text[length] ? text + length + 1 : NULL);
    if (*ambiguous)
        return fail_usage(parser->command, "--%s is short for several options: %s", name,
                          ambiguous);
    struct cn_suggestion suggestion = {.word = name};
    for (const struct cn_option *option = parser->options; option->name; option++)
        if (option->commands & parser->command->bit)
            cn_suggest(&suggestion, option->name);
    if (suggestion.best) {
        snprintf(dashed, sizeof dashed, "--%s", suggestion.best);
        suggestion.best = dashed;
    }
    return fail_usage(parser->command, "there is no option --%s%s", name,
                      cn_suggestion_text(&suggestion, hint));
}

static int add_operand(struct option_parser *parser)
{
    const struct cn_command *command = parser->command;
    struct cn_arguments *arguments = parser->arguments;
    if (!command->operand)
        return fail_usage(command, "expected no argument, not \"%.200s\"", *parser->argv);
    if (arguments->operand_count && command->operands != CN_OPERANDS)
        return fail_usage(command, "expected one %s, not \"%.200s\" and \"%.200s\"",
                          command->operand, arguments->operands[0], *parser->argv);
    arguments->operands[arguments->operand_count++] = *parser->argv;
    return CN_NO_EXIT;
}

static bool is_overridden(const struct cn_arguments *arguments, const struct cn_option *option)
{
    const size_t length = strlen(option->key);
    for (size_t i = 0; i < arguments->override_count; i++)
        if (strncmp(arguments->overrides[i].text, option->key, length) == 0 &&
            arguments->overrides[i].text[length] == '=')
            return true;
    return false;
}

static int parse_all(struct option_parser *parser)
{
    const struct cn_command *command = parser->command;
    bool operands_only = false; /* after "--" */
    int exit_code = CN_NO_EXIT;
    for (const struct cn_option *option = parser->options; option->name; option++)
        if (option->commands & command->bit && option->default_text && exit_code == CN_NO_EXIT)
            exit_code = store_value(parser, option, option->default_text);
    while (exit_code == CN_NO_EXIT && *++parser->argv) {
        const char *text = *parser->argv;
        if (operands_only || text[0] != '-' || !text[1])
            exit_code = add_operand(parser);
        else if (strcmp(text, "--") == 0)
            operands_only = true;
        else if (text[1] == '-')
            exit_code = parse_name(parser, text + 2);
        else
            exit_code = parse_letters(parser, text + 1);
    }
    if (exit_code == CN_NO_EXIT && command->operand && !parser->arguments->operand_count &&
        command->operands != CN_OPTIONAL_OPERAND)
        return fail_usage(command, "name %s: climnorm %s %s", command->what, command->name,
                          command->operand);
    for (const struct cn_option *option = parser->options; option->name; option++)
        if (exit_code == CN_NO_EXIT && option->commands & command->bit && option->is_required &&
            !is_overridden(parser->arguments, option))
            return fail_usage(command, "name %s: --%s %s", option->help, option->name,
                              option->value);
    return exit_code;
}

int cn_arguments_parse(const struct cn_command *command, const struct cn_option *options, int argc,
                       char **argv, struct cn_arguments *arguments)
{
    struct option_parser parser = {command, options, argv, arguments};
    struct cn_pool *pool = cn_pool_new();
    *arguments = (struct cn_arguments){.pool = pool, .words = argv};
    if (pool) {
        arguments->operands = cn_pool_alloc(pool, (size_t)argc, sizeof *arguments->operands);
        arguments->overrides = cn_pool_alloc(pool, (size_t)argc, sizeof *arguments->overrides);
    }
    if (!arguments->operands || !arguments->overrides)
        return print_no_memory();
    return parse_all(&parser);
}
