/*
 * What may come next on a command line, for the shells that complete words. Asked by the scripts in
 * completion/ as `climnorm complete WORD...`.
 */
#ifndef CLIMNORM_CLI_COMPLETE_H
#define CLIMNORM_CLI_COMPLETE_H

#include "cli/options.h"

/* Prints the words that may stand in place of the last of words[count], which may be "". The others
 * come before it, without the program's name. A line is WORD, a tab and what it means. Where files
 * may stand, a line ":files", ":cfg", ":nc" or ":folders", a tab, and what comes before the path.
 * What cannot be read offers nothing. Ends after a second, with what is known by then. */
void cn_complete(const struct cn_command *commands, const struct cn_option *options,
                 char *const *words, int count);

#endif
