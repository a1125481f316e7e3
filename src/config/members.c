/*
 * Groups whose members have names of the user's own: variables, dimensions.
 */
#include "base/format.h"
#include "climnorm/limits.h"
#include "config/builder.h"
#include "config/text_forms.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The unit of a variable. */
static bool store_unit(struct cn_config_builder *builder, const struct cn_key *key,
                       const struct cn_value *value, struct cn_variable_unit *unit)
{
    char path[CN_MAX_NAME_BYTES + 40];
    const struct cn_key one = {.path = path, .type = CN_KEY_UNIT, .min = 1, .max = key->max};
    const char *name = value->name;
    unit->variable = name;
    snprintf(path, sizeof path, "%s.%.*s", key->path, CN_MAX_NAME_BYTES, name);
    if (isalpha((unsigned char)*name) && cn_text_has_form(CN_KEY_IDENTIFIER, name) &&
        strlen(name) <= CN_MAX_NAME_BYTES)
        return cn_config_store_text(builder, &one, &unit->unit, value);
    cn_config_error(builder, value->location, path,
                    "the name of a variable begins with a letter and has letters, digits, "
                    "\"_\" and \"-\"; products.units takes other names");
    return false;
}

/* Whether a text of --set is a number that no double holds, such as "1e400". In a file a text has
 * quotes, and is what it says. */
static bool is_huge_number(const struct cn_value *value)
{
    char *end;
    return value->location.override && value->kind == CN_VALUE_TEXT &&
           !value->text[strspn(value->text, "+-.0123456789eE")] &&
           isinf(strtod(value->text, &end)) && !*end;
}

/* What is read along a dimension: a number or a text. */
static bool store_slice(struct cn_config_builder *builder, const struct cn_key *key,
                        const struct cn_value *value, struct cn_slice_choice *slice)
{
    char path[CN_MAX_VARIABLE_BYTES + 40];
    const struct cn_key text = {
        .path = path, .type = CN_KEY_TITLE, .required = true, .min = 1, .max = key->max};
    const bool is_number = value->kind == CN_VALUE_INT || value->kind == CN_VALUE_REAL;
    char *end;
    snprintf(path, sizeof path, "%s.%.*s", key->path, CN_MAX_VARIABLE_BYTES, value->name);
    *slice = (struct cn_slice_choice){
        .dim = value->name, .origin = key->path, .is_text = !is_number, .number = value->real};
    if (is_number ? !isfinite(value->real) : is_huge_number(value)) {
        cn_config_error(builder, value->location, path, "the number is too large");
        return false;
    }
    if (!is_number && value->kind != CN_VALUE_TEXT) {
        char shown[CN_SHOWN_BYTES];
        cn_config_error(builder, value->location, path,
                        "expected a number, a text or \"all\", not %s",
                        cn_value_show(value, shown));
        return false;
    }
    if (is_number) {
        char digits[CN_NUMBER_BYTES];
        slice->text = cn_pool_strdup(builder->config.pool, cn_format_number(value->real, digits));
        builder->out_of_memory |= !slice->text;
        return slice->text;
    }
    if (!cn_config_store_text(builder, &text, &slice->text, value))
        return false;
    slice->is_all = strcmp(slice->text, "all") == 0;
    slice->number = strtod(slice->text, &end);
    if (*end || end == slice->text || !isfinite(slice->number))
        slice->number = NAN;
    return true;
}

void cn_config_check_slices(struct cn_config_builder *builder, struct cn_location location,
                            const char *path, const struct cn_list *list)
{
    const struct cn_slice_choice *slices = list->items, *first = NULL;
    for (size_t i = 0; i < list->count; i++) {
        if (!slices[i].is_all)
            continue;
        if (first)
            cn_config_error(builder, location, path,
                            "both %s and %s are \"all\", but only one dimension may be; choose a "
                            "value for the other",
                            first->dim, slices[i].dim);
        first = first ? first : &slices[i];
    }
}

bool cn_config_store_members(struct cn_config_builder *builder, const struct cn_key *key,
                             struct cn_list *list, const struct cn_value *value)
{
    const bool is_of_units = key->type == CN_KEY_UNITS;
    const size_t bytes =
        is_of_units ? sizeof(struct cn_variable_unit) : sizeof(struct cn_slice_choice);
    if (value->kind != CN_VALUE_GROUP)
        return cn_config_reject(builder, key, value, "");
    char *items = cn_pool_alloc(builder->config.pool, list->count + value->count, bytes);
    if (!items) {
        builder->out_of_memory = true;
        return false;
    }
    if (list->count)
        memcpy(items, list->items, list->count * bytes);
    list->items = items;
    bool good = true;
    for (size_t i = 0; i < value->count; i++) {
        const struct cn_value *member = &value->items[i];
        void *item = items + list->count * bytes;
        size_t earlier = 0; /* the name comes first in both structures */
        while (earlier < list->count &&
               strcmp(*(const char **)(void *)(items + earlier * bytes), member->name) != 0)
            earlier++;
        if (earlier < list->count)
            continue;
        const bool is_right = is_of_units ? store_unit(builder, key, member, item)
                                          : store_slice(builder, key, member, item);
        list->count += is_right;
        good &= is_right;
    }
    return good;
}
