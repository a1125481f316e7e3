/*
 * Lines of text with a known width on the screen: a buffer that counts display columns and cuts at
 * the right edge. Also numbers in few columns. It knows nothing of terminals or progress.
 */
#ifndef CLIMNORM_PROGRESS_TEXT_H
#define CLIMNORM_PROGRESS_TEXT_H

#include "base/strbuf.h"

#include <stdint.h>

/* Zero-initialise, then set utf8 and limit. Widths come from wcwidth, so `utf8` needs a UTF-8
 * locale.
 */
struct cn_text {
    struct cn_strbuf buffer;
    size_t column, limit; /* display columns of the current line, and their maximum */
    bool utf8;            /* else non-ASCII characters are replaced */
};

void cn_text_free(struct cn_text *text);
void cn_text_clear(struct cn_text *text); /* keeps the memory */

/* Adds bytes that take no columns: escape sequences, text whose width nobody needs. */
void cn_text_raw(struct cn_text *text, const char *bytes);
/* Adds text in at most `most` columns and not beyond the limit. Text that is cut ends in an
 * ellipsis; characters that are not printable become '?'. */
void cn_text_add(struct cn_text *text, const char *string, size_t most);
/* The same, but text that does not fit is first shortened: paths lose their folders. */
void cn_text_add_brief(struct cn_text *text, const char *string);
/* Adds text of any length, not beyond the limit. */
void cn_text_printf(struct cn_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Add text in a field of `width` columns, aligned left or right. */
void cn_text_left(struct cn_text *text, const char *string, size_t width);
void cn_text_right(struct cn_text *text, const char *string, size_t width);
void cn_text_end_line(struct cn_text *text, const char *end);

/* Returns: whether the locale of LC_CTYPE writes UTF-8. */
bool cn_locale_is_utf8(void);
/* Returns: the columns that cn_text_add needs for the whole string. */
size_t cn_text_columns(const char *string, bool utf8);
/* Returns: the rows that lines, each ended by '\n', take on a screen of `columns` that wraps long
 * ones. Escape sequences count as nothing. */
size_t cn_text_screen_rows(const char *lines, size_t columns, bool utf8);

/* Returns: the ending of a noun after the number. */
static inline const char *cn_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Returns: numbers for people, in at most 9 columns for all that a job can reach. */
struct cn_short_text {
    char text[48];
};
struct cn_short_text cn_short_duration(double seconds); /* 00:51, 1:02:03, 4d 06h; negative: "" */
struct cn_short_text cn_short_bytes(double bytes);      /* cn_format_bytes of any number */
struct cn_short_text cn_short_rate(double per_second);  /* 4.2/s, 17/min */

#endif
