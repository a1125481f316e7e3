/*
 * What the files of a tree are not of: why a variable or a model has none. Opens no file.
 */
#ifndef CLIMNORM_CATALOG_ABSENCE_H
#define CLIMNORM_CATALOG_ABSENCE_H

#include "catalog/select.h"

/* The names of a tree. */
struct cn_tree_names {
    struct cn_pool *pool;
    const struct cn_config *config;
    struct cn_name *const *names; /* [count]; see struct cn_selection */
    size_t count;
};

/* Returns: why no file is of the variable of a model. model NULL: of any. Owns: the pool, or the
 * text is constant. */
const char *cn_explain_absence(const struct cn_tree_names *tree, const char *model,
                               const char *variable);

/* For a run of several models whose config names no variables. Adds to the catalog's problems the
 * models without a file, and the variables that only some of the models have.
 * Errors: CN_BAD_MACHINE: out of memory. */
enum cn_status cn_compare_models(const struct cn_tree_names *tree,
                                 const struct cn_selection *selection, struct cn_catalog *catalog,
                                 struct cn_error *error);

/* Adds to the catalog's problems the variables that products and output.units name and the job has
 * not. */
void cn_check_variable_names(const struct cn_config *config, struct cn_catalog *catalog);

/* Adds to the catalog's problems a warning of the files that are passed over: of other tables, and
 * those whose names do not follow the rule. */
void cn_warn_passed_over(const struct cn_config *config, struct cn_catalog *catalog);

#endif
