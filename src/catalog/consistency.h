/*
 * Whether the files of one variable can lie on one timeline.
 */
#ifndef CLIMNORM_CATALOG_CONSISTENCY_H
#define CLIMNORM_CATALOG_CONSISTENCY_H

#include "climnorm/catalog.h"

/* Excludes the files whose grid or units differ from those of most, and sets calendar, grid and
 * units of the variable. Sets variable->failure when no file is left, or when calendars of two
 * families are mixed.
 * Errors: CN_BAD_MACHINE: out of memory, or UDUNITS fails. Owns: texts live in the pool. */
enum cn_status cn_check_consistency(struct cn_pool *pool, struct cn_variable *variable,
                                    struct cn_file *files, size_t count, struct cn_error *error);

/* Makes a file unusable and reports it, with the years that it holds. */
void cn_exclude_file(struct cn_variable *variable, struct cn_file *file, const char *reason);

#endif
