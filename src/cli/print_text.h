/*
 * Names and texts from files among results.
 */
#ifndef CLIMNORM_CLI_PRINT_TEXT_H
#define CLIMNORM_CLI_PRINT_TEXT_H

/* Prints a text of any length to stdout, with '?' for what must not reach a terminal. */
void cn_print_text(const char *text);

#endif
