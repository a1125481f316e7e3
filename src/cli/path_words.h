/*
 * What the names of files and variables say, for `climnorm inspect FOLDER`. Pure.
 */
#ifndef CLIMNORM_CLI_PATH_WORDS_H
#define CLIMNORM_CLI_PATH_WORDS_H

#include "base/pool.h"

#include <stdbool.h>

/* "rcp85", "ssp245" with their NUL. */
enum { CN_SCENARIO_BYTES = 8 };

/* Stands for a digit that is of no date, in a path with marks. Marks are not printable. */
enum { CN_PATH_CLOSED = 1 };

/* Puts marks in the place of the digits of dates, and of those that a date may have there: two
 * digits in front of a year, or three behind it.
 * Returns: a copy of the path; NULL: out of memory. Owns: the pool. */
char *cn_path_open_dates(struct cn_pool *pool, const char *path);

/* Digits that only the names of other files can tell to be of a date. Zero-initialise. */
struct cn_date_place {
    size_t at, length;
    int greatest; /* that a date may have there: 12, 31 or 366 */
};

/* Finds the next such place of a path with marks.
 * Returns: false: there is none. */
bool cn_path_next_place(const char *opened, struct cn_date_place *place);

/* Returns: the number that a path has in a place; 0: none. */
int cn_path_number(const char *path, const struct cn_date_place *place);

/* Returns: whether the word in front of a place is one for a member of an ensemble: ens_01_2000. */
bool cn_path_names_member(const char *opened, const struct cn_date_place *place);

/* Makes the pattern of a path, as input.datasets takes it: the marks of dates become question
 * marks, and so does what a config should not hold. opened: the path with marks. Returns: NULL: out
 * of memory. Owns: the pool. */
const char *cn_path_pattern(struct cn_pool *pool, const char *path, const char *opened);

/* The scenario that a path seems to name, such as "ssp245", which may be written SSP2-4.5.
 * Returns: scenario; "": none, or the historical experiment, too. */
const char *cn_path_scenario(const char *path, char scenario[CN_SCENARIO_BYTES]);

/* Writes a name for the config that is like that of a variable in a file, with one "_" for what it
 * may not have. size: of own, with the NUL. */
void cn_own_name(const char *in_file, char *own, size_t size);

#endif
