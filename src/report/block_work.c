/*
 * Reads a block in a child process: its files are known to be whole but for their values. A file
 * that is damaged there leaves a gap.
 */
#include "report/block_work.h"

#include "base/error.h"
#include "base/workers.h"
#include "climnorm/limits.h"
#include "report/map_image.h"
#include "report/region_means.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_CPU_S = 120, BLOCK_CPU_BYTES_PER_S = 20 << 20, MOST_BLOCK_CPU_S = 1 << 20 };
static const uint64_t block_memory = (uint64_t)3 << 30;

struct block_reading {
    struct cn_pool *pool;
    const struct cn_blocks *blocks;
    struct cn_block_result *results;
    size_t map_blocks, done;
    struct cn_progress *progress;
};

/* --- in a child --- */

struct block_child {
    struct cn_pool *pool;
    const struct cn_output_block *block;
    struct cn_block_result *result;
    size_t cells;
    double *first_map, *weights; /* [cells]; NULL: no maps */
    double *maps[CN_MOST_BLOCK_MAPS];
};

static double mean_of_known(const double *values, size_t count)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i])) {
            sum += values[i];
            known++;
        }
    return known ? sum / (double)known : NAN;
}

/* Reads a target year; NaN where it cannot be read. */
static enum cn_status read_year(struct block_child *child, size_t s, size_t p, double *means,
                                double *map, struct cn_error *error)
{
    struct cn_block_result *result = child->result;
    const struct cn_block_point *point = &child->block->series[s].points[p];
    const struct cn_output_facts *facts = point->facts;
    struct cn_error own;
    double none[CN_MAX_SLOTS];
    means = means ? means : none;
    if (facts->slots != child->block->facts->slots || facts->rows != child->block->facts->rows ||
        facts->columns != child->block->facts->columns)
        cn_fail(&own, CN_BAD_INPUT, "it has another shape than the other files of its kind");
    else if (!cn_region_means_read(facts, point->target, means, map, &own))
        return CN_OK;
    if (own.status == CN_BAD_MACHINE)
        return cn_fail(error, CN_BAD_MACHINE, "%s: %s", facts->path, own.text);
    for (size_t k = 0; k < child->block->facts->slots; k++)
        means[k] = NAN;
    for (size_t i = 0; map && i < child->cells; i++)
        map[i] = NAN;
    if (!result->failures++)
        result->failure = cn_pool_printf(child->pool, "%s: %s", facts->path, own.text);
    return result->failure ? CN_OK : cn_fail_memory(error, "a report");
}

/* Keeps the map of a target year, or its change from the first one. */
static void keep_map(struct block_child *child, size_t s, size_t p, double *map, bool is_change)
{
    struct cn_block_result *result = child->result;
    struct cn_report_map *kept = &result->maps[result->map_count];
    *kept = (struct cn_report_map){is_change, s, p, NAN, NAN, NAN, 0, NULL, 0};
    for (size_t i = 0; i < child->cells; i++) {
        kept->least = fmin(kept->least, map[i]);
        kept->most = fmax(kept->most, map[i]);
        kept->empty += isnan(map[i]) ? 1 : 0;
    }
    kept->mean = cn_region_map_mean(map, child->weights, child->cells);
    child->maps[result->map_count++] = map;
}

static enum cn_status read_block_cycle(struct block_child *child, size_t s, size_t p,
                                       struct cn_shown_year *year, struct cn_error *error)
{
    struct cn_block_result *result = child->result;
    const size_t slots = child->block->facts->slots;
    double *means = cn_pool_alloc(child->pool, slots, sizeof *means);
    const bool has_map = child->weights && result->map_count + 2 <= CN_MOST_BLOCK_MAPS;
    double *map = has_map ? malloc((child->cells + 1) * sizeof *map) : NULL;
    if (!means || (has_map && !map)) {
        free(map);
        return cn_fail_memory(error, "a report");
    }
    enum cn_status status = read_year(child, s, p, means, map, error);
    if (status || result->cycle_count == CN_MOST_BLOCK_SERIES + 1) {
        free(map);
        return status;
    }
    year->mean = mean_of_known(means, slots);
    result->cycles[result->cycle_count++] = (struct cn_cycle){s, p, means, year->mean};
    if (!map)
        return CN_OK;
    keep_map(child, s, p, map, false);
    if (!child->first_map) {
        child->first_map = map;
        return CN_OK;
    }
    double *change = malloc(child->cells * sizeof *change);
    if (!change)
        return cn_fail_memory(error, "a report");
    for (size_t i = 0; i < child->cells; i++)
        change[i] = map[i] - child->first_map[i];
    keep_map(child, s, p, change, true);
    return CN_OK;
}

/* The first target year of all, and the last of each series that ends one. */
static bool has_cycle(const struct cn_output_block *block, size_t s, size_t p)
{
    if (s == 0 && p == 0)
        return true;
    return p == block->series[s].count - 1 && (s > 0 || !block->has_shared) && p + s > 0;
}

static enum cn_status read_years(struct block_child *child, struct cn_error *error)
{
    const struct cn_output_block *block = child->block;
    struct cn_block_result *result = child->result;
    double means[CN_MAX_SLOTS];
    enum cn_status status = CN_OK;
    for (size_t s = 0; s < block->series_count && s < CN_MOST_BLOCK_SERIES; s++)
        for (size_t p = 0; p < block->series[s].count && !status; p++) {
            if (!cn_is_year_shown(p, block->series[s].count))
                continue;
            struct cn_shown_year *year = &result->years[result->year_count++];
            *year = (struct cn_shown_year){s, p, NAN};
            if (has_cycle(block, s, p)) {
                status = read_block_cycle(child, s, p, year, error);
            } else {
                status = read_year(child, s, p, means, NULL, error);
                if (!status)
                    year->mean = mean_of_known(means, block->facts->slots);
            }
        }
    return status;
}

/* One range of colours for the maps of years, and one around 0 for those of changes. */
static void find_colour_ranges(struct cn_block_result *result)
{
    double *range = result->range, most = 0;
    range[0] = range[1] = NAN;
    for (size_t m = 0; m < result->map_count; m++) {
        const struct cn_report_map *map = &result->maps[m];
        if (map->is_change) {
            most = fmax(most, fmax(fabs(map->least), fabs(map->most)));
        } else {
            range[0] = fmin(range[0], map->least);
            range[1] = fmax(range[1], map->most);
        }
    }
    result->change_range[0] = -most;
    result->change_range[1] = most;
}

static enum cn_status draw_block_maps(struct block_child *child, struct cn_error *error)
{
    struct cn_block_result *result = child->result;
    const struct cn_output_facts *facts = child->block->facts;
    result->colours = cn_colours_of(facts->standard_name, facts->units, facts->source_name);
    find_colour_ranges(result);
    for (size_t m = 0; m < result->map_count; m++) {
        struct cn_report_map *map = &result->maps[m];
        const double *range = map->is_change ? result->change_range : result->range;
        map->png = cn_map_image_png(
            &(struct cn_map_image){child->maps[m],
                                   facts->rows,
                                   facts->columns,
                                   facts->is_south_first,
                                   {range[0], range[1]},
                                   map->is_change ? cn_colours_of_change(result->colours)
                                                  : result->colours},
            &map->png_size);
        if (!map->png)
            return cn_fail_memory(error, "a map");
    }
    return CN_OK;
}

static void carry_result(struct cn_archive *archive, struct cn_block_result *result)
{
    result->failure = cn_archive_text(archive, result->failure);
    cn_archive_bytes(archive, &result->failures, sizeof result->failures);
    cn_archive_bytes(archive, &result->year_count, sizeof result->year_count);
    result->years = (struct cn_shown_year *)cn_archive_array(
        archive, result->years, result->year_count, sizeof *result->years);
    cn_archive_bytes(archive, result->range, sizeof result->range);
    cn_archive_bytes(archive, result->change_range, sizeof result->change_range);
    cn_archive_bytes(archive, &result->colours, sizeof result->colours);
    cn_archive_bytes(archive, &result->cycle_count, sizeof result->cycle_count);
    cn_archive_bytes(archive, &result->map_count, sizeof result->map_count);
    if (result->cycle_count > CN_MOST_BLOCK_SERIES + 1 || result->map_count > CN_MOST_BLOCK_MAPS ||
        (unsigned)result->colours >= CN_COLOUR_SCALES)
        archive->status = archive->status ? archive->status : CN_BAD_INPUT;
}

/* The arrays whose lengths are known once the first part is unpacked. */
static void carry_arrays(struct cn_archive *archive, struct cn_block_result *result, size_t slots)
{
    for (size_t c = 0; c < result->cycle_count && !archive->status; c++) {
        struct cn_cycle *cycle = &result->cycles[c];
        cn_archive_bytes(archive, &cycle->series, sizeof cycle->series);
        cn_archive_bytes(archive, &cycle->point, sizeof cycle->point);
        cn_archive_bytes(archive, &cycle->mean, sizeof cycle->mean);
        cycle->means = cn_archive_array(archive, cycle->means, slots, sizeof *cycle->means);
    }
    for (size_t m = 0; m < result->map_count && !archive->status; m++) {
        struct cn_report_map *map = &result->maps[m];
        cn_archive_flag(archive, &map->is_change);
        cn_archive_bytes(archive, &map->series, sizeof map->series);
        cn_archive_bytes(archive, &map->point, sizeof map->point);
        cn_archive_bytes(archive, &map->least, sizeof map->least);
        cn_archive_bytes(archive, &map->most, sizeof map->most);
        cn_archive_bytes(archive, &map->mean, sizeof map->mean);
        cn_archive_bytes(archive, &map->empty, sizeof map->empty);
        cn_archive_count(archive, &map->png_size);
        map->png = cn_archive_array(archive, map->png, map->png_size, 1);
    }
}

static enum cn_status examine_block(void *context, size_t item, struct cn_archive *found,
                                    struct cn_error *error)
{
    const struct block_reading *reading = context;
    const struct cn_output_block *block = &reading->blocks->blocks[item];
    const struct cn_output_facts *facts = block->facts;
    struct cn_block_result result = {.failure = ""};
    struct block_child child = {.pool = cn_pool_new(), .block = block, .result = &result};
    size_t years = 0;
    for (size_t s = 0; s < block->series_count; s++)
        years += block->series[s].count;
    if (__builtin_mul_overflow(facts->rows, facts->columns, &child.cells) ||
        child.cells > CN_MAX_REPORT_CELLS)
        child.cells = 0;
    result.years = child.pool ? cn_pool_alloc(child.pool, years, sizeof *result.years) : NULL;
    const bool has_maps = item < reading->map_blocks && facts->is_regular && child.cells;
    if (has_maps && result.years)
        child.weights = cn_pool_alloc(child.pool, child.cells, sizeof *child.weights);
    enum cn_status status =
        !result.years || (has_maps && !child.weights) ? cn_fail_memory(error, "a report") : CN_OK;
    if (!status && has_maps)
        status = cn_region_weights_read(facts, child.weights, error);
    if (!status)
        status = read_years(&child, error);
    if (!status)
        status = draw_block_maps(&child, error);
    if (!status) {
        carry_result(found, &result);
        carry_arrays(found, &result, facts->slots);
        status = found->status;
    }
    for (size_t m = 0; m < result.map_count; m++) {
        free(child.maps[m]);
        free((void *)result.maps[m].png);
    }
    cn_pool_free(child.pool);
    return status;
}

/* --- in the parent --- */

static const char *block_path(void *context, size_t item)
{
    return ((const struct block_reading *)context)->blocks->blocks[item].facts->path;
}

static bool is_point_known(const struct cn_output_block *block, size_t s, size_t p)
{
    return s < block->series_count && p < block->series[s].count;
}

static bool is_result_sound(const struct cn_output_block *block,
                            const struct cn_block_result *result)
{
    bool is_sound = true;
    for (size_t y = 0; y < result->year_count && is_sound; y++)
        is_sound = is_point_known(block, result->years[y].series, result->years[y].point);
    for (size_t c = 0; c < result->cycle_count && is_sound; c++)
        is_sound = is_point_known(block, result->cycles[c].series, result->cycles[c].point);
    for (size_t m = 0; m < result->map_count && is_sound; m++)
        is_sound = is_point_known(block, result->maps[m].series, result->maps[m].point);
    return is_sound;
}

static enum cn_status accept_block_result(void *context, size_t item, struct cn_archive *found,
                                          const struct cn_error *failure, struct cn_error *error)
{
    struct block_reading *reading = context;
    const struct cn_output_block *block = &reading->blocks->blocks[item];
    struct cn_block_result *result = &reading->results[item];
    cn_progress_count(reading->progress, ++reading->done, reading->blocks->count);
    if (failure && failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s: %s", block->facts->path, failure->text);
    *result = (struct cn_block_result){.failure = ""};
    if (failure) {
        result->problem = cn_pool_strdup(reading->pool, failure->text);
        return result->problem ? CN_OK : cn_fail_memory(error, "a report");
    }
    found->pool = reading->pool;
    carry_result(found, result);
    carry_arrays(found, result, block->facts->slots);
    if (found->status == CN_BAD_MACHINE)
        return cn_fail_memory(error, "a report");
    return found->status || !is_result_sound(block, result) ? CN_BAD_INPUT : CN_OK;
}

static int most_seconds(const struct cn_blocks *blocks)
{
    uint64_t most = 0;
    for (size_t b = 0; b < blocks->count; b++)
        most = blocks->blocks[b].bytes > most ? blocks->blocks[b].bytes : most;
    most = BLOCK_CPU_S + most / BLOCK_CPU_BYTES_PER_S;
    return most < MOST_BLOCK_CPU_S ? (int)most : MOST_BLOCK_CPU_S;
}

enum cn_status cn_blocks_read(struct cn_pool *pool, const struct cn_blocks *blocks,
                              size_t map_blocks, int threads, const struct cn_watch *watch,
                              struct cn_block_result **results, struct cn_error *error)
{
    struct block_reading reading = {.pool = pool,
                                    .blocks = blocks,
                                    .map_blocks = map_blocks,
                                    .progress = cn_watch_or_none(watch)->progress};
    reading.results = *results = cn_pool_alloc(pool, blocks->count, sizeof **results);
    if (!reading.results)
        return cn_fail_memory(error, "a report");
    const int seconds = most_seconds(blocks);
    return cn_workers_run(&(struct cn_workers){.count = blocks->count,
                                               .threads = threads,
                                               .timeout_s = 600 + seconds,
                                               .cpu_s = seconds,
                                               .memory_bytes = block_memory,
                                               .watch = watch,
                                               .context = &reading,
                                               .name = block_path,
                                               .examine = examine_block,
                                               .accept = accept_block_result},
                          error);
}
