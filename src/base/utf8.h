/*
 * UTF-8, and which characters may go to a terminal. Names and texts come from files that nobody has
 * checked: they must not control a terminal or reorder the text beside them.
 */
#ifndef CLIMNORM_BASE_UTF8_H
#define CLIMNORM_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

enum { CN_NOT_UTF8 = 0x110000 };

/* Reads one character at *at and moves *at behind it. It never reads beyond the NUL, and accepts no
 * surrogates and no overlong forms (RFC 3629).
 * Returns: the code point; 0: the end, *at stays; CN_NOT_UTF8: a byte that starts no valid
 * sequence, *at moves by one. */
uint32_t cn_utf8_next(const char **at);

/* Returns: whether the code is a control character (C0, DEL, C1) or CN_NOT_UTF8. */
bool cn_is_control(uint32_t code);

/* Returns: whether the character may go to a terminal: it is visible, is no control character, and
 * does not change the writing direction of the text behind it. */
bool cn_is_printable(uint32_t code);

/* Returns: whether all characters of a text are printable. */
bool cn_is_printable_text(const char *text);

/* Replaces in place each character that is not printable by '?'. The text never grows. */
void cn_make_printable(char *text);

#endif
