/*
 * Writes the manual pages: climnorm(1), a page for each command, and climnorm.cfg(5). All that is
 * said of commands, options, keys, regions and exit codes comes from the program's tables. Run when
 * climnorm is built: climnorm_manual DIR, which has the folders man1 and man5.
 */
#include "cli/exit_codes.h"
#include "cli/options.h"
#include "config/builder.h"
#include "config/fields.h"
#include "config/key.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SOURCE_WIDTH = 56, LONG_WORD = 60 };

/* Prints text so that man shows it as it is: without hyphenation, signs or requests of roff. Lines
 * of running text are broken at spaces; long words may be broken at slashes. */
static void put_man_plain(FILE *out, const char *text, size_t length, bool running)
{
    size_t column = 0, word = strcspn(text, " \n");
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (running && c == ' ' && column > SOURCE_WIDTH)
            c = '\n';
        if (c == ' ' || c == '\n')
            word = strcspn(text + i + 1, " \n");
        if ((c == '.' || c == '\'') && column == 0)
            fputs("\\&", out);
        if (c == '\\')
            fputs("\\e", out);
        else if (c == '-')
            fputs("\\-", out);
        else
            fputc(c, out);
        if (running && c == '/' && word > LONG_WORD)
            fputs("\\:", out);
        column = c == '\n' ? 0 : column + 1;
    }
}

static void put_man_word(FILE *out, const char *text)
{
    put_man_plain(out, text, strlen(text), false);
}

static void put_man_text(FILE *out, const char *text)
{
    put_man_plain(out, text, strlen(text), true);
    fputc('\n', out);
}

/* A text that may lack its full stop. */
static void put_man_sentence(FILE *out, const char *text)
{
    size_t length = strlen(text);
    if (!length)
        return;
    put_man_plain(out, text, length, true);
    fputs(text[length - 1] == '.' ? "\n" : ".\n", out);
}

__attribute__((format(printf, 2, 3))) static void put_man_line(FILE *out, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_man_text(out, text);
}

/* Prints paragraphs, which empty lines part. */
static void put_man_paragraphs(FILE *out, const char *text)
{
    for (const char *end; *text; text = end) {
        end = strstr(text, "\n\n");
        end = end ? end : text + strlen(text);
        put_man_plain(out, text, (size_t)(end - text), true);
        end += strspn(end, "\n");
        fputs(*end ? "\n.PP\n" : "\n", out);
    }
}

static void put_man_head(FILE *out, const char *name, int section)
{
    fprintf(out, ".\\\" Made from the tables of climnorm. Do not edit.\n.TH \"");
    for (const char *c = name; *c; c++)
        fputc(toupper((unsigned char)*c), out);
    fprintf(out, "\" %d \"" CLIMNORM_DATE "\" \"climnorm " CLIMNORM_VERSION "\" \"%s\"\n", section,
            section == 1 ? "User commands" : "File formats");
    fputs(".nh\n.ad l\n.SH NAME\n", out);
}

/* "Makes the normals. Twice." becomes "makes the normals". */
static void put_man_name_line(FILE *out, const char *name, const char *summary)
{
    char what[256];
    const char *end = strchr(summary, '.');
    snprintf(what, sizeof what, "%.*s", (int)(end ? end - summary : (long)strlen(summary)),
             summary);
    what[0] = (char)tolower((unsigned char)what[0]);
    put_man_word(out, name);
    fputs(" \\- ", out);
    put_man_text(out, what);
}

static void put_man_exit_status(FILE *out)
{
    fputs(".SH \"EXIT STATUS\"\n", out);
    for (const struct cn_exit_code *row = cn_exit_codes; row->meaning; row++) {
        fprintf(out, ".TP\n.B %d\n", row->code);
        put_man_sentence(out, row->meaning);
    }
}

static void put_man_code(FILE *out, const char *lines)
{
    fputs(".nf\n", out);
    put_man_word(out, lines);
    fputs("\n.fi\n", out);
}

static void put_man_option(FILE *out, const struct cn_option *option)
{
    char list[CN_CHOICES_BYTES];
    fputs(".TP\n", out);
    if (option->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", out);
    put_man_word(out, option->name);
    if (option->value) {
        fputs("\\fR \\fI", out);
        put_man_word(out, option->value);
    }
    fputs("\\fR\n", out);
    put_man_sentence(out, option->help);
    if (*cn_option_choices(option, list))
        put_man_line(out, "Values: %s.", list);
    if (option->key)
        put_man_line(out, "Short for --set %s=%s.", option->key, option->value);
    if (option->default_text)
        put_man_line(out, "Default: %s.", *option->default_text ? option->default_text : "\"\"");
}

static void put_man_command(FILE *out, const struct cn_command *command)
{
    char name[64];
    snprintf(name, sizeof name, "climnorm-%s", command->name);
    put_man_head(out, name, 1);
    put_man_name_line(out, name, command->summary);
    fprintf(out, ".SH SYNOPSIS\n.B climnorm %s\n[\\fIOPTION\\fR]...\n", command->name);
    if (command->operand)
        fprintf(out, ".I %s\n", command->operand);
    fputs(".SH DESCRIPTION\n", out);
    put_man_text(out, command->summary);
    if (command->details) {
        fputs(".PP\n", out);
        put_man_paragraphs(out, command->details);
    }
    if (command->operand) {
        fputs(".PP\n", out);
        put_man_line(out, "%s: %s.", command->operand, command->what);
    }
    fputs(".SH OPTIONS\n", out);
    for (const struct cn_option *option = cn_options; option->name; option++)
        if (option->commands & command->bit)
            put_man_option(out, option);
    if (command->examples) {
        fputs(".SH EXAMPLES\n", out);
        put_man_code(out, command->examples);
    }
    put_man_exit_status(out);
    fputs(".SH \"SEE ALSO\"\n.BR climnorm (1),\n.BR climnorm.cfg (5)\n", out);
}

static void put_man_program(FILE *out)
{
    put_man_head(out, "climnorm", 1);
    fputs("climnorm \\- rolling climate normals from daily CMIP files\n"
          ".SH SYNOPSIS\n.B climnorm\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n"
          ".SH DESCRIPTION\n",
          out);
    put_man_paragraphs(out,
                       "For each target year and each day of the year, climnorm computes the mean "
                       "over the 30 years that end with that year. It reads each file of the input "
                       "once, for all regions, windows and scenarios.\n\n"
                       "A config file says where the files are and what is made of them.");
    fputs(".SH COMMANDS\n", out);
    for (const struct cn_command *command = cn_commands; command->name; command++) {
        fprintf(out, ".TP\n\\fB%s\\fR \\fI%s\\fR\n", command->name,
                command->operand ? command->operand : "");
        put_man_text(out, command->summary);
        fprintf(out, "See\n.BR climnorm\\-%s (1).\n", command->name);
    }
    fputs(".SH OPTIONS\n.TP\n.BR \\-h \", \" \\-\\-help\nShows the commands.\n"
          ".TP\n.BR \\-V \", \" \\-\\-version\nShows versions, kernels and threads.\n",
          out);
    fputs(".SH EXAMPLES\n", out);
    for (const struct cn_command *command = cn_commands; command->name; command++)
        if (command->examples)
            put_man_code(out, command->examples);
    put_man_exit_status(out);
    fputs(".SH \"SEE ALSO\"\n", out);
    for (const struct cn_command *command = cn_commands; command->name; command++)
        fprintf(out, ".BR climnorm\\-%s (1),\n", command->name);
    fputs(".BR climnorm.cfg (5)\n", out);
}

static void put_man_keys(FILE *out, const struct cn_key *keys)
{
    char text[CN_KEY_TEXT_BYTES], expects[CN_EXPECTS_BYTES];
    for (const struct cn_key *key = keys; key->path; key++) {
        if (key->type == CN_KEY_GROUP) {
            fprintf(out, ".SS %s\n", key->path);
            put_man_text(out, cn_key_explain(key, text));
            continue;
        }
        fprintf(out, ".TP\n.B %s\n", key->path);
        put_man_text(out, cn_key_explain(key, text));
        fputs(".br\n", out);
        put_man_line(out, "Value: %s.", cn_key_expects(key, expects));
        if (key->default_text || key->required) {
            fputs(".br\n", out);
            put_man_line(out, "Default: %s.",
                         key->default_text ? key->default_text : "none; the key is required");
        }
        if (key->element)
            put_man_keys(out, key->element);
    }
}

static void put_man_regions(FILE *out)
{
    fputs(".SH \"BUILT-IN REGIONS\"\n", out);
    for (const struct cn_region *region = cn_builtin_regions; region->name; region++) {
        fprintf(out, ".TP\n.B %s\n", region->name);
        if (region->global)
            put_man_line(out, "%s: all cells.", region->title);
        else
            put_man_line(out, "%s: longitude %g to %g, latitude %g to %g.", region->title,
                         region->lon[0], region->lon[1], region->lat[0], region->lat[1]);
    }
}

static void put_man_config(FILE *out)
{
    put_man_head(out, "climnorm.cfg", 5);
    fputs("climnorm.cfg \\- what climnorm reads and makes\n.SH DESCRIPTION\n", out);
    put_man_paragraphs(out,
                       "A config is a text file in libconfig form: groups and keys with values. "
                       "Two keys are required:");
    fputs(".PP\n", out);
    put_man_code(out, "input:  { root = \"data\"; };\noutput: { root = \"normals\"; };");
    fputs(".PP\n", out);
    put_man_paragraphs(out,
                       "Relative paths start at the folder of the config file. Comments begin "
                       "with # or //. The option --set KEY=VALUE replaces a value for one "
                       "run; a key is then written with dots, as here, and lists with commas.");
    fputs(".SH KEYS\n", out);
    put_man_keys(out, cn_keys);
    put_man_regions(out);
    fputs(".SH \"FIELDS OF OUTPUT.PATTERN\"\n", out);
#define FIELD_ROW(name, meaning, ...)    \
    fputs(".TP\n.B {" #name "}\n", out); \
    put_man_text(out, meaning);
    CN_PATTERN_FIELDS(FIELD_ROW)
    fputs(".SH \"SEE ALSO\"\n.BR climnorm (1),\n.BR climnorm\\-run (1),\n.BR climnorm\\-plan (1)\n",
          out);
}

/* Returns whether the page is complete; else says why not. */
static bool end_page(FILE *out, const char *path)
{
    bool good = out && !ferror(out);
    if (out && fclose(out))
        good = false;
    if (!good)
        perror(path);
    return good;
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc != 2) {
        fprintf(stderr, "usage: climnorm_manual DIR\n");
        return 1;
    }
    static const struct {
        const char *name;
        void (*write)(FILE *out);
    } pages[] = {{"man1/climnorm.1", put_man_program}, {"man5/climnorm.cfg.5", put_man_config}};
    bool good = true;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        snprintf(path, sizeof path, "%s/%s", argv[1], pages[i].name);
        FILE *out = fopen(path, "w");
        if (out)
            pages[i].write(out);
        good = end_page(out, path) && good;
    }
    for (const struct cn_command *command = cn_commands; command->name; command++) {
        snprintf(path, sizeof path, "%s/man1/climnorm-%s.1", argv[1], command->name);
        FILE *out = fopen(path, "w");
        if (out)
            put_man_command(out, command);
        good = end_page(out, path) && good;
    }
    return good ? 0 : 1;
}
