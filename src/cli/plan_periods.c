/*
 * Adds up the normals of all variables, by period and, where they differ, by region.
 */
#include "cli/plan_periods.h"

#include "base/strbuf.h"
#include "base/year_list.h"
#include "cli/columns.h"
#include "cli/shared_lines.h"
#include "job/plan_counts.h"

#include <stdio.h>
#include <string.h>

/* Target years of one period that are equal for some variables. */
struct period_line {
    const char *period, *years;
    bool *is_in; /* [plan->variable_count] which variables */
    size_t variables;
    size_t *wanted, *kept; /* [config->region_count] normals of all these variables */
};

/* The target years of a share: "1980-2014", "1960-2020/10", "1991, 1995-1999". */
static const char *years_of(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                            const struct cn_period_share *share)
{
    const size_t count = share->end - share->first;
    int *years = cn_pool_alloc(plan->pool, count, sizeof *years);
    struct cn_strbuf text = {0};
    for (size_t t = 0; years && t < count; t++)
        years[t] = variable->targets[share->first + t].year;
    for (size_t t = 0; years && t < count;) {
        cn_strbuf_add(&text, t ? ", " : "");
        t += cn_year_range_add(&text, years + t, count - t);
    }
    return years ? cn_strbuf_to_pool(&text, plan->pool) : NULL;
}

static size_t region_index(const struct cn_config *config, const struct cn_region *region)
{
    return (size_t)(region - config->regions);
}

/* Adds the normals of a share to a line. False: out of memory. */
static bool add_share(const struct cn_plan *plan, size_t v, const struct cn_period_share *share,
                      struct period_line *line)
{
    const struct cn_variable_plan *variable = &plan->variables[v];
    const size_t regions = plan->config->region_count;
    line->wanted = line->wanted ? line->wanted : cn_pool_alloc(plan->pool, regions, sizeof(size_t));
    line->kept = line->kept ? line->kept : cn_pool_alloc(plan->pool, regions, sizeof(size_t));
    line->is_in =
        line->is_in ? line->is_in : cn_pool_alloc(plan->pool, plan->variable_count, sizeof(bool));
    if (!line->wanted || !line->kept || !line->is_in)
        return false;
    line->variables += !line->is_in[v];
    line->is_in[v] = true;
    for (size_t r = 0; r < variable->layout.region_count; r++) {
        const size_t at = region_index(plan->config, variable->layout.regions[r].region);
        size_t kept;
        line->wanted[at] += cn_share_normals(variable, share, r, &kept);
        line->kept[at] += kept;
    }
    return true;
}

/* Lists the periods of all variables, equal ones once. False: out of memory. */
static bool list_periods(const struct cn_plan *plan, struct period_line **lines, size_t *count)
{
    size_t capacity = 0;
    *lines = NULL;
    *count = 0;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        struct cn_period_share share;
        for (size_t t = 0; t < variable->target_count; t = share.end) {
            share = cn_period_share_at(variable, t);
            const char *period = variable->targets[t].period;
            const char *years = years_of(plan, variable, &share);
            size_t k = 0;
            while (
                years && k < *count &&
                (strcmp((*lines)[k].period, period) != 0 || strcmp((*lines)[k].years, years) != 0))
                k++;
            if (k == *count) {
                struct period_line *grown =
                    years ? cn_pool_grow(plan->pool, *lines, k, &capacity, sizeof *grown) : NULL;
                if (!grown)
                    return false;
                *lines = grown;
                grown[(*count)++] = (struct period_line){.period = period, .years = years};
            }
            if (!add_share(plan, v, &share, &(*lines)[k]))
                return false;
        }
    }
    return true;
}

/* Adds a row for all regions that have the same numbers of normals as region `first`. */
static void add_period_row(const struct cn_plan *plan, const struct period_line *line, size_t first,
                           struct cn_table *table)
{
    const struct cn_config *config = plan->config;
    struct cn_strbuf names = {0};
    size_t wanted = 0, kept = 0, regions = 0, held = 0;
    for (size_t r = 0; r < config->region_count; r++) {
        held += line->wanted[r] + line->kept[r] > 0;
        if (line->wanted[r] != line->wanted[first] || line->kept[r] != line->kept[first])
            continue;
        wanted += line->wanted[r];
        kept += line->kept[r];
        regions++;
        cn_strbuf_add(&names, "%s%s", names.length ? " " : "", config->regions[r].name);
    }
    if (regions == held)
        cn_strbuf_clear(&names);
    const char *variables =
        line->variables < cn_sound_variables(plan) ? cn_plan_names(plan, line->is_in) : NULL;
    if (variables)
        cn_strbuf_add(&names, "%s%s", names.length ? "; " : "", variables);
    if (wanted + kept == 0)
        return;
    cn_table_add(table, (const char *const[]){line->period, line->years,
                                              cn_pool_printf(plan->pool, "%zu", wanted),
                                              cn_number_cell(plan->pool, kept),
                                              cn_strbuf_to_pool(&names, plan->pool)});
}

static bool is_first_of_its_kind(const struct period_line *line, size_t region)
{
    for (size_t r = 0; r < region; r++)
        if (line->wanted[r] == line->wanted[region] && line->kept[r] == line->kept[region])
            return false;
    return true;
}

void cn_print_periods(const struct cn_plan *plan)
{
    struct cn_table table = {.pool = plan->pool, .columns = 5};
    struct period_line *lines;
    size_t count;
    if (!list_periods(plan, &lines, &count) || !count)
        return;
    cn_table_add(&table, (const char *const[]){"period", "target years", "to make", "kept", ""});
    for (size_t k = 0; k < count; k++)
        for (size_t r = 0; r < plan->config->region_count; r++)
            if (is_first_of_its_kind(&lines[k], r))
                add_period_row(plan, &lines[k], r, &table);
    if (table.row_count == 1 && !table.failed) /* nothing is to be made */
        return;
    putchar('\n');
    cn_table_print(&table);
}
