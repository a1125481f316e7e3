/*
 * Load groups. A chunk with days of two source years is decoded once, into both slabs, so these
 * years are loaded together. Pure.
 */
#include "plan/groups.h"

#include <stdlib.h>

/* The part of a file that holds days of a needed year. */
struct stretch {
    const struct cn_part *part;
    size_t year;
};

static int compare_parts(const void *a, const void *b)
{
    const struct cn_part *x = ((const struct stretch *)a)->part;
    const struct cn_part *y = ((const struct stretch *)b)->part;
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

static void join_years(size_t *parent, struct stretch *stretches, size_t count)
{
    qsort(stretches, count, sizeof *stretches, compare_parts);
    for (size_t i = 1; i < count; i++) {
        if (!share_chunk(stretches[i - 1].part, stretches[i].part))
            continue;
        size_t a = find_group(parent, stretches[i - 1].year),
               b = find_group(parent, stretches[i].year);
        if (a < b)
            parent[b] = a;
        else
            parent[a] = b;
    }
}

static void mark_needed(const struct cn_variable_plan *variable, bool *needed)
{
    for (size_t b = 0; b < variable->batch_count; b++)
        for (size_t k = 0; k < variable->batches[b].row_count; k++)
            if (variable->batches[b].rows[k] >= 0)
                needed[variable->batches[b].rows[k]] = true;
}

/* Makes a load of each group; its year indices ascend. */
static bool fill_loads(struct cn_plan *plan, struct cn_variable_plan *variable, const bool *needed,
                       size_t *parent, size_t *load_of_year)
{
    size_t years = variable->variable->year_count;
    variable->loads = cn_pool_alloc(plan->pool, years, sizeof *variable->loads);
    variable->load_count = 0;
    for (size_t y = 0; variable->loads && y < years; y++)
        if (needed[y] && find_group(parent, y) == y)
            load_of_year[y] = variable->load_count++;
    for (size_t y = 0; variable->loads && y < years; y++) {
        if (!needed[y])
            continue;
        load_of_year[y] = load_of_year[find_group(parent, y)];
        variable->loads[load_of_year[y]].year_count++;
    }
    for (size_t l = 0; variable->loads && l < variable->load_count; l++) {
        size_t count = variable->loads[l].year_count, filled = 0;
        size_t *members = cn_pool_alloc(plan->pool, count, sizeof *members);
        if (!members)
            return false;
        for (size_t y = 0; y < years && filled < count; y++)
            if (needed[y] && load_of_year[y] == l)
                members[filled++] = y;
        variable->loads[l].years = members;
    }
    return variable->loads;
}

enum cn_status cn_make_loads(struct cn_plan *plan, struct cn_variable_plan *variable,
                             size_t *load_of_year, struct cn_error *error)
{
    size_t years = variable->variable->year_count, parts = 0, count = 0;
    for (size_t y = 0; y < years; y++)
        parts += variable->variable->years[y].part_count;
    bool *needed = calloc(years + 1, sizeof *needed);
    size_t *parent = calloc(years + 1, sizeof *parent);
    struct stretch *stretches = calloc(parts + 1, sizeof *stretches);
    bool made = needed && parent && stretches;
    if (made) {
        mark_needed(variable, needed);
        for (size_t y = 0; y < years; y++) {
            const struct cn_source_year *year = &variable->variable->years[y];
            parent[y] = y;
            for (size_t p = 0; needed[y] && p < year->part_count; p++)
                stretches[count++] = (struct stretch){&year->parts[p], y};
        }
        join_years(parent, stretches, count);
        made = fill_loads(plan, variable, needed, parent, load_of_year);
    }
    free(needed);
    free(parent);
    free(stretches);
    return made ? CN_OK : cn_fail_memory(error, "loads of the plan");
}

static int compare_file_addresses(const void *a, const void *b)
{
    const struct cn_file *x = *(const struct cn_file *const *)a;
    const struct cn_file *y = *(const struct cn_file *const *)b;
    return x < y ? -1 : x > y;
}

enum cn_status cn_count_bytes_to_read(struct cn_variable_plan *variable, struct cn_error *error)
{
    size_t parts = 0, count = 0;
    for (size_t y = 0; y < variable->variable->year_count; y++)
        parts += variable->variable->years[y].part_count;
    const struct cn_file **files = calloc(parts + 1, sizeof *files); /* NOLINT: pointers */
    if (!files)
        return cn_fail_memory(error, "files of the plan");
    for (size_t l = 0; l < variable->load_count; l++)
        for (size_t k = 0; k < variable->loads[l].year_count; k++) {
            const struct cn_source_year *year =
                &variable->variable->years[variable->loads[l].years[k]];
            for (size_t p = 0; p < year->part_count; p++)
                files[count++] = year->parts[p].file;
        }
    qsort(files, count, sizeof(const struct cn_file *), compare_file_addresses);
    variable->bytes_to_read = 0;
    for (size_t i = 0; i < count; i++)
        if (!i || files[i] != files[i - 1])
            variable->bytes_to_read += files[i]->size;
    free(files);
    return CN_OK;
}
