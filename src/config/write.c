/*
 * The text of a config, from the table of keys and the values in memory. It knows no key: what a
 * value looks like depends on its type alone.
 */
#include "config/write.h"

#include "base/c_locale.h"
#include "base/format.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "config/builder.h"
#include "config/years.h"
#include "products/groups.h"
#include "products/statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 80 };

struct config_writer {
    const struct cn_config_builder *builder;
    const struct cn_config_note *notes;
    size_t note_count;
    struct cn_strbuf text;
};

void cn_config_quote(struct cn_strbuf *buffer, const char *text)
{
    cn_strbuf_add(buffer, "\"");
    for (; *text; text++) {
        if ((unsigned char)*text < ' ')
            cn_strbuf_add(buffer, "\\x%02x", (unsigned char)*text);
        else
            cn_strbuf_add(buffer, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    cn_strbuf_add(buffer, "\"");
}

static void add_number(struct cn_strbuf *text, double number)
{
    char digits[CN_NUMBER_BYTES];
    cn_strbuf_add(text, "%s", cn_format_number(number, digits));
}

static void add_text_list(struct cn_strbuf *text, const struct cn_list *list)
{
    const char *const *items = list->items;
    cn_strbuf_add(text, list->count ? "[ " : "[");
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            cn_strbuf_add(text, ", ");
        cn_config_quote(text, items[i]);
    }
    cn_strbuf_add(text, list->count ? " ]" : "]");
}

static void add_units(struct cn_strbuf *text, const struct cn_list *list)
{
    const struct cn_variable_unit *units = list->items;
    cn_strbuf_add(text, "{ ");
    for (size_t i = 0; i < list->count; i++) {
        cn_strbuf_add(text, "%s = ", units[i].variable);
        cn_config_quote(text, units[i].unit);
        cn_strbuf_add(text, "; ");
    }
    cn_strbuf_add(text, "}");
}

static void add_slices(struct cn_strbuf *text, const struct cn_list *list)
{
    const struct cn_slice_choice *slices = list->items;
    cn_strbuf_add(text, "{ ");
    for (size_t i = 0; i < list->count; i++) {
        cn_strbuf_add(text, "%s = ", slices[i].dim);
        if (slices[i].is_text)
            cn_config_quote(text, slices[i].text);
        else
            cn_strbuf_add(text, "%s", slices[i].text);
        cn_strbuf_add(text, "; ");
    }
    cn_strbuf_add(text, "}");
}

static void add_memory(struct cn_strbuf *text, const struct cn_config *config)
{
    cn_strbuf_add(text, "\"");
    if (config->engine.memory_share > 0)
        add_number(text, config->engine.memory_share * 100);
    else
        cn_strbuf_add(text, "%llu", (unsigned long long)config->engine.memory_bytes);
    cn_strbuf_add(text, config->engine.memory_share > 0 ? "%%\"" : "\"");
}

static void add_groups(struct cn_strbuf *text, const struct cn_config *config,
                       const struct cn_key *key, const struct cn_list *list);

/* Adds the value of a key at base + key->offset. */
static void add_value(struct cn_strbuf *text, const struct cn_config *config,
                      const struct cn_key *key, const void *base)
{
    const void *at = (const char *)base + key->offset;
    const double *range = at;
    const struct cn_list *list = at;
    char name[CN_OVER_BYTES], threshold[CN_THRESHOLD_BYTES];
    switch (key->type) {
    case CN_KEY_GROUP:
        break;
    case CN_KEY_GROUPS:
        add_groups(text, config, key, list);
        break;
    case CN_KEY_NAMES:
        add_text_list(text, list);
        break;
    case CN_KEY_YEARS:
        cn_years_write(text, list->items, list->count);
        break;
    case CN_KEY_NAMES_OR_ALL:
    case CN_KEY_PATHS:
        if (list->count == 1)
            cn_config_quote(text, *(const char *const *)list->items);
        else
            add_text_list(text, list);
        break;
    case CN_KEY_NAME:
    case CN_KEY_IDENTIFIER:
    case CN_KEY_LABEL:
    case CN_KEY_TITLE:
    case CN_KEY_PATH:
    case CN_KEY_PATTERN:
    case CN_KEY_GLOB:
    case CN_KEY_NETCDF_NAME:
    case CN_KEY_ISSUE:
    case CN_KEY_UNIT:
        cn_config_quote(text, *(const char *const *)at);
        break;
    case CN_KEY_INT:
        cn_strbuf_add(text, "%d", *(const int *)at);
        break;
    case CN_KEY_REAL:
        add_number(text, *(const double *)at);
        break;
    case CN_KEY_BOOL:
        cn_strbuf_add(text, "%s", *(const bool *)at ? "true" : "false");
        break;
    case CN_KEY_CHOICE:
        cn_config_quote(text, key->choices[*(const int *)at - (int)key->min]);
        break;
    case CN_KEY_RANGE:
        cn_strbuf_add(text, "[ ");
        add_number(text, range[0]);
        cn_strbuf_add(text, ", ");
        add_number(text, range[1]);
        cn_strbuf_add(text, " ]");
        break;
    case CN_KEY_VERSION:
        if (config->input.newest)
            cn_config_quote(text, "newest");
        else
            cn_strbuf_add(text, "\"%d.%d\"", config->input.version_major,
                          config->input.version_minor);
        break;
    case CN_KEY_STATISTIC:
        cn_config_quote(text, cn_over_text(at, name));
        break;
    case CN_KEY_THRESHOLD:
        cn_config_quote(text, cn_threshold_text(at, threshold));
        break;
    case CN_KEY_UNITS:
        add_units(text, list);
        break;
    case CN_KEY_SLICES:
        add_slices(text, list);
        break;
    case CN_KEY_MEMORY:
        add_memory(text, config);
        break;
    }
}

/* Whether a member of an entry was given: those that may be left out are then NULL or too low. */
static bool is_given(const struct cn_key *key, const void *entry)
{
    const void *at = (const char *)entry + key->offset;
    if (key->type == CN_KEY_INT || key->type == CN_KEY_CHOICE)
        return *(const int *)at >= key->min;
    if (key->type == CN_KEY_THRESHOLD)
        return ((const struct cn_threshold *)at)->unit;
    return key->required || key->type == CN_KEY_STATISTIC || *(const char *const *)at;
}

static void add_groups(struct cn_strbuf *text, const struct cn_config *config,
                       const struct cn_key *key, const struct cn_list *list)
{
    cn_strbuf_add(text, "(");
    for (size_t i = 0; i < list->count; i++) {
        const char *entry = (const char *)list->items + i * key->element_bytes;
        cn_strbuf_add(text, "%s { ", i ? "," : "");
        for (const struct cn_key *member = key->element; member->path; member++)
            if (is_given(member, entry)) {
                cn_strbuf_add(text, "%s = ", cn_key_leaf(member));
                add_value(text, config, member, entry);
                cn_strbuf_add(text, "; ");
            }
        cn_strbuf_add(text, "}");
    }
    cn_strbuf_add(text, " )");
}

/* Adds a paragraph as comments in lines of at most WIDTH columns. */
static void add_comment(struct config_writer *writer, const char *indent, const char *paragraph)
{
    struct cn_strbuf *text = &writer->text;
    char *copy = strdup(paragraph);
    if (!copy) {
        text->failed = true;
        return;
    }
    cn_make_printable(copy);
    size_t column = 0;
    for (const char *word = copy; *word; word += strspn(word, " ")) {
        const size_t length = strcspn(word, " ");
        if (column && column + 1 + length > WIDTH) {
            cn_strbuf_add(text, "\n");
            column = 0;
        }
        if (!column)
            cn_strbuf_add(text, "%s#", indent);
        column = (column ? column : strlen(indent) + 1) + 1 + length;
        cn_strbuf_add(text, " ");
        cn_strbuf_append(text, word, length);
        word += length;
    }
    cn_strbuf_add(text, "\n");
    free(copy);
}

/* key NULL: those at the head. */
static void add_notes(struct config_writer *writer, const char *indent, const char *key)
{
    for (size_t i = 0; i < writer->note_count; i++) {
        const char *of = writer->notes[i].key;
        if (!writer->notes[i].is_example && (key ? of && strcmp(of, key) == 0 : !of))
            add_comment(writer, indent, writer->notes[i].text);
    }
}

static const char *example_of(const struct config_writer *writer, const struct cn_key *key)
{
    for (size_t i = 0; i < writer->note_count; i++)
        if (writer->notes[i].is_example && strcmp(writer->notes[i].key, key->path) == 0)
            return writer->notes[i].text;
    return key->example ? key->example : "...";
}

static void add_key(struct config_writer *writer, const char *indent, const struct cn_key *key)
{
    const struct cn_config_builder *builder = writer->builder;
    const struct cn_key_state *state = &builder->key_states[key - cn_keys];
    const bool is_set = state->state == CN_SET,
               is_own = is_set && (state->location.line || state->location.override);
    char meaning[CN_KEY_TEXT_BYTES];
    add_comment(writer, indent, cn_key_explain(key, meaning));
    add_notes(writer, indent, key->path);
    cn_strbuf_add(&writer->text, "%s%s%s = ", indent, is_own ? "" : "# ", cn_key_leaf(key));
    if (is_set)
        add_value(&writer->text, &builder->config, key, builder);
    else
        cn_strbuf_add(&writer->text, "%s", example_of(writer, key));
    cn_strbuf_add(&writer->text, ";\n");
}

static void add_keys(struct config_writer *writer)
{
    const char *group = NULL;
    size_t length = 0;
    for (const struct cn_key *key = cn_keys; key->path; key++) {
        const bool is_member =
            group && strncmp(key->path, group, length) == 0 && key->path[length] == '.';
        if (group && !is_member) {
            cn_strbuf_add(&writer->text, "};\n");
            group = NULL;
        }
        if (!is_member)
            cn_strbuf_add(&writer->text, "\n");
        if (key->type == CN_KEY_GROUP) {
            group = key->path;
            length = strlen(group);
            add_comment(writer, "", key->meaning);
            cn_strbuf_add(&writer->text, "%s: {\n", group);
        } else {
            add_key(writer, is_member ? "  " : "", key);
        }
    }
    if (group)
        cn_strbuf_add(&writer->text, "};\n");
}

char *cn_config_write(const struct cn_config *config, const struct cn_config_note *notes,
                      size_t note_count)
{
    struct config_writer writer = {.builder = (const struct cn_config_builder *)config,
                                   .notes = notes,
                                   .note_count = note_count};
    const locale_t before = cn_c_locale_enter();
    add_notes(&writer, "", NULL);
    add_keys(&writer);
    cn_c_locale_leave(before);
    return cn_strbuf_detach(&writer.text);
}
