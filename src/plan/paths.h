/*
 * Output paths from output.pattern.
 */
#ifndef CLIMNORM_PLAN_PATHS_H
#define CLIMNORM_PLAN_PATHS_H

#include "climnorm/plan.h"

/* What the fields of a text get their values from; a text without a field needs not its source. */
struct cn_field_source {
    const struct cn_config *config;
    const struct cn_variable *variable;
    const struct cn_region *region;
    const struct cn_target *target;
    const struct cn_product *product;
};

/* Replaces {fields} in the text by their values; an unknown field stays as it is.
 * Returns: the new text; NULL: out of memory. Owns: the text lives in the pool. */
const char *cn_fill_fields(struct cn_pool *pool, const char *text,
                           const struct cn_field_source *of);

/* Checks that each path of the plan is relative, has no component that is empty, "." or "..", and
 * is used once.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: a path breaks one of these rules. CN_BAD_MACHINE: out of
 * memory. */
enum cn_status cn_plan_check_paths(const struct cn_plan *plan, struct cn_error *error);

#endif
