/*
 * Checks texts (length, characters, form) and stores them; paths are made absolute.
 */
#include "base/glob.h"
#include "config/builder.h"
#include "config/text_forms.h"
#include "products/groups.h"

#include <string.h>

bool cn_config_check_text(struct cn_config_builder *builder, const struct cn_key *key,
                          const struct cn_value *value)
{
    if (value->kind != CN_VALUE_TEXT)
        return cn_config_reject(builder, key, value, "");
    if (!value->text[0])
        return cn_config_reject(builder, key, value,
                                key->required ? "" : "; leave the key out to get its default");
    if (!cn_text_is_clean(value->text))
        cn_config_error(builder, value->location, key->path,
                        "holds control characters or bytes that are not UTF-8 text");
    else if (strlen(value->text) > (size_t)key->max)
        cn_config_error(builder, value->location, key->path, "is longer than %g bytes", key->max);
    else
        return true;
    return false;
}

static const char *absolute_path(struct cn_config_builder *builder, const char *text)
{
    size_t folder = *text == '/' ? 0 : strlen(builder->folder);
    for (; folder && (strncmp(text, "../", 3) == 0 || strcmp(text, "..") == 0);
         text += strlen(text) > 2 ? 3 : 2) /* no part of the folder is a link: ".." is above it */
        while (folder && builder->folder[--folder] != '/')
            ;
    char *path =
        cn_pool_printf(builder->config.pool, "%.*s/%s", (int)folder, builder->folder, text);
    if (!path)
        return NULL;
    char *to = path; /* drop "//", "/./" and a final "/"; keep "..", which may follow a link */
    for (const char *from = path; *from;) {
        size_t length = 1 + strcspn(from + 1, "/");
        if (length > 1 && !(length == 2 && from[1] == '.')) {
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
    return path;
}

bool cn_config_store_text(struct cn_config_builder *builder, const struct cn_key *key, void *at,
                          const struct cn_value *value)
{
    if (!cn_config_check_text(builder, key, value))
        return false;
    const char *text = value->text;
    struct cn_pool *pool = builder->config.pool;
    if (!cn_text_has_form(key->type, text) || (key->type == CN_KEY_UNIT && cn_names_origin(text)))
        return cn_config_reject(builder, key, value, "");
    bool path = key->type == CN_KEY_PATH || key->type == CN_KEY_PATTERN || key->type == CN_KEY_GLOB;
    if (path && (text[0] == '~' || strchr(text, '$'))) {
        cn_config_error(builder, value->location, key->path,
                        "~ and $VARIABLES are not replaced here: write the path itself");
        return false;
    }
    char buffer[256];
    const char *fault = key->type == CN_KEY_PATTERN ? cn_pattern_fault(text, buffer, sizeof buffer)
                        : key->type == CN_KEY_GLOB  ? cn_glob_fault(text)
                                                    : NULL;
    if (fault) {
        cn_config_error(builder, value->location, key->path, "%s", fault);
        return false;
    }
    text = key->type == CN_KEY_PATH ? absolute_path(builder, text) : cn_pool_strdup(pool, text);
    builder->out_of_memory |= !text;
    memcpy(at, &text, sizeof text);
    return text;
}
