/*
 * What the names of files and variables say, for `climnorm inspect FOLDER`. Pure.
 */
#ifndef CLIMNORM_CLI_PATH_WORDS_H
#define CLIMNORM_CLI_PATH_WORDS_H

#include "base/pool.h"

#include <stdbool.h>

/* "rcp85", "ssp245" with their NUL. */
enum { CN_SCENARIO_BYTES = 8 };

/* Returns: whether a path has a year and three digits that can only be the day of the year, as they
 * begin with 0: 2000_001. Others may be a level: 2000_300. */
bool cn_path_has_day_of_year(const char *path);

/* Makes the pattern of a path, as input.datasets takes it: dates become question marks, and so does
 * what a config should not hold. opens_days: three digits behind a year are a date, too.
 * Returns: NULL: out of memory. Owns: the pool. */
const char *cn_path_pattern(struct cn_pool *pool, const char *path, bool opens_days);

/* The scenario that a path seems to name, such as "ssp245", which may be written SSP2-4.5.
 * Returns: scenario; "": none, or the historical experiment, too. */
const char *cn_path_scenario(const char *path, char scenario[CN_SCENARIO_BYTES]);

/* Writes a name for the config that is like that of a variable in a file, with one "_" for what it
 * may not have. size: of own, with the NUL. */
void cn_own_name(const char *in_file, char *own, size_t size);

#endif
