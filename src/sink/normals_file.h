/*
 * One output file as data: all that shapes it but the values.
 */
#ifndef CLIMNORM_SINK_NORMALS_FILE_H
#define CLIMNORM_SINK_NORMALS_FILE_H

#include "climnorm/plan.h"
#include "products/group_days.h"

#include <stdint.h>

struct cn_normals_file {
    const struct cn_config *config;
    const struct cn_variable *variable;
    const struct cn_product *product;
    const struct cn_region_cells *region;
    const char *path; /* relative to config->output.root */
    int slots;
    const struct cn_target *all_targets; /* of the variable */
    const size_t *targets;               /* [target_count] indices in all_targets; years ascend */
    size_t target_count;
    /* [target_count], each [window]: which years of a window entered the values. NULL: all
     * that the windows have, as planned. */
    const bool *const *years_used;
    /* [pass_count] what each pass makes, in their order; day slots ascend, and in a stretch of them
     * rows. pass_count 0 or 1: one pass makes all, and they are not looked at. */
    const struct cn_pass_stretch *stretches;
    size_t pass_count;
    size_t passes_done; /* that an earlier run has made; their chunks wait in its files */
};

/* Returns: the file as the plan has it. */
static inline struct cn_normals_file
cn_normals_file_planned(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                        const struct cn_output *output)
{
    return (struct cn_normals_file){
        .config = plan->config,
        .variable = variable->variable,
        .product = output->product,
        .region = &variable->results[output->product->time].regions[output->region],
        .path = output->path,
        .slots = (int)cn_group_count(output->product->time, (size_t)variable->slots),
        .all_targets = variable->targets,
        .targets = output->targets,
        .target_count = output->target_count};
}

/* Returns: target t of the file. */
static inline const struct cn_target *cn_file_target(const struct cn_normals_file *file, size_t t)
{
    return &file->all_targets[file->targets[t]];
}

/* Returns: the source year at index i of the window of target t, oldest first; NULL: it did not
 * enter the values. */
static inline const struct cn_source_year *cn_file_year(const struct cn_normals_file *file,
                                                        size_t t, int i)
{
    return file->years_used && !file->years_used[t][i]
               ? NULL
               : cn_window_year(file->variable, cn_file_target(file, t), i);
}

/* Returns: how many fields each output file has: arrays of values of each day slot and cell. */
static inline size_t cn_field_count(const struct cn_config *config)
{
    return config->output.counts ? 2 : 1;
}

/* Returns: the bytes of a value of a field: of float values, then of int16 or int32 counts. */
static inline size_t cn_field_bytes(const struct cn_normals_file *file, size_t field)
{
    return field ? cn_count_bytes(file->product->window, file->product->pool) : sizeof(float);
}

#endif
