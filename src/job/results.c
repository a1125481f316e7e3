/*
 * The results of a job in memory.
 */
#include "job/results.h"

#include "base/error.h"
#include "base/format.h"
#include "base/pool.h"
#include "sink/normals_file.h"

#include <stdlib.h>

/* What differs between outputs of one region, product and period. */
static const char pattern[] = "{variable}/{product}/{region}/{period}/m{model}/{scenario}.nc";

struct cn_config cn_results_config(const struct cn_config *config)
{
    struct cn_config made = *config;
    made.output.root = "";
    made.output.pattern = pattern;
    made.output.layout = CN_STACKED;
    made.output.compression = 0;
    return made;
}

/* Returns how many values there are before target years are left out. */
static size_t count_planned(const struct cn_values *values)
{
    size_t count = 1;
    for (int d = 0; d < values->rank; d++)
        count *= values->shape[d];
    return count;
}

/* False: out of memory. */
static bool describe_values(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                            const struct cn_output *output, struct cn_values *values)
{
    const struct cn_normals_file file = cn_normals_file_planned(plan, variable, output);
    const struct cn_target *first = cn_file_target(&file, 0);
    const struct cn_grid *grid = &file.variable->grid;
    const size_t cells[] = {file.region->row_count, file.region->column_count};
    *values = (struct cn_values){
        .variable = file.variable->name,
        .model = file.variable->model,
        .product = file.product->name,
        .region = file.region->region->name,
        .period = first->period,
        .scenario = first->scenario,
        .units = file.product->unit.name ? file.product->unit.name : file.variable->units,
        .target_count = file.target_count,
        .rank = 2,
        .shape = {file.target_count, (size_t)file.slots},
        .count_size = plan->config->output.counts ? cn_field_bytes(&file, 1) : 0};
    for (int d = 0; d < 2; d++)
        if (grid->kind == CN_REGULAR || *grid->dim_names[d])
            values->shape[values->rank++] = cells[d];
    values->target_years =
        cn_pool_alloc(plan->pool, file.target_count, sizeof *values->target_years);
    for (size_t t = 0; values->target_years && t < file.target_count; t++)
        values->target_years[t] = cn_file_target(&file, t)->year;
    return values->target_years;
}

static enum cn_status check_memory(const struct cn_plan *plan, const struct cn_resources *left,
                                   struct cn_error *error)
{
    char has[24], needs[24];
    if (plan->values_bytes < left->memory_limit)
        return CN_OK;
    return cn_fail(
        error, CN_BAD_USAGE,
        "%s: engine.memory gives %s, but the results in memory take %s (%llu bytes); raise it, ask "
        "for fewer variables, regions, products or target years, or make files",
        plan->config->origin.engine_memory, cn_format_bytes(left->memory_limit, has),
        cn_format_bytes(plan->values_bytes, needs), (unsigned long long)plan->values_bytes);
}

enum cn_status cn_results_plan(struct cn_job *job, struct cn_resources *left,
                               struct cn_error *error)
{
    struct cn_plan *plan = job->plan;
    size_t count = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        count += plan->variables[v].output_count;
    job->values = cn_pool_alloc(plan->pool, count, sizeof *job->values);
    if (!job->values)
        return cn_fail_memory(error, "results");
    for (size_t v = 0; v < plan->variable_count; v++)
        for (size_t o = 0; o < plan->variables[v].output_count; o++) {
            struct cn_output *output = &plan->variables[v].outputs[o];
            struct cn_values *values = &job->values[job->value_count++];
            output->values = values;
            if (!describe_values(plan, &plan->variables[v], output, values))
                return cn_fail_memory(error, "results");
            plan->values_bytes +=
                count_planned(values) * (sizeof *values->values + values->count_size);
        }
    const enum cn_status status = check_memory(plan, left, error);
    if (!status)
        left->memory_limit -= plan->values_bytes;
    return status;
}

enum cn_status cn_results_allocate(struct cn_job *job, struct cn_error *error)
{
    for (size_t i = 0; i < job->value_count; i++) {
        struct cn_values *values = &job->values[i];
        values->values = calloc(count_planned(values), sizeof *values->values);
        values->counts =
            values->count_size ? calloc(count_planned(values), values->count_size) : NULL;
        if (!values->values || (values->count_size && !values->counts))
            return cn_fail_memory(error, "results");
    }
    return CN_OK;
}

void cn_results_free(struct cn_job *job, bool is_run)
{
    for (size_t i = 0; i < job->value_count; i++) {
        struct cn_values *values = &job->values[i];
        if (is_run && values->image)
            continue;
        free(values->values);
        free(values->counts);
        free(values->image);
        free(values->name);
        free(values->count_name);
        values->values = NULL;
        values->counts = values->image = NULL;
        values->name = values->count_name = NULL;
        values->target_count = values->shape[0] = 0;
    }
}
