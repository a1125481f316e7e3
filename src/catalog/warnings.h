/*
 * Warnings about a variable's timelines.
 */
#ifndef CLIMNORM_CATALOG_WARNINGS_H
#define CLIMNORM_CATALOG_WARNINGS_H

#include "catalog/consistency.h"

/* Warns of source years that lack days or are absent, of mixed versions, and of end stamps. Sets
 * mixes_versions of each timeline.
 * Errors: CN_BAD_MACHINE: out of memory. */
enum cn_status cn_timelines_warn(const struct cn_variable_files *in, struct cn_error *error);

#endif
