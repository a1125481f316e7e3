/*
 * Names and texts from files among results.
 */
#ifndef CLIMNORM_CLI_PRINT_TEXT_H
#define CLIMNORM_CLI_PRINT_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Prints a text of any length to stdout, with '?' for what must not reach a terminal. */
void cn_print_text(const char *text);

/* Prints ASCII text and ends the line. It begins in column `indent`, and is broken at spaces into
 * lines of at most 80 columns that begin there, too. */
void cn_print_wrapped(FILE *out, const char *text, size_t indent);

#endif
