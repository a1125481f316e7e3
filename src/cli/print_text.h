/*
 * Names and texts from files among results.
 */
#ifndef CLIMNORM_CLI_PRINT_TEXT_H
#define CLIMNORM_CLI_PRINT_TEXT_H

#include <stdio.h>

/* Print a text of any length, to stdout or elsewhere, with '?' for what must not reach a terminal.
 */
void cn_print_text(const char *text);
void cn_write_text(FILE *out, const char *text);

#endif
