/*
 * What `map` and `series` have alike: the files, the picture's size, and where it goes.
 */
#ifndef CLIMNORM_CLI_PICTURE_OPTIONS_H
#define CLIMNORM_CLI_PICTURE_OPTIONS_H

#include "climnorm/error.h"
#include "pictures/field.h"
#include "pictures/surface.h"

struct cn_arguments;

/* Checks -o, if it is given, before anything is read: its ending, and that it is none of the files
 * that are read.
 * Errors: CN_BAD_USAGE. */
enum cn_status cn_check_picture_path(const struct cn_arguments *arguments, struct cn_error *error);

/* Opens all files of the command line.
 * *fields: [operand_count]. Errors: as cn_field_open. Owns: the pool of the arguments. */
enum cn_status cn_open_fields(const struct cn_arguments *arguments, struct cn_field **fields,
                              struct cn_error *error);

/* Checks that two files have the same variable in the same unit, for the same days, months or
 * seasons; with needs_grid on the same grid, too.
 * Errors: CN_BAD_INPUT. */
enum cn_status cn_check_alike(const struct cn_field *a, const struct cn_field *b, bool needs_grid,
                              struct cn_error *error);

/* Reads two numbers with a comma between them: "LO,HI".
 * Returns: false: the text is something else. */
bool cn_parse_numbers(const char *text, double numbers[2]);

/* Finds the target year of --target, or the last one.
 * Errors: CN_BAD_USAGE names those that there are. */
enum cn_status cn_find_target(const struct cn_arguments *arguments, const struct cn_field *field,
                              size_t *target, struct cn_error *error);

/* Returns: a printable copy of a text of the command line; NULL: out of memory. Owns: the pool of
 * the arguments. */
const char *cn_printable_copy(const struct cn_arguments *arguments, const char *text);

/* Prints "climnorm COMMAND: TEXT" to stderr.
 * Returns: the exit code. */
int cn_end_picture(const struct cn_arguments *arguments, enum cn_status status,
                   const struct cn_error *error);

#endif
