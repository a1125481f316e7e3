/*
 * The version of the library: docs/api.md says what its numbers promise.
 */
#ifndef CLIMNORM_VERSION_H
#define CLIMNORM_VERSION_H

#include "climnorm/api.h"

/* Returns: the version of the library that runs, as "1.2.3". */
CN_API const char *cn_version(void);

#endif
