/*
 * What is the same for all keys of a type.
 */
#include "config/key.h"

#include "base/format.h"

#include <stdio.h>
#include <string.h>

/* What a value of each type looks like: a format of the key's least and most. */
static const char *const forms[] = {
    [CN_KEY_GROUP] = "a group { ... }",
    [CN_KEY_GROUPS] = "a list of groups ( { ... }, ... )",
    [CN_KEY_NAMES] = "a list of names",
    [CN_KEY_YEARS] = "a list of years and ranges such as [ \"2020\", \"1960-2010/10\" ]",
    [CN_KEY_NAME] = "a name of letters, digits, \"_\", \"-\" and \".\"",
    [CN_KEY_NAMES_OR_ALL] =
        "a name of letters, digits, \"_\", \"-\" and \".\", a list of names, or \"*\" for all",
    [CN_KEY_IDENTIFIER] = "a name of %g to %g letters, digits, \"_\" and \"-\"",
    [CN_KEY_LABEL] = "a name of letters, digits, \"_\", \"-\", \".\" and {scenario}",
    [CN_KEY_TITLE] = "text",
    [CN_KEY_PATH] = "a path",
    [CN_KEY_PATHS] = "a path or a list of paths",
    [CN_KEY_PATTERN] = "a relative path that ends in .nc",
    [CN_KEY_GLOB] = "a path below input.root, with * and ** for names that differ",
    [CN_KEY_NETCDF_NAME] = "the name of a netCDF variable",
    [CN_KEY_ISSUE] = "a version such as \"1.1\"",
    [CN_KEY_INT] = "a whole number from %g to %g",
    [CN_KEY_REAL] = "a number from %g to %g",
    [CN_KEY_BOOL] = "true or false",
    [CN_KEY_RANGE] = "two numbers [a, b] from %g to %g",
    [CN_KEY_VERSION] = "\"newest\" or a version such as \"1.1\"",
    [CN_KEY_STATISTIC] = ("\"mean\", \"std\", \"min\", \"max\", \"median\" or a percentile such as "
                          "\"p90\""),
    [CN_KEY_THRESHOLD] = "a number and its unit such as \"90 degF\"",
    [CN_KEY_UNIT] = "a unit such as \"degC\"",
    [CN_KEY_UNITS] = "a unit for each variable: { tas = \"degC\"; }",
    [CN_KEY_SLICES] = "a value for each dimension: { plev = 85000.0; }",
    [CN_KEY_MEMORY] = "a share such as \"80%%\" or a size such as \"48GiB\"",
};

const struct cn_key *cn_key_find(const struct cn_key *keys, const char *group, const char *name)
{
    const size_t length = strlen(group);
    for (const struct cn_key *key = keys; key->path; key++)
        if (length == 0 ? strcmp(key->path, name) == 0
                        : strncmp(key->path, group, length) == 0 && key->path[length] == '.' &&
                              strcmp(key->path + length + 1, name) == 0)
            return key;
    return NULL;
}

const struct cn_key *cn_key_of_member(const struct cn_key *keys, const char *path)
{
    for (const struct cn_key *key = keys; key->path; key++) {
        const size_t length = strlen(key->path);
        if (cn_key_has_members(key) && strncmp(path, key->path, length) == 0 &&
            path[length] == '.' && path[length + 1])
            return key;
    }
    return NULL;
}

const char *cn_key_leaf(const struct cn_key *key)
{
    const char *dot = strrchr(key->path, '.');
    return dot ? dot + 1 : key->path;
}

const char *cn_key_expects(const struct cn_key *key, char text[CN_EXPECTS_BYTES])
{
    text[0] = '\0';
    if (key->type == CN_KEY_CHOICE)
        for (size_t i = 0; key->choices[i]; i++)
            cn_format_choice(text, CN_EXPECTS_BYTES, "\"", key->choices[i], !key->choices[i + 1]);
    else if (key->type == CN_KEY_NAMES && key->min > 0)
        snprintf(text, CN_EXPECTS_BYTES, "a list of at least one name");
    else
        snprintf(text, CN_EXPECTS_BYTES, forms[key->type], key->min, key->max);
    return text;
}

/* Removes Markdown: "`a`" becomes "a", "[text](#place)" becomes "text". */
static void remove_markdown(char *text)
{
    char *to = text;
    bool is_link = false;
    for (const char *from = text; *from; from++) {
        const char *close = *from == '[' ? strchr(from, ']') : NULL;
        if (close && close[1] == '(') {
            is_link = true;
        } else if (is_link && *from == ']') {
            is_link = false;
            from = strchr(from, ')');
        } else if (*from != '`') {
            *to++ = *from;
        }
    }
    *to = '\0';
}

const char *cn_key_explain(const struct cn_key *key, char text[CN_KEY_TEXT_BYTES])
{
    size_t used = (size_t)snprintf(text, CN_KEY_TEXT_BYTES, "%s", key->meaning);
    for (size_t i = 0; key->choices && key->choices[i] && used < CN_KEY_TEXT_BYTES; i++)
        used += (size_t)snprintf(text + used, CN_KEY_TEXT_BYTES - used, " \"%s\": %s.",
                                 key->choices[i], key->choice_meanings[i]);
    remove_markdown(text);
    return text;
}
