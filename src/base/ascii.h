/*
 * Characters of attributes and names as ASCII, in every locale. In a Turkish one tolower('I') is
 * not 'i', and "GREGORIAN" would not be recognized as a calendar.
 */
#ifndef CLIMNORM_BASE_ASCII_H
#define CLIMNORM_BASE_ASCII_H

#include <stdbool.h>

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

/* Whether the text begins with the word, which is in lower case. The case of the text is ignored.
 */
static inline bool cn_begins_with(const char *text, const char *word)
{
    while (*word && cn_lower(*text) == *word) {
        text++;
        word++;
    }
    return !*word;
}

/* Whether both are equal when case is ignored. */
static inline bool cn_equal_ascii(const char *a, const char *b)
{
    while (*a && cn_lower(*a) == cn_lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

#endif
