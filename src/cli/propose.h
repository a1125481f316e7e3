/*
 * A config for the files of a folder whose names say nothing.
 */
#ifndef CLIMNORM_CLI_PROPOSE_H
#define CLIMNORM_CLI_PROPOSE_H

#include "climnorm/error.h"
#include "climnorm/resources.h"

/* Prints the config, with comments, to stdout: an entry of input.datasets for each kind of name and
 * each variable of some files of that name. Of at most 100 kinds.
 * Errors: CN_BAD_INPUT: the folder cannot be read, or holds no file. CN_BAD_MACHINE. */
enum cn_status cn_propose_datasets(const char *folder, const struct cn_resources *resources,
                                   struct cn_error *error);

#endif
