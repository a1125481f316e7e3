/*
 * The rules for output.pattern that can be checked before its fields have values. plan/paths.c
 * checks the paths.
 */
#include "base/suggest.h"
#include "config/builder.h"
#include "config/fields.h"

#include <stdio.h>
#include <string.h>

#define FIELD_NAME(name, ...)      #name,
#define FIELD_IN_BRACES(name, ...) " {" #name "}"
static const char *const field_names[] = {CN_PATTERN_FIELDS(FIELD_NAME) NULL};

static const char *field_fault(const char *name, size_t length, char *text, size_t capacity)
{
    char field[32];
    if (length >= sizeof field)
        return "a brace { is not closed, or its field is unknown";
    memcpy(field, name, length);
    field[length] = '\0';
    struct cn_suggestion suggestion = {.word = field};
    for (size_t i = 0; field_names[i]; i++) {
        if (strcmp(field, field_names[i]) == 0)
            return NULL;
        cn_suggest(&suggestion, field_names[i]);
    }
    char hint[CN_SUGGESTION_BYTES];
    snprintf(text, capacity, "{%s} is not a field%s; fields are" CN_PATTERN_FIELDS(FIELD_IN_BRACES),
             field, cn_suggestion_text(&suggestion, hint));
    return text;
}

static const char *component_fault(const char *component, size_t length)
{
    if (length == 0)
        return "a folder name is empty: a path neither begins nor ends with /, nor holds //";
    if (strncmp(component, ".", length) == 0 || (length == 2 && strncmp(component, "..", 2) == 0))
        return "\".\" and \"..\" are not allowed: results stay below output.root";
    return NULL;
}

const char *cn_pattern_fault(const char *pattern, char *text, size_t capacity)
{
    if (pattern[0] == '/')
        return "it begins with /: results stay below output.root, so the pattern is relative";
    const char *fault = NULL;
    for (const char *at = pattern; *at && !fault; at++) {
        if (*at == '}') {
            fault = "a brace } has no { before it";
        } else if (*at == '{') {
            size_t length = strcspn(at + 1, "{}/");
            if (at[1 + length] != '}')
                return "a brace { is not closed";
            fault = field_fault(at + 1, length, text, capacity);
            at += 1 + length;
        }
    }
    for (const char *at = pattern; !fault;) {
        size_t length = strcspn(at, "/");
        fault = component_fault(at, length);
        if (!at[length])
            break;
        at += length + 1;
    }
    size_t length = strlen(pattern);
    if (!fault && (length < 3 || strcmp(pattern + length - 3, ".nc") != 0))
        fault = "it does not end in .nc";
    return fault;
}
