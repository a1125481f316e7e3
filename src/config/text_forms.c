/*
 * The forms of names. Most become parts of paths, so they do not begin with a dot.
 */
#include "config/text_forms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the text has only letters, digits, characters of `also`, and the field (unless it is
 * ""). */
static bool is_name(const char *text, const char *also, const char *field)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const size_t length = strlen(field);
    if (text[0] == '.')
        return false;
    while (*text) {
        if (length && strncmp(text, field, length) == 0)
            text += length;
        else if (strchr(letters, *text) || strchr(also, *text))
            text++;
        else
            return false;
    }
    return true;
}

bool cn_version_parse(const char *text, int *major, int *minor)
{
    char before[9] = "", after[9] = "";
    int length = 0;
    sscanf(text, "%8[0-9].%8[0-9]%n", before, after, &length);
    if (!length || text[length])
        return false;
    *major = (int)strtol(before, NULL, 10);
    *minor = (int)strtol(after, NULL, 10);
    return true;
}

bool cn_text_has_form(enum cn_key_type type, const char *text)
{
    int major, minor;
    switch (type) {
    case CN_KEY_NAME:
        return is_name(text, "_-.", "");
    case CN_KEY_NAMES_OR_ALL:
        return strcmp(text, "*") == 0 || is_name(text, "_-.", "");
    case CN_KEY_IDENTIFIER:
        return is_name(text, "_-", "");
    case CN_KEY_LABEL:
        return is_name(text, "_-.", "{scenario}");
    case CN_KEY_NETCDF_NAME: /* NUG, "Names"; netCDF-C refuses others */
        return !strchr(text, '/') && text[strlen(text) - 1] != ' ';
    case CN_KEY_ISSUE:
        return cn_version_parse(text, &major, &minor);
    default:
        return true;
    }
}
