/*
 * Loads. A chunk with days of two source years is decoded once, into both slabs, so these
 * years are loaded together. Pure.
 */
#include "plan/loads.h"

#include "base/error.h"
#include "base/pool.h"
#include "grid/layout.h"
#include "plan/stretch.h"

#include <stdlib.h>

/* Instants of a file, and the needed year to which they belong. */
struct year_part {
    const struct cn_file *file;
    size_t first, count;
    size_t year;
};

static int compare_parts(const void *a, const void *b)
{
    const struct year_part *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Instants of a chunk; without chunks, each instant can be read alone. */
static size_t chunk_instants(const struct cn_storage *storage)
{
    return storage->layout == CN_CHUNKED ? storage->chunk[storage->time_dim] : 1;
}

/* Whether two parts, sorted by their first instant, share a day or a chunk of a file. */
static bool share_chunk(const struct year_part *earlier, const struct year_part *later)
{
    if (earlier->file != later->file)
        return false;
    const size_t chunk = chunk_instants(&later->file->storage);
    return (earlier->first + earlier->count - 1) / chunk >= later->first / chunk;
}

/* The representative of the years that are loaded with one (union-find with path halving). */
static size_t find_load(size_t *parent, size_t year)
{
    while (parent[year] != year)
        year = parent[year] = parent[parent[year]];
    return year;
}

static void join_years(size_t *parent, const struct year_part *parts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!share_chunk(&parts[i - 1], &parts[i]))
            continue;
        size_t a = find_load(parent, parts[i - 1].year), b = find_load(parent, parts[i].year);
        if (a < b)
            parent[b] = a;
        else
            parent[a] = b;
    }
}

/* Bytes of the chunks that hold cells of the layout and one instant: they share their other
 * instants. Without chunks a file is read row by row. */
static uint64_t instant_bytes(const struct cn_storage *storage, const struct cn_grid *grid,
                              const struct cn_pass *pass)
{
    const bool chunked = storage->layout == CN_CHUNKED;
    const size_t count[2] = {chunked ? storage->chunk[storage->row_dim] : 1,
                             chunked ? storage->chunk[storage->column_dim] : grid->column_count};
    const size_t end = pass->stretch.first_row + pass->stretch.row_count;
    uint64_t bytes = count[0] * count[1] * storage->value_bytes, chunks = 0;
    for (size_t row = pass->stretch.first_row / count[0] * count[0]; row < end; row += count[0])
        for (size_t column = 0; column < grid->column_count; column += count[1])
            chunks += cn_layout_needs(&pass->layout, (const size_t[2]){row, column}, count);
    return __builtin_mul_overflow(bytes, chunks * chunk_instants(storage), &bytes) ? UINT64_MAX / 4
                                                                                   : bytes;
}

static bool is_same_storage(const struct cn_storage *a, const struct cn_storage *b)
{
    return a->layout == b->layout && a->value_bytes == b->value_bytes &&
           (a->layout != CN_CHUNKED || (chunk_instants(a) == chunk_instants(b) &&
                                        a->chunk[a->row_dim] == b->chunk[b->row_dim] &&
                                        a->chunk[a->column_dim] == b->chunk[b->column_dim]));
}

/* Adds the bytes of the chunks that hold these parts, each chunk once. */
static void add_decoded_bytes(const struct cn_loading *loading, const struct cn_pass *pass,
                              const struct year_part *parts, size_t count, uint64_t *bytes)
{
    uint64_t each = 0;
    for (size_t i = 0; i < count; i++) {
        const struct cn_storage *storage = &parts[i].file->storage;
        const size_t instants = chunk_instants(storage);
        size_t first = parts[i].first / instants;
        const size_t last = (parts[i].first + parts[i].count - 1) / instants;
        if (i == 0 || !is_same_storage(storage, &parts[i - 1].file->storage))
            each = instant_bytes(storage, &loading->variable->variable->grid, pass);
        if (i > 0 && parts[i - 1].file == parts[i].file) {
            const size_t before = (parts[i - 1].first + parts[i - 1].count - 1) / instants;
            first = first > before ? first : before + 1;
        }
        uint64_t more;
        if (last >= first && (__builtin_mul_overflow(each, last - first + 1, &more) ||
                              __builtin_add_overflow(*bytes, more, bytes)))
            *bytes = UINT64_MAX;
    }
}

/* Makes a load of the years of each tree. */
static enum cn_status fill_loads(const struct cn_loading *loading, struct cn_pool *pool,
                                 size_t pass, struct cn_load *loads, size_t *count,
                                 struct cn_error *error)
{
    const size_t years = loading->variable->variable->year_count;
    size_t *load_of_year = loading->load_of_year;
    size_t *members = cn_pool_alloc(pool, years, sizeof *members);
    if (!members)
        return cn_fail_memory(error, "source years");
    *count = 0;
    for (size_t y = 0; y < years; y++) {
        if (!loading->of_pass[y])
            continue;
        size_t first = find_load(loading->parent, y); /* the first of them */
        if (first == y)
            loads[*count] = (struct cn_load){.pass = pass};
        load_of_year[y] = first == y ? (*count)++ : load_of_year[first];
        loads[load_of_year[y]].year_count++;
    }
    for (size_t l = 0; l < *count; l++) {
        loads[l].years = members;
        members += loads[l].year_count;
        loads[l].year_count = 0;
    }
    for (size_t y = 0; y < years; y++)
        if (loading->of_pass[y]) {
            struct cn_load *load = &loads[load_of_year[y]];
            load->years[load->year_count++] = y;
        }
    return CN_OK;
}

enum cn_status cn_make_loads(struct cn_loading *loading, struct cn_pool *pool,
                             const struct cn_pass *pass, size_t index, struct cn_load *loads,
                             size_t *count, uint64_t *bytes_to_decode, struct cn_error *error)
{
    const struct cn_variable *variable = loading->variable->variable;
    size_t parts = 0;
    for (size_t y = 0; y < variable->year_count; y++) {
        const struct cn_source_year *year = &variable->years[y];
        loading->parent[y] = y;
        for (size_t p = 0; loading->of_pass[y] && p < year->part_count; p++) {
            struct cn_instant_run runs[2];
            const size_t run_count =
                cn_stretch_instants(loading->variable, loading->config->normals.leap_day,
                                    &pass->held[CN_DAY], year, &year->parts[p], runs);
            for (size_t k = 0; k < run_count; k++)
                loading->parts[parts++] =
                    (struct year_part){year->parts[p].file, runs[k].first, runs[k].count, y};
        }
    }
    qsort(loading->parts, parts, sizeof *loading->parts, compare_parts);
    join_years(loading->parent, loading->parts, parts);
    add_decoded_bytes(loading, pass, loading->parts, parts, bytes_to_decode);
    return fill_loads(loading, pool, index, loads, count, error);
}

/* Marks the years in the windows of wanted targets, but for those that cannot be read. */
static void mark_needed(const struct cn_variable_plan *variable, bool *needed)
{
    for (size_t t = 0; t < variable->target_count; t++)
        for (size_t k = 0; k < cn_sample_years(variable->targets[t].sample); k++) {
            const ptrdiff_t year = variable->targets[t].window[k];
            if (year >= 0 && cn_wanted_normals(variable, &variable->targets[t]))
                needed[year] = !variable->unreadable || !variable->unreadable[year];
        }
}

enum cn_status cn_loading_prepare(struct cn_plan *plan, const struct cn_variable_plan *variable,
                                  struct cn_loading *loading, uint64_t *bytes_to_read,
                                  struct cn_error *error)
{
    const size_t years = variable->variable->year_count;
    size_t parts = 0;
    for (size_t y = 0; y < years; y++)
        parts += variable->variable->years[y].part_count;
    *loading = (struct cn_loading){
        .config = plan->config,
        .variable = variable,
        .needed = cn_pool_alloc(plan->pool, years, sizeof *loading->needed),
        .of_pass = cn_pool_alloc(plan->pool, years, sizeof *loading->of_pass),
        .parent = cn_pool_alloc(plan->pool, years, sizeof *loading->parent),
        .load_of_year = cn_pool_alloc(plan->pool, years, sizeof *loading->load_of_year),
        .parts = cn_pool_alloc(plan->pool, 2 * parts + 1, sizeof *loading->parts)};
    bool *counted = cn_pool_alloc(plan->pool, variable->variable->file_count, sizeof *counted);
    if (!loading->needed || !loading->of_pass || !loading->parent || !loading->load_of_year ||
        !loading->parts || !counted)
        return cn_fail_memory(error, "source years");
    mark_needed(variable, loading->needed);
    *bytes_to_read = 0;
    for (size_t y = 0; y < years; y++) {
        const struct cn_source_year *year = &variable->variable->years[y];
        for (size_t p = 0; loading->needed[y] && p < year->part_count; p++) {
            const struct cn_file *file = year->parts[p].file;
            bool *is_counted = &counted[file - variable->variable->files];
            *bytes_to_read += *is_counted ? 0 : file->size;
            *is_counted = true;
        }
    }
    return CN_OK;
}
