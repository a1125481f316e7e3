/*
 * Checks one value against its key (type, range) and stores it. texts.c checks texts, members.c
 * those of groups with names of the user's own, check.c values together.
 */
#include "base/suggest.h"
#include "climnorm/limits.h"
#include "config/builder.h"
#include "config/text_forms.h"
#include "config/years.h"
#include "products/groups.h"
#include "products/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One path, or each path of a list. */
static bool store_paths(struct cn_config_builder *builder, const struct cn_key *key,
                        struct cn_list *list, const struct cn_value *value)
{
    const bool is_list = value->kind == CN_VALUE_LIST && value->count;
    const struct cn_value *items = is_list ? value->items : value;
    const size_t count = is_list ? value->count : 1;
    const struct cn_key one = {
        .path = key->path, .type = CN_KEY_PATH, .required = true, .max = key->max};
    const char **paths = cn_pool_alloc(builder->config.pool, count, sizeof *paths);
    bool good = paths;
    builder->out_of_memory |= !paths;
    for (size_t i = 0; paths && i < count; i++)
        good &= items[i].kind == CN_VALUE_TEXT
                    ? cn_config_store_text(builder, &one, &paths[i], &items[i])
                    : cn_config_reject(builder, key, &items[i], "");
    *list = (struct cn_list){paths, count};
    return good;
}

static bool store_number(struct cn_config_builder *builder, const struct cn_key *key, void *at,
                         const struct cn_value *value)
{
    bool whole = value->kind == CN_VALUE_INT;
    bool number = whole || (value->kind == CN_VALUE_REAL && key->type == CN_KEY_REAL);
    if (!number || !(value->real >= key->min && value->real <= key->max))
        return cn_config_reject(builder, key, value, "");
    int integer = (int)value->real;
    if (key->type == CN_KEY_INT)
        memcpy(at, &integer, sizeof integer);
    else
        memcpy(at, &value->real, sizeof value->real);
    return true;
}

static bool store_choice(struct cn_config_builder *builder, const struct cn_key *key, void *at,
                         const struct cn_value *value)
{
    char hint[CN_SUGGESTION_BYTES] = "";
    if (value->kind == CN_VALUE_TEXT) {
        struct cn_suggestion suggestion = {.word = value->text};
        for (int i = 0; key->choices[i]; i++) {
            const int choice = (int)key->min + i;
            if (strcmp(value->text, key->choices[i]) == 0) {
                memcpy(at, &choice, sizeof choice);
                return true;
            }
            cn_suggest(&suggestion, key->choices[i]);
        }
        cn_suggestion_text(&suggestion, hint);
    }
    return cn_config_reject(builder, key, value, hint);
}

static bool store_statistic(struct cn_config_builder *builder, const struct cn_key *key, void *at,
                            const struct cn_value *value)
{
    char hint[CN_SUGGESTION_BYTES] = "";
    if (value->kind == CN_VALUE_TEXT) {
        struct cn_suggestion suggestion = {.word = value->text};
        if (cn_over_parse(value->text, at))
            return true;
        cn_over_suggest(&suggestion);
        cn_suggestion_text(&suggestion, hint);
    }
    return cn_config_reject(builder, key, value, hint);
}

/* Whether the unit is one shows later, where that of a variable is known. */
static bool store_threshold(struct cn_config_builder *builder, const struct cn_key *key, void *at,
                            const struct cn_value *value)
{
    struct cn_threshold threshold;
    const bool is_number = value->kind == CN_VALUE_INT || value->kind == CN_VALUE_REAL ||
                           (value->kind == CN_VALUE_TEXT && *value->text &&
                            !value->text[strspn(value->text, "+-.0123456789eE ")]);
    if (is_number)
        return cn_config_reject(builder, key, value, "; write the unit, too");
    if (!cn_config_check_text(builder, key, value))
        return false;
    if (!cn_threshold_parse(value->text, &threshold))
        return cn_config_reject(builder, key, value, "");
    threshold.unit = cn_pool_strdup(builder->config.pool, threshold.unit);
    builder->out_of_memory |= !threshold.unit;
    memcpy(at, &threshold, sizeof threshold);
    return threshold.unit;
}

static bool store_range(struct cn_config_builder *builder, const struct cn_key *key, void *at,
                        const struct cn_value *value)
{
    if (value->kind != CN_VALUE_LIST || value->count != 2)
        return cn_config_reject(builder, key, value, "");
    double bounds[2];
    for (size_t i = 0; i < 2; i++) {
        const struct cn_value *bound = &value->items[i];
        bool number = bound->kind == CN_VALUE_INT || bound->kind == CN_VALUE_REAL;
        if (!number || !(bound->real >= key->min && bound->real <= key->max))
            return cn_config_reject(builder, key, bound, "");
        bounds[i] = bound->real;
    }
    memcpy(at, bounds, sizeof bounds);
    return true;
}

static bool store_version(struct cn_config_builder *builder, const struct cn_key *key,
                          const struct cn_value *value)
{
    const char *text = value->kind == CN_VALUE_TEXT ? value->text : "";
    struct cn_config *config = &builder->config;
    config->input.newest = strcmp(text, "newest") == 0;
    if (!config->input.newest &&
        !cn_version_parse(text, &config->input.version_major, &config->input.version_minor))
        return cn_config_reject(builder, key, value, "");
    return true;
}

/* "80%", "48GiB", "1.5 GiB", "500MB", "2000000000". */
static bool store_memory(struct cn_config_builder *builder, const struct cn_key *key,
                         const struct cn_value *value)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"", 1},         {"B", 1},        {"kB", 1e3},    {"KB", 1e3},
                 {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12},   {"KiB", 0x1p10},
                 {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};
    const char *text = value->kind == CN_VALUE_TEXT ? value->text : "";
    size_t digits = strspn(text, "0123456789.");
    char *end;
    double number = strtod(text, &end);
    if (digits == 0 || end != text + digits || !(number > 0))
        return cn_config_reject(builder, key, value, "");
    const char *unit = text + digits + strspn(text + digits, " ");
    struct cn_config *config = &builder->config;
    if (strcmp(unit, "%") == 0 && number <= 100) {
        config->engine.memory_share = number / 100;
        config->engine.memory_bytes = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double bytes = number * units[i].bytes;
        if (strcmp(unit, units[i].name) == 0 && bytes >= 1 && bytes < 0x1p63) {
            config->engine.memory_share = 0;
            config->engine.memory_bytes = (uint64_t)bytes;
            return true;
        }
    }
    return cn_config_reject(builder, key, value, "");
}

static bool store_names(struct cn_config_builder *builder, const struct cn_key *key,
                        struct cn_list *list, const struct cn_value *value)
{
    const bool takes_all = key->type == CN_KEY_NAMES_OR_ALL;
    const struct cn_key one = {.path = key->path,
                               .type = takes_all ? key->type : CN_KEY_NAME,
                               .required = !takes_all,
                               .max = CN_MAX_NAME_BYTES};
    const char **names = list->items;
    bool good = true;
    for (size_t i = 0; i < value->count; i++) {
        const struct cn_value *item = &value->items[i];
        if (!cn_config_store_text(builder, &one, &names[list->count], item)) {
            good = false;
            continue;
        }
        size_t earlier = 0;
        while (strcmp(names[earlier], names[list->count]) != 0)
            earlier++;
        if (earlier < list->count) {
            cn_config_error(builder, item->location, key->path,
                            "\"%s\" is listed twice; remove one", names[earlier]);
            good = false;
        } else {
            list->count++;
        }
    }
    return good;
}

/* Stores each target year once, in ascending order. */
static bool store_years(struct cn_config_builder *builder, const struct cn_key *key,
                        struct cn_list *list, const struct cn_value *value)
{
    bool is_named[CN_LAST_YEAR + 1] = {false};
    bool good = true;
    for (size_t i = 0; i < value->count; i++) {
        int years[3];
        if (!cn_years_parse(&value->items[i], years)) {
            char shown[CN_SHOWN_BYTES];
            cn_config_error(builder, value->items[i].location, key->path,
                            "expected a year such as 2020, a range \"1980-2100\" or a range with "
                            "a step \"1960-2020/10\", not %s",
                            cn_value_show(&value->items[i], shown));
            good = false;
            continue;
        }
        for (int year = years[0]; year <= years[1]; year += years[2])
            is_named[year] = true;
    }
    int *targets = list->items;
    for (int year = 0; year <= CN_LAST_YEAR; year++)
        if (is_named[year])
            targets[list->count++] = year;
    return good;
}

static bool has_member(const struct cn_value *group, const char *name)
{
    for (size_t i = 0; i < group->count; i++)
        if (strcmp(group->items[i].name, name) == 0)
            return true;
    return false;
}

static bool store_element(struct cn_config_builder *builder, const struct cn_key *list,
                          char *element, const struct cn_value *value)
{
    if (value->kind != CN_VALUE_GROUP)
        return cn_config_reject(builder, list, value, " in the list");
    memcpy(element, &value->location, sizeof value->location);
    bool good = true;
    for (size_t i = 0; i < value->count; i++) {
        const struct cn_value *member = &value->items[i];
        const struct cn_key *key = cn_key_find(list->element, list->path, member->name);
        if (!key)
            cn_config_unknown_key(builder, list->element, list->path, member->name,
                                  member->location);
        good &= key && cn_config_store(builder, key, element, member);
    }
    for (const struct cn_key *key = list->element; key->path; key++)
        if (key->required && !has_member(value, cn_key_leaf(key))) {
            char expects[CN_EXPECTS_BYTES];
            cn_config_error(builder, value->location, key->path,
                            "is missing: every entry needs it (%s)", cn_key_expects(key, expects));
            good = false;
        }
    return good;
}

static bool store_list(struct cn_config_builder *builder, const struct cn_key *key,
                       struct cn_list *list, const struct cn_value *value)
{
    struct cn_value copy = *value, as_list = {.kind = CN_VALUE_LIST, .items = &copy, .count = 1};
    if (key->type == CN_KEY_NAMES_OR_ALL && value->kind == CN_VALUE_TEXT)
        value = &as_list;
    if (value->kind != CN_VALUE_LIST)
        return cn_config_reject(builder, key, value, "");
    if (value->count < (size_t)key->min)
        return cn_config_reject(builder, key, value, "; leave the key out to get its default");
    if (value->count > (size_t)key->max) {
        cn_config_error(builder, value->location, key->path, "has %zu entries; %g is the most",
                        value->count, key->max);
        return false;
    }
    size_t count = value->count + 1, bytes = key->element_bytes;
    if (key->type == CN_KEY_NAMES || key->type == CN_KEY_NAMES_OR_ALL)
        bytes = sizeof(const char *);
    if (key->type == CN_KEY_YEARS) {
        count = CN_LAST_YEAR + 1;
        bytes = sizeof(int);
    }
    *list = (struct cn_list){.items = cn_pool_alloc(builder->config.pool, count, bytes)};
    if (!list->items) {
        builder->out_of_memory = true;
        return false;
    }
    if (key->type == CN_KEY_NAMES || key->type == CN_KEY_NAMES_OR_ALL)
        return store_names(builder, key, list, value);
    if (key->type == CN_KEY_YEARS)
        return store_years(builder, key, list, value);
    bool good = true;
    for (; list->count < value->count; list->count++)
        good &= store_element(builder, key, (char *)list->items + list->count * bytes,
                              &value->items[list->count]);
    return good;
}

bool cn_config_store(struct cn_config_builder *builder, const struct cn_key *key, void *base,
                     const struct cn_value *value)
{
    void *at = (char *)base + key->offset;
    switch (key->type) {
    case CN_KEY_GROUP:
        return cn_config_reject(builder, key, value, "");
    case CN_KEY_UNITS:
    case CN_KEY_SLICES:
        return cn_config_store_members(builder, key, at, value);
    case CN_KEY_GROUPS:
    case CN_KEY_NAMES:
    case CN_KEY_NAMES_OR_ALL:
    case CN_KEY_YEARS:
        return store_list(builder, key, at, value);
    case CN_KEY_PATHS:
        return store_paths(builder, key, at, value);
    case CN_KEY_INT:
    case CN_KEY_REAL:
        return store_number(builder, key, at, value);
    case CN_KEY_BOOL:
        if (value->kind != CN_VALUE_BOOL)
            return cn_config_reject(builder, key, value, "");
        memcpy(at, &value->flag, sizeof value->flag);
        return true;
    case CN_KEY_CHOICE:
        return store_choice(builder, key, at, value);
    case CN_KEY_RANGE:
        return store_range(builder, key, at, value);
    case CN_KEY_VERSION:
        return store_version(builder, key, value);
    case CN_KEY_MEMORY:
        return store_memory(builder, key, value);
    case CN_KEY_STATISTIC:
        return store_statistic(builder, key, at, value);
    case CN_KEY_THRESHOLD:
        return store_threshold(builder, key, at, value);
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
        return cn_config_store_text(builder, key, at, value);
    }
    return false;
}
