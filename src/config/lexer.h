/*
 * From a config file to text that libconfig may see.
 */
#ifndef CLIMNORM_CONFIG_LEXER_H
#define CLIMNORM_CONFIG_LEXER_H

#include "climnorm/error.h"

/* The file as a string of malloc. CN_BAD_USAGE: no regular readable file, too large, or NUL bytes.
 */
enum cn_status cn_config_text_read(const char *path, char **text, struct cn_error *error);

/* A copy of the text (malloc) with the same lines, made harmless and uniform for libconfig 1.5:
 * comments become blanks, arrays become lists (which hold integers beside floats), and long
 * integers get the L without which they would wrap. CN_BAD_USAGE: text that no config needs
 * (@include, a string over several lines, absurd nesting or numbers of settings); *line is where.
 */
enum cn_status cn_config_text_prepare(const char *text, char **prepared, int *line,
                                      struct cn_error *error);

#endif
