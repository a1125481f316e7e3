/*
 * Patterns of paths, as shells have them: "*" and "?" stand for characters of one name, "[a-z]" and
 * "[!a-z]" for one character, and "**" as a whole name for any number of folders. As in shells, no
 * wildcard stands for a dot at the beginning of a name. Pure.
 */
#ifndef CLIMNORM_BASE_GLOB_H
#define CLIMNORM_BASE_GLOB_H

#include <stdbool.h>

/* Returns: whether the relative path fits the pattern, which has no fault. The time grows with the
 * product of their lengths, not faster. */
bool cn_glob_fits(const char *pattern, const char *path);

/* Returns: why a text is no pattern of relative paths, and what to do; NULL: it is one. */
const char *cn_glob_fault(const char *pattern);

#endif
