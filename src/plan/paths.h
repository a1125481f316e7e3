/*
 * Output paths from output.pattern.
 */
#ifndef CLIMNORM_PLAN_PATHS_H
#define CLIMNORM_PLAN_PATHS_H

#include "climnorm/plan.h"

/* The text with its {fields} filled in, from the pool. NULL: out of memory. A field that is not
 * known stays as it is: the config has already refused it. */
struct cn_fields {
#define CN_FIELD_MEMBER(name) const char *name;
    CN_PATTERN_FIELDS(CN_FIELD_MEMBER)
};
const char *cn_fill_fields(struct cn_pool *pool, const char *text, const struct cn_fields *fields);

/* Every path of the plan is relative, has no component that is empty, "." or "..", and stands once.
 */
enum cn_status cn_config_check_paths(const struct cn_plan *plan, struct cn_error *error);

#endif
