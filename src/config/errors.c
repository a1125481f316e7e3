/*
 * The errors of a config: where a value was given, and the key that was meant. It knows no key.
 */
#include "base/error.h"
#include "base/suggest.h"
#include "config/builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PROBLEMS = 100 };

const char *cn_config_location_text(struct cn_config_builder *builder, struct cn_location location)
{
    const char *path = builder->config.path, *text = path;
    const struct cn_override *override = location.override;
    if (override && override->option)
        text = cn_pool_printf(builder->config.pool, "--%s %.200s", override->option,
                              override->value ? override->value : strchr(override->text, '=') + 1);
    else if (override)
        text = cn_pool_printf(builder->config.pool, "--set %.200s", override->text);
    else if (location.line > 0 && (size_t)location.line <= builder->line_count &&
             builder->typed[location.line - 1])
        text = cn_pool_strdup(builder->config.pool, builder->typed[location.line - 1]);
    else if (location.line)
        text = cn_pool_printf(builder->config.pool, "%s:%d", path, location.line);
    builder->out_of_memory |= !text;
    return text ? text : path;
}

void cn_config_error(struct cn_config_builder *builder, struct cn_location location,
                     const char *key, const char *format, ...)
{
    builder->failed = true;
    if (builder->problems->count > MAX_PROBLEMS)
        return;
    if (builder->problems->count == MAX_PROBLEMS) {
        cn_problems_add(builder->problems, CN_PROBLEM,
                        "%s: more errors follow; correct these first", builder->config.path);
        return;
    }
    struct cn_error what;
    va_list args;
    va_start(args, format);
    vsnprintf(what.text, sizeof what.text, format, args);
    va_end(args);
    const char *where = cn_config_location_text(builder, location);
    if (key && !location.override)
        cn_problems_add(builder->problems, CN_PROBLEM, "%s: %s: %s", where, key, what.text);
    else
        cn_problems_add(builder->problems, CN_PROBLEM, "%s: %s", where, what.text);
}

bool cn_config_reject(struct cn_config_builder *builder, const struct cn_key *key,
                      const struct cn_value *value, const char *hint)
{
    char expects[CN_EXPECTS_BYTES], shown[CN_SHOWN_BYTES];
    cn_config_error(builder, value->location, key->path, "expected %s, not %s%s",
                    cn_key_expects(key, expects), cn_value_show(value, shown), hint);
    return false;
}

struct cn_key_state *cn_config_key_state(struct cn_config_builder *builder, const char *path)
{
    return &builder->key_states[cn_key_find(cn_keys, "", path) - cn_keys];
}

/* Guesses the key that was meant: one of the same group with a similar name, else one of another
 * group with the same name, else one with a similar path. NULL: none. */
static const struct cn_key *find_meant_key(const struct cn_key *keys, const char *group,
                                           const char *name, const char *full)
{
    const struct cn_key *in_group = NULL, *of_name = NULL, *other = NULL;
    struct cn_suggestion by_name = {.word = name}, by_path = {.word = full};
    for (const struct cn_key *key = keys; key->path; key++) {
        const char *leaf = cn_key_leaf(key);
        size_t prefix = leaf == key->path ? 0 : (size_t)(leaf - key->path) - 1;
        if (prefix == strlen(group) && strncmp(key->path, group, prefix) == 0) {
            cn_suggest(&by_name, leaf);
            in_group = by_name.best == leaf ? key : in_group;
        } else if (!of_name && strcmp(leaf, name) == 0) {
            of_name = key;
        }
        cn_suggest(&by_path, key->path);
        other = by_path.best == key->path ? key : other;
    }
    return in_group ? in_group : of_name ? of_name : other;
}

void cn_config_unknown_key(struct cn_config_builder *builder, const struct cn_key *keys,
                           const char *group, const char *name, struct cn_location location)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s%.150s", group, *group ? "." : "", name);
    const struct cn_key *meant = find_meant_key(keys, group, name, full);
    if (meant)
        cn_config_error(builder, location, full, "is not a key (did you mean \"%s\"?)",
                        meant->path);
    else
        cn_config_error(builder, location, full, "is not a key; docs/config.md lists all keys");
}
