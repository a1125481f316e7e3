/*
 * Letters and digits of ASCII, the same in every locale. In a Turkish one tolower('I') may not be
 * 'i', and "GREGORIAN" would be no known calendar.
 */
#ifndef CLIMNORM_BASE_ASCII_H
#define CLIMNORM_BASE_ASCII_H

#include <stdbool.h>
#include <string.h>

static inline bool cn_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool cn_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char cn_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the text begins with the word. Case is ignored. */
static inline bool cn_begins_with(const char *text, const char *word)
{
    for (; *word && cn_lower(*text) == cn_lower(*word); text++)
        word++;
    return !*word;
}

/* Whether both are equal when case is ignored. */
static inline bool cn_equal_ascii(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && cn_begins_with(a, b);
}

#endif
