/*
 * One output file as data: all that shapes it but the values.
 */
#ifndef CLIMNORM_SINK_NORMALS_FILE_H
#define CLIMNORM_SINK_NORMALS_FILE_H

#include "climnorm/plan.h"
#include "products/group_days.h"

#include <stdint.h>
#include <string.h>

struct cn_normals_file {
    const struct cn_config *config;
    const struct cn_variable *variable;
    const struct cn_product *product;
    const struct cn_region_cells *region;
    const char *path; /* relative to config->output.root */
    int slots;        /* of values of each cell: day slots, months, seasons or one year */
    const struct cn_target *all_targets; /* of the variable */
    const size_t *targets;               /* [target_count] indices in all_targets; years ascend */
    size_t target_count;
    /* [target_count], each [cn_file_years]: which years of a target entered the values. NULL: all
     * that it has, as planned. */
    const bool *const *years_used;
    /* [pass_count] what each pass makes, in their order; day slots ascend, and in a stretch of them
     * rows. pass_count 0 or 1: one pass makes all, and they are not looked at. */
    const struct cn_pass_stretch *stretches;
    size_t pass_count;
    size_t passes_done;       /* that an earlier run has made; their chunks wait in its files */
    struct cn_values *values; /* no file is made: they go here; else NULL */
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
        .target_count = output->target_count,
        .values = output->values};
}

/* Returns: target t of the file. */
static inline const struct cn_target *cn_file_target(const struct cn_normals_file *file, size_t t)
{
    return &file->all_targets[file->targets[t]];
}

/* Returns: whether its steps are dates: a coordinate `time` instead of `dayofyear`. */
static inline bool cn_file_has_dates(const struct cn_normals_file *file)
{
    return file->config->output.axis == CN_DATES || file->product->time != CN_DAY;
}

/* Returns: whether the values are in the source's unit, of which blanks at its ends do not count.
 */
static inline bool cn_file_has_source_unit(const struct cn_normals_file *file)
{
    const char *unit = file->product->unit.name, *source = file->variable->units;
    if (!unit)
        return true;
    source = source ? source + strspn(source, " \t\n\v\f\r") : "";
    return strncmp(source, unit, strlen(unit)) == 0 &&
           !source[strlen(unit) + strspn(source + strlen(unit), " \t\n\v\f\r")];
}

/* Returns: how many years the window has, and for seasons the year before it. */
static inline size_t cn_file_window(const struct cn_normals_file *file)
{
    return cn_sample_window(cn_file_target(file, 0)->sample);
}

/* Returns: how many source years a target has whose values enter it, in the order of its window. */
static inline size_t cn_file_years(const struct cn_normals_file *file)
{
    return cn_sample_years(cn_file_target(file, 0)->sample);
}

/* Returns: the source year at index i of target t, below cn_file_years; NULL: it did not enter the
 * values. */
static inline const struct cn_source_year *cn_file_year(const struct cn_normals_file *file,
                                                        size_t t, size_t i)
{
    return file->years_used && !file->years_used[t][i]
               ? NULL
               : cn_window_year(file->variable, cn_file_target(file, t), (int)i);
}

/* Returns: whether it entered as a year of its window, not for its December alone. */
static inline bool cn_is_year_used(const struct cn_normals_file *file, size_t t, size_t i)
{
    const struct cn_source_year *year = cn_file_year(file, t, i);
    return year && year->usable;
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
