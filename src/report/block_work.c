/*
 * Reads a block in a child process: its files are known to be whole but for their values. A file
 * that is damaged there leaves a gap.
 */
#include "report/block_work.h"

#include "base/error.h"
#include "base/workers.h"
#include "climnorm/limits.h"
#include "pictures/cells.h"
#include "pictures/map.h"
#include "pictures/surface.h"
#include "report/region_means.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    IMAGE_PIXELS = 640, /* at most, across and along */
};
enum { BLOCK_CPU_S = 120, BLOCK_CPU_BYTES_PER_S = 20 << 20, MOST_BLOCK_CPU_S = 1 << 20 };
static const uint64_t block_memory = (uint64_t)3 << 30;

struct block_reading {
    struct cn_pool *pool;
    struct cn_blocks *blocks;
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
    bool has_maps;
    double *first_map, *weights; /* [cells] */
    double *maps[CN_MOST_BLOCK_MAPS];
    struct cn_strbuf images[CN_MOST_BLOCK_MAPS];
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
    else if (!cn_region_means_read(facts, point->target, child->weights, child->block->unit.factor,
                                   means, map, &own))
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
    const bool has_map = child->has_maps && result->map_count + 2 <= CN_MOST_BLOCK_MAPS;
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

/* Chooses the colours for the maps of years, or for those of changes.
 * Returns: false: out of memory. */
static bool choose_colours(const struct block_child *child, bool is_change, struct cn_scale *scale)
{
    const struct cn_block_result *result = child->result;
    double middle = 0, *values = malloc((result->map_count * child->cells + 1) * sizeof *values);
    size_t count = 0;
    scale->quantity = cn_field_quantity(&child->block->field);
    scale->is_change = is_change || cn_field_is_change(&child->block->field, &middle);
    for (size_t m = 0; m < result->map_count && values; m++)
        if (child->maps[m] && result->maps[m].is_change == is_change) {
            memcpy(values + count, child->maps[m], child->cells * sizeof *values);
            count += child->cells;
        }
    if (values)
        cn_scale_choose(scale, values, count, is_change ? 0 : middle);
    free(values);
    return values != NULL;
}

/* A map as it is drawn. */
struct drawn_map {
    const struct cn_places *places;
    const double *values;
    const struct cn_scale *scale;
};

static void draw_map_cells(void *context, cairo_t *cairo, double width, double height,
                           double detail)
{
    const struct drawn_map *map = context;
    cn_cells_draw(cairo, map->places, map->values, map->scale, width, height, detail);
}

/* Regular grids are drawn a pixel for a cell, others in the shape of their extent. */
static enum cn_status draw_block_maps(struct block_child *child, struct cn_error *error)
{
    struct cn_block_result *result = child->result;
    const struct cn_grid *grid = &child->block->field.grid;
    const double ratio = cn_map_aspect(&child->block->places.extent);
    double width = fmin(IMAGE_PIXELS, IMAGE_PIXELS / ratio), height = fmin(width * ratio, 640);
    if (grid->kind == CN_REGULAR) {
        width = fmin((double)grid->column_count, IMAGE_PIXELS);
        height = fmin((double)grid->row_count, IMAGE_PIXELS);
    }
    if (!choose_colours(child, false, &result->scale) ||
        !choose_colours(child, true, &result->change_scale))
        return cn_fail_memory(error, "a map");
    enum cn_status status = CN_OK;
    for (size_t m = 0; m < result->map_count && !status; m++) {
        struct cn_report_map *map = &result->maps[m];
        struct drawn_map drawn = {&child->block->places, child->maps[m],
                                  map->is_change ? &result->change_scale : &result->scale};
        status = cn_picture_render(&(struct cn_picture){.width = fmax(round(width), 1),
                                                        .height = fmax(round(height), 1),
                                                        .is_transparent = true,
                                                        .context = &drawn,
                                                        .draw = draw_map_cells},
                                   CN_PNG, &child->images[m], error);
        map->png = (const unsigned char *)child->images[m].text;
        map->png_size = child->images[m].length;
    }
    return status;
}

static bool is_scale_sound(const struct cn_scale *scale)
{
    return (unsigned)scale->quantity <= CN_OTHER_QUANTITY && isfinite(scale->low) &&
           isfinite(scale->high);
}

static void carry_result(struct cn_archive *archive, struct cn_block_result *result)
{
    result->failure = cn_archive_text(archive, result->failure);
    cn_archive_bytes(archive, &result->failures, sizeof result->failures);
    cn_archive_bytes(archive, &result->year_count, sizeof result->year_count);
    result->years = (struct cn_shown_year *)cn_archive_array(
        archive, result->years, result->year_count, sizeof *result->years);
    cn_archive_bytes(archive, &result->scale, sizeof result->scale);
    cn_archive_bytes(archive, &result->change_scale, sizeof result->change_scale);
    cn_archive_bytes(archive, &result->cycle_count, sizeof result->cycle_count);
    cn_archive_bytes(archive, &result->map_count, sizeof result->map_count);
    if (result->cycle_count > CN_MOST_BLOCK_SERIES + 1 || result->map_count > CN_MOST_BLOCK_MAPS ||
        !is_scale_sound(&result->scale) || !is_scale_sound(&result->change_scale))
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

static enum cn_status read_block_values(struct block_child *child, struct cn_error *error)
{
    size_t years = 0;
    for (size_t s = 0; s < child->block->series_count; s++)
        years += child->block->series[s].count;
    child->result->years = cn_pool_alloc(child->pool, years, sizeof *child->result->years);
    child->weights = cn_cell_weights(child->pool, &child->block->places);
    if (!child->result->years || !child->weights)
        return cn_fail_memory(error, "a report");
    enum cn_status status = read_years(child, error);
    return status ? status : draw_block_maps(child, error);
}

static enum cn_status examine_block(void *context, size_t item, struct cn_archive *found,
                                    struct cn_error *error)
{
    const struct block_reading *reading = context;
    const struct cn_output_block *block = &reading->blocks->blocks[item];
    struct cn_block_result result = {.failure = ""};
    struct block_child child = {.pool = cn_pool_new(),
                                .block = block,
                                .result = &result,
                                .cells = cn_field_cells(&block->field),
                                .has_maps = item < reading->map_blocks};
    const char *problem = reading->results[item].problem;
    enum cn_status status = problem      ? cn_fail(error, CN_BAD_INPUT, "%s", problem)
                            : child.pool ? read_block_values(&child, error)
                                         : cn_fail_memory(error, "a report");
    if (!status) {
        carry_result(found, &result);
        carry_arrays(found, &result, block->facts->slots);
        status = found->status;
    }
    for (size_t m = 0; m < result.map_count; m++) {
        free(child.maps[m]);
        cn_strbuf_free(&child.images[m]);
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

/* What pictures need of a block, by its first file. *problem: why it cannot be shown; NULL: it can.
 */
static enum cn_status open_block(struct cn_pool *pool, struct cn_output_block *block,
                                 const char **problem, struct cn_error *error)
{
    const struct cn_output_facts *facts = block->facts;
    enum cn_status status = cn_field_open(pool, facts->path, &block->field, error);
    if (!status &&
        (block->field.slot_count != facts->slots || block->field.grid.row_count != facts->rows ||
         block->field.grid.column_count != facts->columns))
        status =
            cn_fail(error, CN_BAD_INPUT, "%s: its shape changed while it was read", facts->path);
    if (status == CN_BAD_INPUT) {
        *problem = cn_pool_strdup(pool, error->text);
        return *problem ? CN_OK : cn_fail_memory(error, "a report");
    }
    if (!status && !cn_places_find(pool, &block->field.grid, &block->places))
        return cn_fail_memory(error, "a report");
    block->unit = cn_picture_unit_of(&block->field);
    return status;
}

enum cn_status cn_blocks_read(struct cn_pool *pool, struct cn_blocks *blocks, size_t map_blocks,
                              int threads, const struct cn_watch *watch,
                              struct cn_block_result **results, struct cn_error *error)
{
    struct block_reading reading = {.pool = pool,
                                    .blocks = blocks,
                                    .map_blocks = map_blocks,
                                    .progress = cn_watch_or_none(watch)->progress};
    reading.results = *results = cn_pool_alloc(pool, blocks->count, sizeof **results);
    if (!reading.results)
        return cn_fail_memory(error, "a report");
    enum cn_status status = CN_OK;
    for (size_t b = 0; b < blocks->count && !status; b++)
        status = open_block(pool, &blocks->blocks[b], &reading.results[b].problem, error);
    if (status)
        return status;
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
