/*
 * A catalog of one variable that was made by hand, and what else the variable needs.
 */
#ifndef CLIMNORM_TESTS_ONE_VARIABLE_H
#define CLIMNORM_TESTS_ONE_VARIABLE_H

#include "climnorm/catalog.h"

static inline struct cn_catalog catalog_of(struct cn_variable *variable, struct cn_file *files,
                                           size_t file_count)
{
    variable->model = "M";
    variable->variant = "r1i1p1f1";
    variable->grid_label = "gn";
    variable->label = variable->name;
    variable->files = files;
    variable->file_count = file_count;
    return (struct cn_catalog){
        .files = files, .file_count = file_count, .variables = variable, .variable_count = 1};
}

#endif
