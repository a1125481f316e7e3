/*
 * Words as a shell takes them.
 */
#ifndef CLIMNORM_CLI_QUOTE_H
#define CLIMNORM_CLI_QUOTE_H

#include "base/strbuf.h"

/* Adds a space and the word, quoted for a shell where it needs it. Errors: line->failed. */
void cn_add_word(struct cn_strbuf *line, const char *word);

#endif
