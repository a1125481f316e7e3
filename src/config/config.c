/*
 * Reads a config: parses the file, applies --set, fills in the rest from file and defaults, and
 * checks values together. All errors are collected, except when the file cannot be read or parsed.
 */
#include "config/builder.h"

#include "base/c_locale.h"
#include "base/error.h"
#include "config/read.h"
#include "guard/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store_with_state(struct cn_config_builder *builder, const struct cn_key *key,
                             const struct cn_value *value)
{
    struct cn_key_state *key_state = &builder->key_states[key - cn_keys];
    key_state->state = cn_config_store(builder, key, builder, value) ? CN_SET : CN_WRONG;
    key_state->location = value->location;
}

/* Returns the key of an override; NULL: it is wrong, and a problem was added. */
static const struct cn_key *override_key(struct cn_config_builder *builder,
                                         const struct cn_override *override)
{
    struct cn_location location = {0, override};
    const char *text = override->text;
    size_t length = strcspn(text, "=");
    if (!cn_text_is_clean(text)) {
        char name[151];
        snprintf(name, sizeof name, "%.*s", (int)length, text);
        const struct cn_key *meant = cn_key_find(cn_keys, "", name);
        if (meant) /* so that nobody misses it */
            builder->key_states[meant - cn_keys].state = CN_WRONG;
        cn_config_error(builder, (struct cn_location){0}, NULL,
                        "--%s: holds control characters or bytes that are not UTF-8",
                        override->option ? override->option : "set");
        return NULL;
    }
    if (length == 0 || !text[length]) {
        cn_config_error(builder, location, NULL, "expected KEY=VALUE, such as engine.threads=8");
        return NULL;
    }
    char path[151]; /* longer than every key */
    snprintf(path, sizeof path, "%.*s", (int)length, text);
    const struct cn_key *key = cn_key_find(cn_keys, "", path);
    if (!key) {
        key = cn_key_of_member(cn_keys, path);
    } else if (cn_key_has_members(key)) {
        cn_config_error(builder, location, NULL,
                        "\"%s\" is a group; set one of its keys, such as %s.%s", key->path,
                        key->path, key->member);
        return NULL;
    }
    if (key && key->type == CN_KEY_GROUP) {
        cn_config_error(builder, location, NULL,
                        "\"%s\" is a group; set one of its keys, such as %s", key->path,
                        key[1].path);
        return NULL;
    }
    if (key && key->type == CN_KEY_GROUPS) {
        cn_config_error(builder, location, NULL,
                        "\"%s\" is a list of groups, which only the config file can hold",
                        key->path);
        return NULL;
    }
    if (!key) {
        char *dot = strrchr(path, '.');
        if (dot)
            *dot = '\0';
        cn_config_unknown_key(builder, cn_keys, dot ? path : "", dot ? dot + 1 : path, location);
    }
    return key;
}

/* Whether a later override sets the same key. */
static bool is_set_again(const struct cn_override *overrides, size_t count)
{
    const size_t length = strcspn(overrides[0].text, "=") + 1; /* with the "=" */
    for (size_t i = 1; i < count; i++)
        if (strncmp(overrides[i].text, overrides[0].text, length) == 0)
            return true;
    return false;
}

/* Turns the value of "output.units.tas" into a group with the member "tas". False: out of memory.
 */
static bool make_group(struct cn_pool *pool, const struct cn_key *key, struct cn_value *value)
{
    const char *name = value->location.override->text + strlen(key->path) + 1;
    struct cn_value *member = cn_pool_alloc(pool, 1, sizeof *member);
    if (!member)
        return false;
    *member = *value;
    member->name = cn_pool_strndup(pool, name, strcspn(name, "="));
    *value = (struct cn_value){
        .kind = CN_VALUE_GROUP, .location = value->location, .items = member, .count = 1};
    return member->name;
}

/* Of several overrides of a key only the last counts; the others are not checked. */
static void apply_overrides(struct cn_config_builder *builder, const struct cn_override *overrides,
                            size_t count)
{
    struct cn_pool *pool = builder->config.pool;
    for (size_t i = 0; i < count; i++) {
        const struct cn_key *key = override_key(builder, &overrides[i]);
        if (!key || is_set_again(overrides + i, count - i))
            continue;
        struct cn_value value;
        const char *text = strchr(overrides[i].text, '=') + 1;
        struct cn_location location = {0, &overrides[i]};
        if (!cn_value_from_text(pool, key, text, location, &value) ||
            (cn_key_has_members(key) && !make_group(pool, key, &value))) {
            builder->out_of_memory = true;
            return;
        }
        store_with_state(builder, key, &value);
    }
}

static void apply_group(struct cn_config_builder *builder, const char *group,
                        const struct cn_value *members)
{
    for (size_t i = 0; i < members->count; i++) {
        const struct cn_value *value = &members->items[i];
        const struct cn_key *key = cn_key_find(cn_keys, group, value->name);
        if (!key)
            cn_config_unknown_key(builder, cn_keys, group, value->name, value->location);
        else if (key->type == CN_KEY_GROUP && value->kind == CN_VALUE_GROUP)
            apply_group(builder, key->path, value);
        else if (builder->key_states[key - cn_keys].state == CN_UNSET ||
                 cn_key_has_members(key)) /* --set replaces single ones of these */
            store_with_state(builder, key, value);
    }
}

static void apply_defaults(struct cn_config_builder *builder)
{
    for (const struct cn_key *key = cn_keys; key->path; key++) {
        if (builder->key_states[key - cn_keys].state != CN_UNSET)
            continue;
        struct cn_value value;
        if (key->required) {
            if (builder->may_lack_root && strcmp(key->path, "output.root") == 0)
                continue;
            char expects[CN_EXPECTS_BYTES];
            cn_config_error(builder, (struct cn_location){0}, key->path,
                            "is missing: every config needs it (%s)", cn_key_expects(key, expects));
        } else if (key->default_text &&
                   !cn_value_from_text(builder->config.pool, key, key->default_text,
                                       (struct cn_location){0}, &value))
            builder->out_of_memory = true;
        else if (key->default_text)
            store_with_state(builder, key, &value);
    }
}

/* The absolute folder of the config file. */
static const char *folder_of(struct cn_pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name =
        slash ? cn_pool_strndup(pool, path, (size_t)(slash - path) + 1) : cn_pool_strdup(pool, ".");
    char *real = name ? realpath(name, NULL) : NULL;
    const char *folder = cn_pool_strdup(pool, real);
    free(real);
    return folder;
}

static const char *origin_of(struct cn_config_builder *builder, const char *path)
{
    return cn_config_location_text(builder, cn_config_key_state(builder, path)->location);
}

/* text: what is read; NULL: the file of builder->config.path. */
static enum cn_status read_settings(struct cn_config_builder *builder, const char *text,
                                    const struct cn_override *overrides, size_t count)
{
    struct cn_value root;
    struct cn_error error;
    int line;
    struct cn_pool *pool = builder->config.pool;
    const char *path = builder->config.path;
    enum cn_status status = text ? cn_value_parse(pool, text, &root, &line, &error)
                                 : cn_value_read(pool, path, &root, &line, &error);
    if (status != CN_OK) {
        if (status == CN_BAD_USAGE && line)
            cn_problems_add(builder->problems, CN_PROBLEM, "%s:%d: %s", path, line, error.text);
        else
            cn_problems_add(builder->problems, CN_PROBLEM, "%s", error.text);
        return status;
    }
    builder->folder = folder_of(pool, text ? "." : path);
    if (!builder->folder) {
        int reason = errno;
        cn_problems_add(builder->problems, CN_PROBLEM, "%s: its folder cannot be found: %s", path,
                        strerror(reason));
        return cn_errno_status(reason, CN_BAD_USAGE);
    }
    apply_overrides(builder, overrides, count);
    apply_group(builder, "", &root);
    apply_defaults(builder);
    cn_config_check(builder);
    cn_config_check_datasets(builder);
    cn_config_check_products(builder);
    builder->config.origin.input_root = origin_of(builder, "input.root");
    builder->config.origin.engine_memory = origin_of(builder, "engine.memory");
    builder->config.origin.output_root = origin_of(builder, "output.root");
    builder->config.origin.output_pattern = origin_of(builder, "output.pattern");
    if (builder->out_of_memory) {
        cn_problems_add(builder->problems, CN_PROBLEM, "out of memory (config)");
        return CN_BAD_MACHINE;
    }
    return builder->failed ? CN_BAD_USAGE : CN_OK;
}

enum cn_status cn_config_read_lines(const struct cn_config_text *source,
                                    const struct cn_override *overrides, size_t override_count,
                                    struct cn_config **config, struct cn_problems *problems)
{
    *config = NULL;
    struct cn_pool *pool = cn_pool_new();
    struct cn_config_builder *builder = pool ? cn_pool_alloc(pool, 1, sizeof *builder) : NULL;
    const char *own_path = builder ? cn_pool_strdup(pool, source->name) : NULL;
    if (!own_path) {
        cn_problems_add(problems, CN_PROBLEM, "out of memory (config)");
        cn_pool_free(pool);
        return CN_BAD_MACHINE;
    }
    builder->config.pool = pool;
    builder->config.path = own_path;
    builder->problems = problems;
    builder->typed = source->typed;
    builder->line_count = source->line_count;
    builder->may_lack_root = source->may_lack_root;
    const locale_t before = cn_c_locale_enter();
    enum cn_status status = read_settings(builder, source->text, overrides, override_count);
    cn_c_locale_leave(before);
    if (status == CN_OK)
        *config = &builder->config;
    else
        cn_pool_free(pool);
    return status;
}

enum cn_status cn_config_read(const char *path, const struct cn_override *overrides,
                              size_t override_count, struct cn_config **config,
                              struct cn_problems *problems)
{
    return cn_config_read_lines(&(struct cn_config_text){.name = path}, overrides, override_count,
                                config, problems);
}

enum cn_status cn_config_read_text(const char *name, const char *text,
                                   const struct cn_override *overrides, size_t override_count,
                                   struct cn_config **config, struct cn_problems *problems)
{
    return cn_config_read_lines(
        &(struct cn_config_text){.name = name, .text = text, .may_lack_root = true}, overrides,
        override_count, config, problems);
}

void cn_config_free(struct cn_config *config)
{
    if (config)
        cn_pool_free(config->pool);
}
