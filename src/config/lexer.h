/*
 * Text of a config file, made safe for libconfig.
 */
#ifndef CLIMNORM_CONFIG_LEXER_H
#define CLIMNORM_CONFIG_LEXER_H

#include "climnorm/error.h"

/* Reads the file into *text.
 * Errors: CN_BAD_USAGE: the file cannot be read, is not regular, is too large, or holds NUL bytes.
 * CN_BAD_MACHINE. Owns: the caller, with free(). */
enum cn_status cn_config_text_read(const char *path, char **text, struct cn_error *error);

/* Makes a copy with the same lines for libconfig 1.5: comments become blanks, arrays become lists
 * (which may mix integers and floats), and long integers get the L without which they would wrap.
 * Errors: CN_BAD_USAGE: text that no config needs, in *line: @include, a string over several lines,
 * too deep nesting, too many settings. CN_BAD_MACHINE. Owns: the caller, *prepared
 * with free(). */
enum cn_status cn_config_text_prepare(const char *text, char **prepared, int *line,
                                      struct cn_error *error);

#endif
