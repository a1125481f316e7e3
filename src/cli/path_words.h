/*
 * What the names of files and variables say, for `climnorm inspect FOLDER`. Pure.
 */
#ifndef CLIMNORM_CLI_PATH_WORDS_H
#define CLIMNORM_CLI_PATH_WORDS_H

#include "base/pool.h"

/* "rcp85", "ssp245" with their NUL. */
enum { CN_SCENARIO_BYTES = 8 };

/* Makes the pattern of a path, as input.datasets takes it: dates become question marks, and so does
 * what a config should not hold.
 * Returns: NULL: out of memory. Owns: the pool. */
const char *cn_path_pattern(struct cn_pool *pool, const char *path);

/* The scenario that a path seems to name, such as "ssp245".
 * Returns: scenario; "": none, or the historical experiment, too. */
const char *cn_path_scenario(const char *path, char scenario[CN_SCENARIO_BYTES]);

/* Writes a name for the config that is like that of a variable in a file, with one "_" for what it
 * may not have. size: of own, with the NUL. */
void cn_own_name(const char *in_file, char *own, size_t size);

#endif
