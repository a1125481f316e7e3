/*
 * One output file as data: all that shapes it but the values.
 */
#ifndef CLIMNORM_SINK_NORMAL_FILE_H
#define CLIMNORM_SINK_NORMAL_FILE_H

#include "climnorm/plan.h"

struct cn_normal_file {
    const struct cn_config *config;
    const struct cn_catalog *catalog;
    const struct cn_variable *variable;
    const struct cn_region_cells *region;
    const struct cn_target *target;
    int slots;
    const char *path;      /* relative to config->output.root */
    const bool *year_used; /* [normals.window]; NULL: all years that target->window has */
};

#endif
