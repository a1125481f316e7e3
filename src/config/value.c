/*
 * Converts libconfig's tree or the text of --set to plain values. The only file that calls
 * libconfig.
 */
#include "config/value.h"

#include "base/error.h"
#include "base/utf8.h"
#include "config/lexer.h"
#include "guard/library.h"

#include <errno.h>
#include <libconfig.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Recursive; cn_config_text_prepare bounds the depth. */
static bool convert_setting(struct cn_pool *pool, config_setting_t *setting, struct cn_value *value)
{
    const char *name = config_setting_name(setting);
    *value = (struct cn_value){.location.line = (int)config_setting_source_line(setting)};
    if (name && !(value->name = cn_pool_strdup(pool, name)))
        return false;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        value->kind = CN_VALUE_BOOL;
        value->flag = config_setting_get_bool(setting);
        return true;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        value->kind = CN_VALUE_INT;
        value->integer = config_setting_get_int64(setting);
        value->real = (double)value->integer;
        return true;
    case CONFIG_TYPE_FLOAT:
        value->kind = CN_VALUE_REAL;
        value->real = config_setting_get_float(setting);
        return true;
    case CONFIG_TYPE_STRING:
        value->kind = CN_VALUE_TEXT;
        value->text = cn_pool_strdup(pool, config_setting_get_string(setting));
        return value->text;
    default:
        break;
    }
    value->kind = config_setting_is_group(setting) ? CN_VALUE_GROUP : CN_VALUE_LIST;
    int count = config_setting_length(setting);
    value->items = cn_pool_alloc(pool, (size_t)count, sizeof *value->items);
    for (; value->items && (int)value->count < count; value->count++) {
        config_setting_t *item = config_setting_get_elem(setting, (unsigned)value->count);
        if (!convert_setting(pool, item, &value->items[value->count]))
            return false;
    }
    return value->items;
}

/* A text while libconfig reads it. */
struct parser {
    config_t config;
    const char *text;
    bool is_begun;
};

/* CN_BAD_INPUT: a syntax error. */
static enum cn_status read_text(void *context, struct cn_error *error)
{
    struct parser *parser = context;
    (void)error;
    if (parser->is_begun)
        config_destroy(&parser->config);
    parser->is_begun = true;
    config_init(&parser->config);
    const locale_t before = uselocale((locale_t)0); /* libconfig 1.5 does not give it back */
    const bool is_read = config_read_string(&parser->config, parser->text);
    uselocale(before);
    return is_read ? CN_OK : CN_BAD_INPUT;
}

static enum cn_status fail_syntax(const config_t *config, int *line, struct cn_error *error)
{
    const char *what = config_error_text(config);
    *line = config_error_line(config);
    if (what && strncmp(what, "duplicate", 9) == 0)
        return cn_fail(error, CN_BAD_USAGE, "this key is given twice in its group; remove one");
    return cn_fail(error, CN_BAD_USAGE,
                   "syntax error here or just before; look for a missing quote, semicolon or "
                   "bracket, and for a comma before a closing bracket");
}

static enum cn_status parse_text(struct cn_pool *pool, const char *text, struct cn_value *root,
                                 int *line, struct cn_error *error)
{
    struct parser parser = {.text = text};
    enum cn_status status = cn_library_call(&(struct cn_library_call){.function = read_text,
                                                                      .context = &parser,
                                                                      .what = "config values",
                                                                      .input_is_sound = true},
                                            error);
    if (status == CN_BAD_INPUT)
        status = fail_syntax(&parser.config, line, error);
    else if (!status && !convert_setting(pool, config_root_setting(&parser.config), root))
        status = cn_fail_memory(error, "config values");
    config_destroy(&parser.config);
    return status;
}

/* The format that a text without comments is in, if it is one that people take for this one. */
static const char *other_format(const char *text)
{
    const char *first = text + strspn(text, " \t\r\n");
    if (*first == '{' && strchr(first, '"'))
        return "JSON";
    if (strncmp(first, "---", 3) == 0 || (strchr(text, ':') && !strpbrk(text, "=;")))
        return "YAML";
    return NULL;
}

enum cn_status cn_value_parse(struct cn_pool *pool, const char *text, struct cn_value *root,
                              int *line, struct cn_error *error)
{
    char *prepared = NULL;
    enum cn_status status = cn_config_text_prepare(text, &prepared, line, error);
    if (status == CN_OK)
        status = parse_text(pool, prepared, root, line, error);
    const char *format = status == CN_BAD_USAGE ? other_format(prepared ? prepared : text) : NULL;
    if (format)
        status = cn_fail(error, status,
                         "this looks like %s, but climnorm reads libconfig; let \"climnorm config "
                         "DATA\" write a config, or see docs/config.md",
                         format);
    free(prepared);
    return status;
}

enum cn_status cn_value_read(struct cn_pool *pool, const char *path, struct cn_value *root,
                             int *line, struct cn_error *error)
{
    char *text;
    *line = 0;
    enum cn_status status = cn_config_text_read(path, &text, error);
    if (status == CN_OK)
        status = cn_value_parse(pool, text, root, line, error);
    free(text);
    return status;
}

static bool split_list(struct cn_pool *pool, const char *text, struct cn_value *list)
{
    list->kind = CN_VALUE_LIST;
    size_t capacity = 0;
    if (!text[strspn(text, " ")])
        return true;
    for (bool more = true; more;) {
        struct cn_value *items =
            cn_pool_grow(pool, list->items, list->count, &capacity, sizeof *items);
        if (!items)
            return false;
        list->items = items;
        text += strspn(text, " ");
        size_t length = strcspn(text, ",");
        more = text[length] == ',';
        const char *next = text + length + more;
        while (length && text[length - 1] == ' ')
            length--;
        items[list->count] = (struct cn_value){.kind = CN_VALUE_TEXT, .location = list->location};
        if (!(items[list->count++].text = cn_pool_strndup(pool, text, length)))
            return false;
        text = next;
    }
    return true;
}

/* Leaves the value a text if it is not of the key's type. */
static void convert_scalar(const struct cn_key *key, const char *text, struct cn_value *value)
{
    char *end;
    errno = 0;
    if (key->type == CN_KEY_BOOL) {
        bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
        if (!yes && strcmp(text, "false") != 0 && strcmp(text, "no") != 0)
            return;
        value->kind = CN_VALUE_BOOL;
        value->flag = yes;
    } else if (key->type == CN_KEY_INT) {
        value->integer = strtoll(text, &end, 10);
        value->real = (double)value->integer;
        if (end != text && !*end && errno == 0)
            value->kind = CN_VALUE_INT;
    } else if (key->type == CN_KEY_REAL) {
        value->real = strtod(text, &end);
        if (end != text && !*end && errno == 0)
            value->kind = CN_VALUE_REAL;
    }
}

bool cn_value_from_text(struct cn_pool *pool, const struct cn_key *key, const char *text,
                        struct cn_location location, struct cn_value *value)
{
    *value = (struct cn_value){.kind = CN_VALUE_TEXT, .location = location};
    const bool is_list = key->type == CN_KEY_NAMES || key->type == CN_KEY_YEARS ||
                         (key->type == CN_KEY_NAMES_OR_ALL && strchr(text, ','));
    if (is_list)
        return split_list(pool, text, value);
    value->text = cn_pool_strdup(pool, text);
    convert_scalar(key, text, value);
    return value->text;
}

bool cn_text_is_clean(const char *text)
{
    while (*text)
        if (cn_is_control(cn_utf8_next(&text)))
            return false;
    return true;
}

static void show_text(const char *text, char shown[CN_SHOWN_BYTES])
{
    enum { MAX_BYTES = 60 };
    const char *end = text, *next = text;
    while (*end && cn_utf8_next(&next) != CN_NOT_UTF8 && next - text <= MAX_BYTES)
        end = next;
    snprintf(shown, CN_SHOWN_BYTES, "\"%.*s%s\"", (int)(end - text), text, *end ? "..." : "");
}

const char *cn_value_show(const struct cn_value *value, char shown[CN_SHOWN_BYTES])
{
    bool whole;
    switch (value->kind) {
    case CN_VALUE_BOOL:
        snprintf(shown, CN_SHOWN_BYTES, "%s", value->flag ? "true" : "false");
        break;
    case CN_VALUE_INT:
        snprintf(shown, CN_SHOWN_BYTES, "%lld", (long long)value->integer);
        break;
    case CN_VALUE_REAL:
        whole = value->real == trunc(value->real) && fabs(value->real) < 1e15;
        snprintf(shown, CN_SHOWN_BYTES, whole ? "%.1f" : "%.15g", value->real);
        break;
    case CN_VALUE_TEXT:
        show_text(value->text, shown);
        break;
    case CN_VALUE_LIST:
        snprintf(shown, CN_SHOWN_BYTES, value->count ? "a list of %zu" : "an empty list",
                 value->count);
        break;
    case CN_VALUE_GROUP:
        snprintf(shown, CN_SHOWN_BYTES, "a group");
        break;
    }
    return shown;
}
