/*
 * Texts and bytes as HTML. Texts come from files that nobody has checked.
 */
#ifndef CLIMNORM_REPORT_MARKUP_H
#define CLIMNORM_REPORT_MARKUP_H

#include "base/strbuf.h"

/* Adds a text in which nothing is markup, for elements and for attributes in quotes. What is not
 * printable becomes '?', line ends become blanks. A long text is cut after about 2000 bytes. */
void cn_markup_text(struct cn_strbuf *page, const char *text);

/* Adds a number for people, with a minus sign and up to four significant digits; "no value" for
 * NaN. */
void cn_markup_number(struct cn_strbuf *page, double number);

/* The same with the sign + of a change that is greater than 0. */
void cn_markup_change(struct cn_strbuf *page, double number);

/* Adds a power of ten: "10⁻⁵". */
void cn_markup_power(struct cn_strbuf *page, int exponent);

/* Adds a number of things with blanks between thousands: "4 235 files". */
void cn_markup_count(struct cn_strbuf *page, size_t count, const char *one, const char *many);

/* Adds bytes in base 64. */
void cn_markup_base64(struct cn_strbuf *page, const unsigned char *bytes, size_t count);

#endif
