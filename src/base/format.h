/*
 * Sizes, numbers, dates and lists as text.
 */
#ifndef CLIMNORM_BASE_FORMAT_H
#define CLIMNORM_BASE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes a size for people: "512 B", "12.3 MiB", "812 GiB".
 * Returns: text. */
const char *cn_format_bytes(uint64_t bytes, char text[24]);

enum { CN_NUMBER_BYTES = 40 };

/* Writes the fewest digits that are read as the same number, with a decimal point in every locale.
 * Returns: text. */
const char *cn_format_number(double number, char text[CN_NUMBER_BYTES]);

/* Adds one choice to the list "a, b or c", which starts as "". quote: what stands around it. What
 * does not fit in `size` bytes is cut. */
void cn_format_choice(char *list, size_t size, const char *quote, const char *choice, bool is_last);

enum { CN_DATE_BYTES = 32 };

/* Writes the date that new files state, "2026-11-24T08:00:00Z": now, or the second that the
 * environment variable SOURCE_DATE_EPOCH gives, so that files can be reproduced byte by byte
 * (reproducible-builds.org). A value outside the years 1970 to 9999 counts as not set.
 * Returns: text. */
const char *cn_creation_date(char text[CN_DATE_BYTES]);

#endif
