/*
 * The summary of a job, for people and as JSON.
 */
#ifndef CLIMNORM_CLI_SUMMARY_H
#define CLIMNORM_CLI_SUMMARY_H

#include "climnorm/result.h"

#include <stdio.h>

/* Writes the summary tables and what came of the job to `out`, for people. The problems were shown
 * before. root: where the normals are. log: the file of --log; NULL: none. */
void cn_summary_print(const struct cn_result *result, const char *root, const char *log, FILE *out);
/* Writes the details of problems: a line for each file of those that share one. */
void cn_summary_print_details(const struct cn_result *result, FILE *out);
/* Writes the problems, one a line. */
void cn_summary_print_problems(const struct cn_result *result, FILE *out);
/* Writes the JSON of --summary. A regular file is replaced as a whole or not at all; a link, pipe
 * or device is written into.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE. */
enum cn_status cn_summary_write(const struct cn_result *result, int exit_code, const char *path,
                                struct cn_error *error);

#endif
