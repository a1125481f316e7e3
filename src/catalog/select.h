/*
 * Which files of a tree take part. Only their paths and the config decide.
 */
#ifndef CLIMNORM_CATALOG_SELECT_H
#define CLIMNORM_CATALOG_SELECT_H

#include "catalog/name_filter.h"

/* A model of the run. */
struct cn_model {
    const char *name;
    const char *variant, *grid_label; /* the one candidate of each; "" where there is none */
    const char *failure;              /* NULL, or why none of its files can be used */
    struct cn_selected
        *files; /* [file_count] by variable, experiment, time; none: no file passes */
    size_t file_count;
};

struct cn_selection {
    struct cn_model *models; /* [model_count], in the order of the run */
    size_t model_count;
    size_t file_count;      /* of all models */
    struct cn_name **names; /* [name_count] of all files that a dataset takes or the rule names */
    size_t name_count;
};

/* Names the files, by the datasets that take them or by the name rule, applies the filters of the
 * config, keeps the wanted version of each file, and finds variant and
 * grid of each model. Fills the counts of *catalog.
 * Errors: CN_BAD_USAGE: no file is left, two datasets contradict each other, there are several
 * models where one was asked for, or several variants or grids of each; the message says what to
 * set. CN_BAD_MACHINE: out of memory. Owns: all lives in the catalog's pool. */
enum cn_status cn_select(const struct cn_config *config, const struct cn_found_file *files,
                         size_t count, struct cn_catalog *catalog, struct cn_selection *selection,
                         struct cn_error *error);

#endif
