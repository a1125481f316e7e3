/*
 * Sizes of slots, from layouts and samples.
 */
#include "plan/sizes.h"

#include <string.h>

static size_t round_to_pages(size_t bytes)
{
    return (bytes + CN_PAGE_BYTES - 1) / CN_PAGE_BYTES * CN_PAGE_BYTES;
}

/* Sets what the passes need before it is rounded to pages. False: overflow. */
static bool find_most(struct cn_variable_plan *variable, size_t first_pass)
{
    variable->slab_bytes = variable->group_bytes = 0;
    memset(variable->result, 0, sizeof variable->result);
    for (size_t p = first_pass; p < variable->pass_count; p++) {
        const struct cn_pass *pass = &variable->passes[p];
        const size_t row_bytes = pass->layout.row_cells * sizeof(float);
        size_t group_bytes;
        if (__builtin_mul_overflow(pass->group_rows[variable->group_value_count], row_bytes,
                                   &group_bytes))
            return false;
        cn_raise_to(&variable->slab_bytes, /* cn_layout_compute bounds it */
                    pass->held[CN_DAY].count * row_bytes);
        cn_raise_to(&variable->group_bytes, group_bytes);
        for (enum cn_time time = CN_DAY; time < CN_TIMES; time++)
            cn_raise_to(&variable->result[time].cells, pass->results[time].result_cells);
    }
    return true;
}

size_t cn_cell_bytes(const struct cn_config *config, const struct cn_variable_plan *variable,
                     enum cn_time time)
{
    size_t count_bytes = 0;
    for (size_t s = 0; s < variable->sample_count && config->output.counts; s++)
        if (variable->samples[s].time == time)
            cn_raise_to(&count_bytes,
                        cn_count_bytes(variable->samples[s].window, variable->samples[s].pool));
    return sizeof(float) + count_bytes;
}

bool cn_size_slots(const struct cn_config *config, struct cn_variable_plan *variable,
                   size_t first_pass, const size_t most_results[CN_TIMES], uint64_t *need)
{
    size_t slabs, groups, results;
    if (!find_most(variable, first_pass))
        return false;
    variable->slab_bytes = round_to_pages(variable->slab_bytes);
    variable->group_bytes = round_to_pages(variable->group_bytes);
    variable->slot_bytes = 0;
    for (enum cn_time time = CN_DAY; time < CN_TIMES; time++) {
        size_t bytes;
        variable->result[time].bytes =
            round_to_pages(variable->result[time].cells * cn_cell_bytes(config, variable, time));
        if (__builtin_mul_overflow(most_results[time], variable->result[time].bytes, &bytes))
            return false;
        cn_raise_to(&variable->slot_bytes, bytes);
    }
    return !__builtin_mul_overflow(variable->slot_bytes, variable->result_slots, &results) &&
           !__builtin_mul_overflow(variable->slab_bytes, variable->year_slots, &slabs) &&
           !__builtin_mul_overflow(variable->group_bytes, variable->group_slots, &groups) &&
           !__builtin_add_overflow((uint64_t)slabs, (uint64_t)results, need) &&
           !__builtin_add_overflow(*need, (uint64_t)groups, need);
}
