/*
 * Output paths from output.pattern.
 */
#ifndef CLIMNORM_PLAN_PATHS_H
#define CLIMNORM_PLAN_PATHS_H

#include "climnorm/plan.h"

/* The values of the fields. */
struct cn_fields {
#define CN_FIELD_MEMBER(name) const char *name;
    CN_PATTERN_FIELDS(CN_FIELD_MEMBER)
};
/* Replaces {fields} in the text by their values; an unknown field stays as it is.
 * Returns: the new text; NULL: out of memory. Owns: the text lives in the pool. */
const char *cn_fill_fields(struct cn_pool *pool, const char *text, const struct cn_fields *fields);

/* Checks that each path of the plan is relative, has no component that is empty, "." or "..", and
 * is used once.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: a path breaks one of these rules. CN_BAD_MACHINE: out of
 * memory. */
enum cn_status cn_plan_check_paths(const struct cn_plan *plan, struct cn_error *error);

#endif
