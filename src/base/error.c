/*
 * Error texts. They hold names and attributes from files and go to the terminal, so every text is
 * made printable here.
 */
#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum cn_status cn_fail(struct cn_error *error, enum cn_status status, const char *format, ...)
{
    if (!error)
        return status;
    va_list args;
    va_start(args, format);
    struct cn_error filled = {.status = status}; /* the arguments may point into *error */
    vsnprintf(filled.text, sizeof filled.text, format, args);
    va_end(args);
    cn_make_printable(filled.text);
    *error = filled;
    return status;
}

void cn_problems_add(struct cn_problems *problems, enum cn_severity severity, const char *format,
                     ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    struct cn_problem *items =
        length < 0 ? NULL : reallocarray(problems->items, problems->count + 1, sizeof *items);
    if (!items) {
        problems->lost = true;
        free(length < 0 ? NULL : text);
        return;
    }
    cn_make_printable(text);
    items[problems->count++] = (struct cn_problem){severity, text};
    problems->items = items;
}

size_t cn_problems_count(const struct cn_problems *problems, enum cn_severity severity)
{
    size_t count = severity == CN_PROBLEM && problems->lost;
    for (size_t i = 0; i < problems->count; i++)
        count += problems->items[i].severity == severity;
    return count;
}

void cn_problems_free(struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        free(problems->items[i].text);
    free(problems->items);
    *problems = (struct cn_problems){0};
}
