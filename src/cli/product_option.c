/*
 * Turns KEY=VALUE,… into an entry of `products`. The table of keys says what needs quotes.
 */
#include "cli/product_option.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "config/key.h"
#include "config/write.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char list_path[] = "products";

/* The length of the key that the part begins with; 0: it begins with none. */
static size_t key_length(const char *part)
{
    const size_t length = strspn(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789_-");
    return isalpha((unsigned char)part[0]) && part[length] == '=' ? length : 0;
}

/* Whether the text gives this key before `end`. */
static bool is_given_before(const char *text, const char *end, size_t length)
{
    for (const char *part = text; part < end; part += strcspn(part, ",") + 1)
        if (key_length(part) == length && strncmp(part, end, length) == 0)
            return true;
    return false;
}

/* A copy of a part of the text in quotes. */
static void add_quoted(struct cn_strbuf *entry, const char *part, size_t length)
{
    char *copy = strndup(part, length);
    entry->failed |= !copy;
    if (copy)
        cn_config_quote(entry, copy);
    free(copy);
}

/* Adds the value at `value`, which ends at the comma behind its last part. Returns that end. */
static const char *add_value_of(const struct cn_key *key, const char *value,
                                struct cn_strbuf *entry)
{
    const bool is_list = key && key->type == CN_KEY_NAMES;
    size_t length = strcspn(value, ",");
    const bool is_number = key && key->type == CN_KEY_INT && length > 0 && length < 10 &&
                           strspn(value, "0123456789") == length;
    if (is_number)
        cn_strbuf_append(entry, value, length);
    else if (!is_list)
        add_quoted(entry, value, length);
    for (const char *before = "[ "; is_list; before = ", ") {
        cn_strbuf_add(entry, "%s", before);
        add_quoted(entry, value, length);
        if (!value[length] || key_length(value + length + 1))
            break;
        value += length + 1;
        length = strcspn(value, ",");
    }
    cn_strbuf_add(entry, is_list ? " ]; " : "; ");
    return value + length;
}

enum cn_status cn_product_option_add(const char *text, struct cn_strbuf *entry,
                                     struct cn_error *error)
{
    cn_strbuf_add(entry, "{ ");
    for (const char *part = text;; part++) {
        const size_t length = key_length(part);
        if (!length)
            return cn_fail(error, CN_BAD_USAGE,
                           "--product %s: expected KEY=VALUE,... such as name=p90,over=p90,pool=5; "
                           "\"climnorm help products\" lists the keys",
                           text);
        if (is_given_before(text, part, length))
            return cn_fail(error, CN_BAD_USAGE, "--product %s: \"%.*s\" is given twice; remove one",
                           text, (int)length, part);
        char name[64] = "";
        strncat(name, part, length < sizeof name ? length : sizeof name - 1);
        const struct cn_key *list = cn_key_find(cn_keys, "", list_path);
        cn_strbuf_add(entry, "%.*s = ", (int)length, part);
        part = add_value_of(cn_key_find(list->element, list_path, name), part + length + 1, entry);
        if (!*part)
            break;
    }
    cn_strbuf_add(entry, "}");
    return CN_OK;
}
