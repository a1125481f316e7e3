/*
 * climnorm help, and --help of every command: commands, options and keys of the config.
 */
#include "cli/help.h"

#include "base/error.h"
#include "base/suggest.h"
#include "cli/columns.h"
#include "cli/commands.h"
#include "config/key.h"

#include <stdio.h>
#include <string.h>

enum {
    OPTION_COLUMN = 28, /* where the help of an option begins */
    CODE_COLUMN = 7,    /* the same of an exit code */
    KEY_COLUMN = 11,    /* and of what is said of a key */
};

/* For somebody who begins. */
static const char first_steps[] =
    "climnorm normals data -o normals --years 1991-2020 --region CONUS\n"
    "climnorm config data > my.cfg   # a commented config for what the folder holds\n"
    "climnorm plan my.cfg            # what would be read and made, time, disk\n"
    "climnorm run my.cfg             # makes it; again: goes on from there";

static void print_exit_codes(FILE *out)
{
    fputs("\nExit codes:\n", out);
    for (const struct cn_exit_code *row = cn_exit_codes; row->meaning; row++) {
        fprintf(out, "  %3d  ", row->code);
        cn_write_words(out, row->meaning, CODE_COLUMN, CODE_COLUMN);
    }
}

/* Prints each line of a text below a title. */
static void print_examples(FILE *out, const char *examples)
{
    fprintf(out, "\nExample%s:\n", strchr(examples, '\n') ? "s" : "");
    for (const char *line = examples, *end; *line; line = *end ? end + 1 : end) {
        end = strchrnul(line, '\n');
        fprintf(out, "  %.*s\n", (int)(end - line), line);
    }
}

void cn_help_print_commands(const struct cn_command *commands, FILE *out)
{
    int widths[2] = {0, 0};
    for (const struct cn_command *command = commands; command->name; command++) {
        const char *words[2] = {command->name, command->operand ? command->operand : ""};
        for (int i = 0; i < 2; i++)
            if ((int)strlen(words[i]) > widths[i])
                widths[i] = (int)strlen(words[i]);
    }
    fputs("usage: climnorm COMMAND [OPTION]... [ARGUMENT]...\n\n", out);
    cn_write_words(out, "Rolling 30-year climate normals from daily CMIP netCDF files.", 0, 0);
    putc('\n', out);
    for (const struct cn_command *command = commands; command->name; command++) {
        fprintf(out, "  %-*s  %-*s  ", widths[0], command->name, widths[1],
                command->operand ? command->operand : "");
        cn_write_words(out, command->summary, 6 + (size_t)widths[0] + (size_t)widths[1],
                       6 + (size_t)widths[0] + (size_t)widths[1]);
    }
    print_examples(out, first_steps);
    print_exit_codes(out);
    fputs("\n"
          "  climnorm help COMMAND   what a command does, its options and examples\n"
          "  climnorm help KEY       what a key of the config means\n"
          "  climnorm --version      versions, kernels and threads\n",
          out);
}

static void print_option(const struct cn_option *option)
{
    int width = option->letter ? printf("  -%c, --%s", option->letter, option->name)
                               : printf("      --%s", option->name);
    if (option->value)
        width += printf(" %s", option->value);
    printf("%*s", width < OPTION_COLUMN ? OPTION_COLUMN - width : 1, "");
    char list[CN_CHOICES_BYTES], tail[128] = "", text[1024];
    if (option->key)
        snprintf(tail, sizeof tail, " (short for --set %s=%s)", option->key, option->value);
    else if (option->default_text)
        snprintf(tail, sizeof tail, " (default: %s)", option->default_text);
    cn_option_choices(option, list);
    snprintf(text, sizeof text, "%s%s%s%s", list, *list && *option->help ? "; " : "", option->help,
             tail);
    cn_write_words(stdout, text, OPTION_COLUMN, OPTION_COLUMN);
}

/* Paragraphs, which empty lines part. */
static void print_paragraphs(const char *text)
{
    char paragraph[2048];
    while (text) {
        const char *end = strstr(text, "\n\n");
        snprintf(paragraph, sizeof paragraph, "%.*s",
                 (int)(end ? (size_t)(end - text) : strlen(text)), text);
        putchar('\n');
        cn_write_words(stdout, paragraph, 0, 0);
        text = end ? end + 2 : NULL;
    }
}

void cn_help_print_command(const struct cn_command *command, const struct cn_option *options)
{
    printf("usage: climnorm %s [OPTION]...%s%s\n\n", command->name, command->operand ? " " : "",
           command->operand ? command->operand : "");
    cn_write_words(stdout, command->summary, 0, 0);
    print_paragraphs(command->details);
    putchar('\n');
    for (const struct cn_option *option = options; option->name; option++)
        if (option->commands & command->bit)
            print_option(option);
    if (command->examples)
        print_examples(stdout, command->examples);
    print_exit_codes(stdout);
}

static void print_key_line(const char *label, const char *text)
{
    printf("  %-*s", KEY_COLUMN - 2, label);
    cn_write_words(stdout, text, KEY_COLUMN, KEY_COLUMN);
}

/* whole: what has the key, a config or an entry of a list. */
static void print_key(const struct cn_key *key, const char *whole)
{
    char text[CN_KEY_TEXT_BYTES], expects[CN_EXPECTS_BYTES];
    printf("%s\n", key->path);
    print_key_line("", cn_key_explain(key, text));
    print_key_line("value", cn_key_expects(key, expects));
    if (key->default_text) {
        print_key_line("default", key->default_text);
    } else if (key->required) {
        snprintf(text, sizeof text, "none: every %s needs it", whole);
        print_key_line("default", text);
    }
}

/* The keys of a group or of the entries of a list, each with what it means. */
static void print_members(const struct cn_key *keys, const char *group, const char *whole)
{
    const size_t length = strlen(group);
    for (const struct cn_key *key = keys; key->path; key++)
        if (strncmp(key->path, group, length) == 0 && key->path[length] == '.') {
            putchar('\n');
            print_key(key, whole);
        }
}

/* The key of this path, or the only one that ends in it: "window". NULL: there is none, or there
 * are several. */
static const struct cn_key *find_key(const char *word)
{
    const struct cn_key *found = cn_key_find(cn_keys, "", word);
    size_t count = 0;
    for (const struct cn_key *key = cn_keys; !found && key->path; key++)
        count += strcmp(cn_key_leaf(key), word) == 0;
    for (const struct cn_key *key = cn_keys; !found && count == 1 && key->path; key++)
        if (strcmp(cn_key_leaf(key), word) == 0)
            found = key;
    return found;
}

/* The key of the entries of a list: "products.pool". NULL: there is none. */
static const struct cn_key *find_member(const char *word)
{
    for (const struct cn_key *list = cn_keys; list->path; list++) {
        const struct cn_key *key = list->element ? cn_key_find(list->element, "", word) : NULL;
        if (key)
            return key;
    }
    return NULL;
}

/* How a run gets another value. */
static void print_override(const struct cn_key *key)
{
    const char *value = key->default_text ? key->default_text : "VALUE";
    const char *quote = strpbrk(value, " {}%") ? "'" : "";
    if (cn_key_has_members(key))
        printf("\nFor one run: --set %s.%s\n", key->path, key->member);
    else
        printf("\nFor one run: --set %s%s=%s%s\n", quote, key->path, value, quote);
}

static int print_key_help(const struct cn_key *key)
{
    if (key->type == CN_KEY_GROUP) {
        char text[CN_KEY_TEXT_BYTES];
        printf("%s: %s\n", key->path, cn_key_explain(key, text));
        print_members(cn_keys, key->path, "config");
        return CN_EXIT_OK;
    }
    print_key(key, "config");
    if (key->element)
        print_members(key->element, key->path, "entry");
    else
        print_override(key);
    return CN_EXIT_OK;
}

static int fail_unknown(const struct cn_command *commands, const char *word)
{
    char hint[CN_SUGGESTION_BYTES];
    struct cn_suggestion suggestion = {.word = word};
    for (const struct cn_command *command = commands; command->name; command++)
        cn_suggest(&suggestion, command->name);
    for (const struct cn_key *key = cn_keys; key->path; key++) {
        cn_suggest(&suggestion, key->path);
        cn_suggest(&suggestion, cn_key_leaf(key));
    }
    struct cn_error error;
    cn_fail(&error, CN_BAD_USAGE, "there is no command and no key \"%.60s\"%s", word,
            cn_suggestion_text(&suggestion, hint));
    int exit_code = cn_print_error(&error);
    fputs("Try \"climnorm help\".\n", stderr);
    return exit_code;
}

/* Where a group of keys has the name of a command. */
static void print_namesake(const char *word)
{
    const struct cn_key *group = cn_key_find(cn_keys, "", word);
    if (group && group->type == CN_KEY_GROUP)
        printf("\nThe config has a group \"%s\", too. Of its keys: climnorm help %s\n", word,
               group[1].path);
}

int cn_command_help(const struct cn_arguments *arguments)
{
    if (!arguments->operand_count) {
        cn_help_print_commands(arguments->commands, stdout);
        return CN_EXIT_OK;
    }
    const char *word = arguments->operands[0];
    for (const struct cn_command *command = arguments->commands; command->name; command++)
        if (strcmp(command->name, word) == 0) {
            cn_help_print_command(command, arguments->options);
            print_namesake(word);
            return CN_EXIT_OK;
        }
    const struct cn_key *key = find_key(word), *member = key ? NULL : find_member(word);
    if (member)
        print_key(member, "entry");
    return member ? CN_EXIT_OK
           : key  ? print_key_help(key)
                  : fail_unknown(arguments->commands, word);
}
