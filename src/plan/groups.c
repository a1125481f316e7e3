/*
 * Load groups. A chunk with days of two source years is decoded once, into both slabs, so these
 * years are loaded together. Pure.
 */
#include "plan/groups.h"

#include "base/error.h"
#include "base/pool.h"

#include <stdlib.h>

/* A part of a file, and the needed year whose days it holds. */
struct year_part {
    const struct cn_part *part;
    size_t year;
};

static int compare_parts(const void *a, const void *b)
{
    const struct cn_part *x = ((const struct year_part *)a)->part;
    const struct cn_part *y = ((const struct year_part *)b)->part;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Whether two parts of a file, sorted by their first instant, share a day or a chunk. */
static bool share_chunk(const struct cn_part *earlier, const struct cn_part *later)
{
    const struct cn_storage *storage = &later->file->storage;
    if (earlier->file != later->file)
        return false;
    size_t chunk = storage->layout == CN_CHUNKED ? storage->chunk[storage->time_dim] : 1;
    return (earlier->first + earlier->count - 1) / chunk >= later->first / chunk;
}

/* The representative of a year's group (union-find with path halving). */
static size_t find_group(size_t *parent, size_t year)
{
    while (parent[year] != year)
        year = parent[year] = parent[parent[year]];
    return year;
}

static void join_years(size_t *parent, struct year_part *year_parts, size_t count)
{
    qsort(year_parts, count, sizeof *year_parts, compare_parts);
    for (size_t i = 1; i < count; i++) {
        if (!share_chunk(year_parts[i - 1].part, year_parts[i].part))
            continue;
        size_t a = find_group(parent, year_parts[i - 1].year),
               b = find_group(parent, year_parts[i].year);
        if (a < b)
            parent[b] = a;
        else
            parent[a] = b;
    }
}

/* Marks the years in the windows of wanted targets. */
static void mark_needed(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                        bool *needed)
{
    for (size_t t = 0; t < variable->target_count; t++)
        for (int k = 0; k < plan->config->normals.window; k++)
            if (variable->targets[t].window[k] >= 0 &&
                cn_wanted_normals(variable, &variable->targets[t]))
                needed[variable->targets[t].window[k]] = true;
}

/* Makes a load of each group. */
static enum cn_status fill_loads(struct cn_plan *plan, struct cn_variable_plan *variable,
                                 const bool *needed, size_t *parent, size_t *load_of_year,
                                 struct cn_error *error)
{
    size_t years = variable->variable->year_count;
    size_t *members = cn_pool_alloc(plan->pool, years, sizeof *members);
    variable->loads = cn_pool_alloc(plan->pool, years, sizeof *variable->loads);
    if (!members || !variable->loads)
        return cn_fail_memory(error, "source years");
    variable->load_count = 0;
    for (size_t y = 0; y < years; y++) {
        if (!needed[y])
            continue;
        size_t first = find_group(parent, y); /* the first year of the group */
        load_of_year[y] = first == y ? variable->load_count++ : load_of_year[first];
        variable->loads[load_of_year[y]].year_count++;
    }
    for (size_t l = 0; l < variable->load_count; l++) {
        variable->loads[l].years = members;
        members += variable->loads[l].year_count;
        variable->loads[l].year_count = 0;
    }
    for (size_t y = 0; y < years; y++) {
        struct cn_load *load = &variable->loads[load_of_year[y]];
        if (needed[y])
            load->years[load->year_count++] = y;
    }
    return CN_OK;
}

enum cn_status cn_make_loads(struct cn_plan *plan, struct cn_variable_plan *variable,
                             size_t *load_of_year, struct cn_error *error)
{
    size_t years = variable->variable->year_count, parts = 0, count = 0;
    for (size_t y = 0; y < years; y++)
        parts += variable->variable->years[y].part_count;
    bool *needed = cn_pool_alloc(plan->pool, years, sizeof *needed);
    size_t *parent = cn_pool_alloc(plan->pool, years, sizeof *parent);
    struct year_part *year_parts = cn_pool_alloc(plan->pool, parts + 1, sizeof *year_parts);
    bool *counted = cn_pool_alloc(plan->pool, variable->variable->file_count, sizeof *counted);
    if (!needed || !parent || !year_parts || !counted)
        return cn_fail_memory(error, "source years");
    mark_needed(plan, variable, needed);
    variable->bytes_to_read = 0;
    for (size_t y = 0; y < years; y++) {
        const struct cn_source_year *year = &variable->variable->years[y];
        parent[y] = y;
        for (size_t p = 0; needed[y] && p < year->part_count; p++) {
            const struct cn_file *file = year->parts[p].file;
            bool *is_counted = &counted[file - variable->variable->files];
            variable->bytes_to_read += *is_counted ? 0 : file->size;
            *is_counted = true;
            year_parts[count++] = (struct year_part){&year->parts[p], y};
        }
    }
    join_years(parent, year_parts, count);
    return fill_loads(plan, variable, needed, parent, load_of_year, error);
}
