/*
 * Counts what a plan lists.
 */
#include "job/plan_counts.h"

#include <string.h>

struct cn_period_share cn_period_share_at(const struct cn_variable_plan *variable, size_t first)
{
    const struct cn_target *targets = variable->targets;
    struct cn_period_share share = {first, first + 1};
    while (share.end < variable->target_count &&
           targets[share.end].timeline == targets[first].timeline &&
           targets[share.end].sample == targets[first].sample &&
           strcmp(targets[share.end].period, targets[first].period) == 0)
        share.end++;
    return share;
}

size_t cn_share_normals(const struct cn_variable_plan *variable,
                        const struct cn_period_share *share, size_t region, size_t *kept)
{
    size_t wanted = 0, all = 0;
    for (size_t t = share->first; t < share->end; t++)
        for (size_t n = region; n < cn_normal_count(variable, &variable->targets[t]);
             n += variable->layout.region_count) {
            wanted += cn_is_normal_wanted(variable, &variable->targets[t], n);
            all++;
        }
    *kept = all - wanted;
    return wanted;
}

const struct cn_file *cn_usable_file(const struct cn_variable *variable)
{
    const struct cn_file *file = variable->files;
    while (!file->usable) /* one is: the variable has not failed */
        file++;
    return file;
}

size_t cn_files_to_read(const struct cn_variable_plan *variable)
{
    size_t files = 0;
    const struct cn_file *last = NULL; /* parts of one file follow each other */
    if (!variable->load_count)
        return 0;
    const struct cn_pass *pass = cn_first_pass(variable); /* all passes read the same files */
    for (size_t l = pass->first_load; l < pass->first_load + pass->load_count; l++)
        for (size_t k = 0; k < variable->loads[l].year_count; k++) {
            const struct cn_source_year *year =
                &variable->variable->years[variable->loads[l].years[k]];
            for (size_t p = 0; p < year->part_count; p++) {
                files += year->parts[p].file != last;
                last = year->parts[p].file;
            }
        }
    return files;
}

size_t cn_count_outputs(const struct cn_plan *plan, size_t *kept)
{
    size_t wanted = 0, all = 0;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        all += variable->output_count;
        for (size_t o = 0; o < variable->output_count; o++)
            wanted += variable->outputs[o].wanted;
    }
    *kept = all - wanted;
    return wanted;
}

size_t cn_count_models(const struct cn_plan *plan)
{
    size_t count = plan->variable_count > 0;
    for (size_t v = 1; v < plan->variable_count; v++)
        count +=
            strcmp(plan->variables[v].variable->model, plan->variables[v - 1].variable->model) != 0;
    return count;
}

size_t cn_sound_variables(const struct cn_plan *plan)
{
    size_t count = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        count += !plan->variables[v].failure;
    return count;
}

const struct cn_product *cn_product_of(const struct cn_variable_plan *variable,
                                       const struct cn_product *product)
{
    for (size_t s = 0; s < variable->sample_count; s++)
        for (size_t p = 0; p < variable->samples[s].product_count; p++)
            if (strcmp(variable->samples[s].products[p]->name, product->name) == 0)
                return variable->samples[s].products[p];
    return NULL;
}
