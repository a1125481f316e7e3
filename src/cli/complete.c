/*
 * climnorm complete: the words that may come next, from the tables of commands, options and keys,
 * from the config on the line, and from the names of the files in its tree. No file of the tree is
 * opened.
 */
#include "cli/complete.h"

#include "base/pool.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "config/builder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

enum { MOST_SECONDS = 1, MOST_WORDS = 256 };

struct completion {
    struct cn_pool *pool;
    const struct cn_option *options;
    const struct cn_command *command; /* NULL: none was named yet */
    const char *operand;              /* the first on the line: a config, or a folder; NULL: none */
    const char *root;                 /* input.root, where an option names it; else NULL */
    const char *before;               /* what stays of the last word: "--set=variables=pr," */
    const char *partial;              /* what is to be completed of it */
};

static atomic_int time_is_up;

static void stop_search(int signal_number)
{
    (void)signal_number;
    atomic_store(&time_is_up, 1);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Of what the word means, the first line. */
static void offer(const struct completion *c, const char *word, const char *end, const char *means)
{
    if (starts_with(word, c->partial))
        printf("%s%s%s\t%.*s\n", c->before, word, end, (int)strcspn(means, "\n"), means);
}

static void offer_paths(const struct completion *c, const char *kind)
{
    printf(":%s\t%s\n", kind, c->before);
}

/* Goes past the part of the word that stays. */
static void keep(struct completion *c, size_t length)
{
    c->before = cn_pool_printf(c->pool, "%s%.*s", c->before, (int)length, c->partial);
    c->partial += length;
    if (!c->before)
        c->before = "";
}

/* Of "pr,tas,t" only "t" is completed, with names that are not there yet. */
static void offer_list(struct completion *c, const char *const *names, size_t count)
{
    const char *given = c->partial, *last = strrchr(c->partial, ',');
    size_t length = last ? (size_t)(last + 1 - given) : 0;
    keep(c, length);
    for (size_t i = 0; i < count; i++) {
        bool is_there = false;
        for (const char *at = given; at < given + length; at += strcspn(at, ",") + 1)
            is_there |= strcspn(at, ",") == strlen(names[i]) && starts_with(at, names[i]);
        if (!is_there)
            offer(c, names[i], "", "");
    }
}

/* The config that the line names, with its input.root; NULL: it cannot be read. */
static struct cn_config *config_of_line(const struct completion *c)
{
    struct cn_problems problems = {0};
    struct cn_config *config = NULL;
    struct stat file;
    const struct cn_override root = {.text = c->root};
    if (c->operand && stat(c->operand, &file) == 0 && S_ISREG(file.st_mode))
        cn_config_read(c->operand, &root, c->root != NULL, &config, &problems);
    cn_problems_free(&problems);
    return config;
}

/* One field of the names in the tree. */
enum name_field { VARIABLE, TABLE, MODEL, EXPERIMENT, VARIANT, GRID };

static const char *field_of(const struct cn_name *name, enum name_field field)
{
    const char *const fields[] = {
        [VARIABLE] = name->variable,     [TABLE] = name->table,     [MODEL] = name->model,
        [EXPERIMENT] = name->experiment, [VARIANT] = name->variant, [GRID] = name->grid};
    return fields[field];
}

/* No name from the tree may mean something to a shell. */
static bool is_plain(const char *name)
{
    return *name && !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789_.-")];
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The different values of a field in the names of files below root. Returns how many. */
static size_t names_in_tree(const struct completion *c, const char *root, enum name_field field,
                            const char *values[MOST_WORDS])
{
    struct cn_found_file *files;
    struct cn_problems problems = {0};
    struct cn_error error;
    struct cn_watch watch = {.stop = &time_is_up};
    size_t file_count = 0, count = 0;
    if (cn_find_files(c->pool, &(struct cn_search){.roots = &root, .root_count = 1}, &watch, &files,
                      &file_count, &problems, &error))
        file_count = 0;
    cn_problems_free(&problems);
    for (size_t f = 0; f < file_count && count < MOST_WORDS; f++) {
        struct cn_name name;
        if (!cn_name_parse(files[f].base, &name) || !is_plain(field_of(&name, field)))
            continue;
        if (cn_text_index(field_of(&name, field), values, count) == count) {
            values[count] = cn_pool_strdup(c->pool, field_of(&name, field));
            count += values[count] != NULL;
        }
    }
    qsort(values, count, sizeof *values, compare_words);
    return count;
}

/* From the tree of the config, or of the folder, that the line names. */
static void offer_values(struct completion *c, enum name_field field, const char *other_than)
{
    const char *values[MOST_WORDS] = {0};
    struct cn_config *config = config_of_line(c);
    struct stat folder;
    const char *root = config ? config->input.roots[0] : c->operand;
    size_t count = 0, kept = 0;
    if (root && stat(root, &folder) == 0 && S_ISDIR(folder.st_mode))
        count = names_in_tree(c, root, field, values);
    for (size_t i = 0; i < count; i++)
        if (!other_than || strcmp(values[i], other_than) != 0)
            values[kept++] = values[i];
    cn_config_free(config);
    offer_list(c, values, kept);
}

static void offer_regions(struct completion *c)
{
    const char *names[MOST_WORDS];
    size_t count = 0;
    struct cn_config *config = config_of_line(c);
    for (const struct cn_region *region = cn_builtin_regions; region->name; region++)
        names[count++] = region->name;
    for (size_t i = 0; config && i < config->region_count && count < MOST_WORDS; i++)
        if (cn_text_index(config->regions[i].name, names, count) == count)
            names[count++] = config->regions[i].name;
    offer_list(c, names, count);
    cn_config_free(config);
}

/* Offers what names of this kind may be: of options, and of keys. Returns whether it knows. */
static bool offer_names(struct completion *c, const char *kind)
{
    static const struct {
        const char *kind;
        enum name_field field;
    } fields[] = {{"variables", VARIABLE},
                  {"variable", VARIABLE},
                  {"products.variables", VARIABLE},
                  {"model", MODEL},
                  {"models", MODEL},
                  {"input.model", MODEL},
                  {"input.variant", VARIANT},
                  {"input.grid", GRID},
                  {"input.table", TABLE},
                  {"input.historical", EXPERIMENT}};
    if (strcmp(kind, "regions") == 0 || strcmp(kind, "region") == 0)
        return offer_regions(c), true;
    if (strcmp(kind, "scenarios") == 0)
        return offer_values(c, EXPERIMENT, "historical"), true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(kind, fields[i].kind) == 0)
            return offer_values(c, fields[i].field, NULL), true;
    return false;
}

static void offer_key_value(struct completion *c, const struct cn_key *key)
{
    if (key->type == CN_KEY_PATH)
        offer_paths(c, "folders");
    else if (key->type == CN_KEY_BOOL)
        offer_list(c, (const char *const[]){"true", "false"}, 2);
    for (size_t i = 0; key->choices && key->choices[i]; i++)
        offer(c, key->choices[i], "", key->choice_meanings[i]);
    if (!key->choices)
        offer_names(c, key->path);
}

static void offer_key(struct completion *c)
{
    size_t length = strcspn(c->partial, "=");
    char text[CN_KEY_TEXT_BYTES];
    for (const struct cn_key *key = cn_keys; key->path; key++) {
        if (key->type == CN_KEY_GROUP || key->type == CN_KEY_GROUPS)
            continue;
        const bool has_members = cn_key_has_members(key);
        if (has_members && starts_with(c->partial, key->path) &&
            c->partial[strlen(key->path)] == '.') {
            keep(c, strlen(key->path) + 1);
            if (key->type == CN_KEY_UNITS)
                offer_names(c, "variables");
            return;
        }
        if (!c->partial[length]) {
            offer(c, key->path, has_members ? "." : "=", cn_key_explain(key, text));
        } else if (strlen(key->path) == length && starts_with(c->partial, key->path)) {
            keep(c, length + 1);
            offer_key_value(c, key);
            return;
        }
    }
}

/* Of "name=a,over=p" the last key, or its value. */
static void offer_product(struct completion *c)
{
    const struct cn_key *list = cn_key_find(cn_keys, "", "products");
    const char *comma = strrchr(c->partial, ',');
    char text[CN_KEY_TEXT_BYTES];
    keep(c, comma ? (size_t)(comma + 1 - c->partial) : 0);
    const size_t length = strcspn(c->partial, "=");
    for (const struct cn_key *key = list->element; key->path; key++) {
        const char *name = cn_key_leaf(key);
        if (!c->partial[length]) {
            offer(c, name, "=", cn_key_explain(key, text));
        } else if (strlen(name) == length && starts_with(c->partial, name)) {
            keep(c, length + 1);
            offer_key_value(c, key);
            return;
        }
    }
}

static void offer_option_value(struct completion *c, const struct cn_option *option)
{
    /* synth makes a tree; the others read one. */
    const bool has_tree = strcmp(c->command->operand ? c->command->operand : "", "DIR") != 0;
    if (option->type == CN_OPTION_CONFIG_KEY && !option->key) {
        offer_key(c);
    } else if (option->type == CN_OPTION_CONFIG_KEY) {
        const struct cn_key *key = cn_key_find(cn_keys, "", option->key);
        if (key)
            offer_key_value(c, key);
    } else if (strcmp(option->name, "product") == 0) {
        offer_product(c);
    } else if (cn_option_choice(option, 0)) {
        for (int i = 0; cn_option_choice(option, i); i++)
            offer(c, cn_option_choice(option, i), "", "");
    } else if (strcmp(option->value, "FILE") == 0) {
        offer_paths(c, "files");
    } else if (strcmp(option->value, "DIR") == 0 || strcmp(option->value, "OUT") == 0) {
        offer_paths(c, "folders");
    } else if (has_tree) {
        offer_names(c, option->name);
    }
}

static void offer_options(const struct completion *c)
{
    for (const struct cn_option *option = c->options; option->name; option++) {
        char name[80];
        snprintf(name, sizeof name, "--%s", option->name);
        if (option->commands & c->command->bit)
            offer(c, name, "", option->help);
    }
}

static void offer_topics(const struct completion *c, const struct cn_command *commands)
{
    char text[CN_KEY_TEXT_BYTES];
    for (const struct cn_command *command = commands; command->name; command++)
        offer(c, command->name, "", command->summary);
    for (const struct cn_key *key = cn_keys; key->path; key++)
        offer(c, key->path, "", cn_key_explain(key, text));
}

static void offer_operand(const struct completion *c, const struct cn_command *commands)
{
    const char *operand = c->command->operand ? c->command->operand : "";
    if (strcmp(operand, "[TOPIC]") == 0)
        offer_topics(c, commands);
    else if (c->operand && c->command->operands != CN_OPERANDS)
        return;
    else if (strcmp(operand, "CONFIG") == 0)
        offer_paths(c, "cfg");
    else if (strcmp(operand, "DIR") == 0)
        offer_paths(c, "folders");
    else if (*operand)
        offer_paths(c, "nc");
}

/* The option of this word that takes a value; NULL: none does. *value: where the value begins in
 * this word; NULL: the next word is the value. */
static const struct cn_option *value_option(const struct completion *c, const char *word,
                                            const char **value)
{
    const struct cn_option *option = NULL;
    *value = NULL;
    if (starts_with(word, "--")) {
        char ambiguous[CN_CHOICES_BYTES];
        const size_t length = strcspn(word, "=");
        option = cn_option_by_name(c->command, c->options, word + 2, length - 2, ambiguous);
        *value = word[length] ? word + length + 1 : NULL;
    } else if (word[0] == '-') {
        for (word++; *word && !(option && option->value); word++)
            option = cn_option_by_letter(c->command, c->options, *word);
        *value = *word ? word : NULL;
    }
    if (option && option->value)
        return option;
    *value = NULL;
    return NULL;
}

/* The words after the command's name. */
static void complete_arguments(struct completion *c, const struct cn_command *commands,
                               char *const *words, int count)
{
    const struct cn_option *waiting = NULL, *joined = NULL;
    const char *value = NULL;
    bool operands_only = false; /* after "--" */
    for (int i = 0; i < count - 1; i++) {
        value = waiting ? words[i] : NULL;
        if (waiting) {
            waiting = NULL;
        } else if (operands_only || words[i][0] != '-' || !words[i][1]) {
            c->operand = c->operand ? c->operand : words[i];
        } else if (strcmp(words[i], "--") == 0) {
            operands_only = true;
        } else {
            const struct cn_option *option = value_option(c, words[i], &value);
            waiting = value ? NULL : option;
        }
        if (value && starts_with(value, "input.root="))
            c->root = value;
    }
    if (!waiting && !operands_only)
        joined = value_option(c, c->partial, &value);
    if (waiting) {
        offer_option_value(c, waiting);
    } else if (joined && value) {
        keep(c, (size_t)(value - c->partial));
        offer_option_value(c, joined);
    } else if (c->partial[0] == '-' && !operands_only) {
        offer_options(c);
    } else {
        offer_operand(c, commands);
    }
}

void cn_complete(const struct cn_command *commands, const struct cn_option *options,
                 char *const *words, int count)
{
    const struct itimerval limit = {.it_value.tv_sec = MOST_SECONDS};
    struct completion c = {.options = options, .before = ""};
    if (count < 1 || !(c.pool = cn_pool_new()))
        return;
    signal(SIGALRM, stop_search);
    setitimer(ITIMER_REAL, &limit, NULL);
    c.partial = words[count - 1];
    if (count == 1) {
        for (const struct cn_command *command = commands; command->name; command++)
            offer(&c, command->name, "", command->summary);
        offer(&c, "--help", "", "show the commands");
        offer(&c, "--version", "", "show versions, kernels and threads");
    }
    for (const struct cn_command *command = commands; count > 1 && command->name; command++)
        if (strcmp(words[0], command->name) == 0)
            c.command = command;
    if (c.command)
        complete_arguments(&c, commands, words + 1, count - 1);
    cn_pool_free(c.pool);
}
