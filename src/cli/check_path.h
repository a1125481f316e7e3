/*
 * Whether a file can be written, asked before a long run.
 */
#ifndef CLIMNORM_CLI_CHECK_PATH_H
#define CLIMNORM_CLI_CHECK_PATH_H

#include "cli/options.h"

/* Checks the path that an option has; NULL: none. It must not be one of the operands.
 * Returns: CN_OK. Errors: CN_BAD_USAGE. */
enum cn_status cn_check_path(const struct cn_arguments *arguments, const char *option,
                             const char *path, struct cn_error *error);

#endif
