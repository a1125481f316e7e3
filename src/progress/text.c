/*
 * Counts display columns and cuts text. Names and messages come from files, so cn_text_add adds
 * only printable characters.
 */
#include "progress/text.h"

#include "base/format.h"
#include "base/utf8.h"

#include <langinfo.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void cn_text_free(struct cn_text *text)
{
    cn_strbuf_free(&text->buffer);
    *text = (struct cn_text){0};
}

void cn_text_clear(struct cn_text *text)
{
    cn_strbuf_clear(&text->buffer);
    text->column = 0;
}

void cn_text_raw(struct cn_text *text, const char *bytes)
{
    cn_strbuf_append(&text->buffer, bytes, strlen(bytes));
}

bool cn_locale_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Reads one character at *at and moves *at behind it. Sets *shown to its bytes, or to a substitute
 * that can be shown. Returns the display columns. */
static size_t next_shown(const char **at, bool utf8, const char **shown, size_t *length)
{
    *shown = *at;
    uint32_t code = cn_utf8_next(at);
    *length = (size_t)(*at - *shown);
    if (code >= 0x20 && code < 0x7f)
        return 1;
    int columns = utf8 && cn_is_printable(code) ? wcwidth((wchar_t)code) : -1;
    if (columns >= 0)
        return (size_t)columns;
    *shown = !utf8 && code == 0xb7 ? "-" : "?"; /* U+00B7, the dot between parts of a title */
    *length = 1;
    return 1;
}

size_t cn_text_columns(const char *string, bool utf8)
{
    size_t columns = 0, length;
    for (const char *at = string, *shown; *at;)
        columns += next_shown(&at, utf8, &shown, &length);
    return columns;
}

void cn_text_add(struct cn_text *text, const char *string, size_t most)
{
    size_t left = text->limit > text->column ? text->limit - text->column : 0;
    if (most < left)
        left = most;
    bool cut = cn_text_columns(string, text->utf8) > left;
    if (cut && left == 0)
        return;
    size_t end = text->column + left - cut, length;
    for (const char *at = string, *shown; *at;) {
        size_t columns = next_shown(&at, text->utf8, &shown, &length);
        if (columns > end - text->column)
            break;
        cn_strbuf_append(&text->buffer, shown, length);
        text->column += columns;
    }
    if (cut) {
        cn_text_raw(text, text->utf8 ? "…" : "~");
        text->column++;
    }
}

void cn_text_add_brief(struct cn_text *text, const char *string)
{
    char brief[2048];
    size_t length = 0;
    bool fits = cn_text_columns(string, text->utf8) + text->column <= text->limit;
    for (const char *at = string; !fits && *at && length + 1 < sizeof brief;) {
        const char *word = at, *end = at + strcspn(at, " ");
        for (const char *c = word; *word == '/' && c < end; c++)
            at = *c == '/' ? c + 1 : at;
        for (; (at < end || *at == ' ') && length + 1 < sizeof brief; at++)
            brief[length++] = *at;
    }
    brief[length] = '\0';
    cn_text_add(text, fits ? string : brief, SIZE_MAX);
}

void cn_text_printf(struct cn_text *text, const char *format, ...)
{
    char *string;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&string, format, args);
    va_end(args);
    text->buffer.failed |= length < 0;
    if (length < 0)
        return;
    cn_text_add(text, string, SIZE_MAX);
    free(string);
}

/* Adds the spaces that the string leaves of the width. */
static void pad(struct cn_text *text, const char *string, size_t width)
{
    for (size_t k = cn_text_columns(string, text->utf8); k < width; k++)
        cn_text_add(text, " ", 1);
}

void cn_text_left(struct cn_text *text, const char *string, size_t width)
{
    cn_text_add(text, string, width);
    pad(text, string, width);
}

void cn_text_right(struct cn_text *text, const char *string, size_t width)
{
    pad(text, string, width);
    cn_text_add(text, string, width);
}

void cn_text_end_line(struct cn_text *text, const char *end)
{
    cn_text_raw(text, end);
    text->column = 0;
}

size_t cn_text_screen_rows(const char *lines, size_t columns, bool utf8)
{
    size_t rows = 0, column = 0;
    columns += columns == 0;
    for (const char *at = lines; *at;) {
        if (*at == '\033') { /* ESC [ parameters, then one letter */
            at += 1 + (at[1] == '[');
            while (*at && (*at < '@' || *at > '~'))
                at++;
            at += *at != '\0';
        } else if (*at == '\n') {
            rows += column > columns ? (column + columns - 1) / columns : 1;
            column = 0;
            at++;
        } else {
            const char *shown;
            size_t length;
            column += next_shown(&at, utf8, &shown, &length);
        }
    }
    return rows;
}

struct cn_short_text cn_short_duration(double seconds)
{
    struct cn_short_text out = {""};
    if (!(seconds >= 0)) /* NaN too */
        return out;
    long long all = seconds < 1e10 ? (long long)floor(seconds + 0.5) : 10000000000;
    long long minutes = all / 60, hours = minutes / 60;
    if (hours >= 100)
        snprintf(out.text, sizeof out.text, "%lldd %02lldh", hours / 24, hours % 24);
    else if (hours > 0)
        snprintf(out.text, sizeof out.text, "%lld:%02lld:%02lld", hours, minutes % 60, all % 60);
    else
        snprintf(out.text, sizeof out.text, "%02lld:%02lld", minutes, all % 60);
    return out;
}

struct cn_short_text cn_short_bytes(double bytes)
{
    struct cn_short_text out = {""};
    uint64_t whole = bytes > 0 ? (bytes < 0x1p63 ? (uint64_t)(bytes + 0.5) : UINT64_C(1) << 63) : 0;
    cn_format_bytes(whole, out.text);
    return out;
}

struct cn_short_text cn_short_rate(double per_second)
{
    struct cn_short_text out = {""};
    if (!(per_second > 0))
        return out;
    if (per_second < 0.95)
        snprintf(out.text, sizeof out.text, "%.*f/min", per_second < 0.1, per_second * 60);
    else if (per_second < 999.5)
        snprintf(out.text, sizeof out.text, "%.*f/s", per_second < 9.95, per_second);
    else
        snprintf(out.text, sizeof out.text, "%.0fk/s", fmin(per_second / 1000, 99999));
    return out;
}
