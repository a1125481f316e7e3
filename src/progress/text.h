/*
 * Lines of text whose width on the screen is known: a growing buffer that counts display columns
 * and cuts at the right edge, and numbers in few columns. It knows nothing of terminals or
 * progress.
 */
#ifndef CLIMNORM_PROGRESS_TEXT_H
#define CLIMNORM_PROGRESS_TEXT_H

#include "base/strbuf.h"

#include <stdint.h>

/* Zero-initialise, then set utf8 and limit. UTF-8 widths come from wcwidth: the locale must be a
 * UTF-8 one when utf8 is set. */
struct cn_text {
    struct cn_strbuf buffer;
    size_t column, limit; /* of the current line: display columns so far, and at most */
    bool utf8;            /* else non-ASCII characters are replaced */
};

void cn_text_free(struct cn_text *text);
void cn_text_clear(struct cn_text *text); /* keeps the memory */

/* Bytes as they are, which take no columns (escape sequences, line ends). */
void cn_text_raw(struct cn_text *text, const char *bytes);
/* Text in at most `most` columns and never past the limit; cut, it ends in an ellipsis. Characters
 * that are not printable, reverse the writing direction, or are no UTF-8 become '?'. */
void cn_text_add(struct cn_text *text, const char *string, size_t most);
/* The same, but where all does not fit, files go without their folders. */
void cn_text_add_brief(struct cn_text *text, const char *string);
void cn_text_printf(struct cn_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* `string` in exactly `width` columns, to the left or right of its field. */
void cn_text_left(struct cn_text *text, const char *string, size_t width);
void cn_text_right(struct cn_text *text, const char *string, size_t width);
void cn_text_end_line(struct cn_text *text, const char *end);

/* Display columns of `string`, shown whole by cn_text_add. */
size_t cn_text_columns(const char *string, bool utf8);
/* Rows that lines (each ended by '\n', escape sequences not counted) take on a screen of `columns`
 * that wraps what is too long. */
size_t cn_text_screen_rows(const char *lines, size_t columns, bool utf8);

/* Numbers for people, each at most 9 columns for what a job can reach. */
struct cn_short_text {
    char text[24];
};
struct cn_short_text cn_short_duration(double seconds); /* 00:51, 1:02:03, 4d 06h; "": negative */
struct cn_short_text cn_short_bytes(double bytes);      /* cn_format_bytes of any number */
struct cn_short_text cn_short_rate(double per_second);  /* 4.2/s, 17/min */

#endif
