/*
 * Each cell is looked at by itself: neighbours in the file need not be neighbours on the earth.
 */
#include "grid/cell_places.h"

#include "base/error.h"
#include "base/pool.h"

#include <math.h>
#include <string.h>

static bool is_in_box(const struct cn_region *region, double lat, double lon)
{
    if (!isfinite(lat) || !isfinite(lon))
        return false;
    if (region->global)
        return true;
    const double west = region->lon[0] - CN_DEGREE_TOLERANCE;
    const double turned = lon + 360.0 * ceil((west - lon) / 360.0);
    return lat >= region->lat[0] - CN_DEGREE_TOLERANCE &&
           lat <= region->lat[1] + CN_DEGREE_TOLERANCE &&
           (turned <= region->lon[1] + CN_DEGREE_TOLERANCE ||
            region->lon[1] - region->lon[0] >= 360.0);
}

static bool is_cell_in(const struct cn_grid *grid, const struct cn_region *region, size_t cell)
{
    return is_in_box(region, grid->lat[cell], grid->lon[cell]);
}

/* Rows and columns of the grid: from first to the one before end. */
struct cell_block {
    size_t first_row, end_row, first_column, end_column;
};

/* The smallest block with all cells of the region; end_row 0: there is none. */
static struct cell_block find_block(const struct cn_grid *grid, const struct cn_region *region)
{
    struct cell_block block = {grid->row_count, 0, grid->column_count, 0};
    for (size_t row = 0, cell = 0; row < grid->row_count; row++)
        for (size_t column = 0; column < grid->column_count; column++, cell++) {
            if (!is_cell_in(grid, region, cell))
                continue;
            block.first_row = row < block.first_row ? row : block.first_row;
            block.end_row = row + 1;
            block.first_column = column < block.first_column ? column : block.first_column;
            block.end_column = column + 1 > block.end_column ? column + 1 : block.end_column;
        }
    if (region->global && block.end_row)
        block = (struct cell_block){0, grid->row_count, 0, grid->column_count};
    return block;
}

static struct cn_run *copy_run(struct cn_pool *pool, struct cn_run run)
{
    struct cn_run *copy = cn_pool_alloc(pool, 1, sizeof *copy);
    if (copy)
        *copy = run;
    return copy;
}

/* Lists the cells of the block that are not inside. holes NULL: they are only counted. */
static size_t list_holes(const struct cn_grid *grid, const struct cn_region *region,
                         const struct cell_block *block, struct cn_cell_run *holes)
{
    size_t count = 0, cell = 0, end = SIZE_MAX; /* of the last hole */
    for (size_t row = block->first_row; row < block->end_row; row++)
        for (size_t column = block->first_column; column < block->end_column; column++, cell++) {
            if (is_cell_in(grid, region, row * grid->column_count + column))
                continue;
            if (cell != end)
                count++;
            if (holes && cell != end)
                holes[count - 1].first = cell;
            if (holes)
                holes[count - 1].count++;
            end = cell + 1;
        }
    return count;
}

static bool select_block(struct cn_pool *pool, const struct cn_grid *grid,
                         const struct cn_region *region, struct cn_region_cells *cells)
{
    const struct cell_block block = find_block(grid, region);
    if (!block.end_row)
        return true;
    cells->row_count = block.end_row - block.first_row;
    cells->column_count = block.end_column - block.first_column;
    cells->row_runs = copy_run(pool, (struct cn_run){block.first_row, cells->row_count, 0});
    cells->column_runs =
        copy_run(pool, (struct cn_run){block.first_column, cells->column_count, 0});
    cells->hole_count = list_holes(grid, region, &block, NULL);
    struct cn_cell_run *holes = cn_pool_alloc(pool, cells->hole_count, sizeof *holes);
    cells->holes = holes;
    if (holes)
        list_holes(grid, region, &block, holes);
    return holes && cells->row_runs && cells->column_runs;
}

static size_t list_row_runs(const struct cn_grid *grid, const struct cn_region *region,
                            struct cn_run *runs, size_t *cells)
{
    size_t count = 0, end = SIZE_MAX;
    *cells = 0;
    for (size_t row = 0; row < grid->row_count; row++) {
        if (!is_cell_in(grid, region, row))
            continue;
        if (row != end)
            count++;
        if (runs && row != end)
            runs[count - 1] = (struct cn_run){row, 0, *cells};
        if (runs)
            runs[count - 1].count++;
        ++*cells;
        end = row + 1;
    }
    return count;
}

static bool select_list(struct cn_pool *pool, const struct cn_grid *grid,
                        const struct cn_region *region, struct cn_region_cells *cells)
{
    const size_t count = list_row_runs(grid, region, NULL, &cells->row_count);
    struct cn_run *runs = cn_pool_alloc(pool, count, sizeof *runs);
    if (runs)
        list_row_runs(grid, region, runs, &cells->row_count);
    cells->row_runs = runs;
    cells->column_count = 1;
    cells->column_runs = copy_run(pool, (struct cn_run){0, 1, 0});
    cells->row_run_count = count;
    return runs && cells->column_runs;
}

/* The values of the region's cells, `width` of each. NULL: out of memory. */
static const double *take_cells(struct cn_pool *pool, const struct cn_grid *grid,
                                const struct cn_region_cells *cells, const double *values,
                                size_t width)
{
    const size_t row_values = cells->column_count * width;
    double *taken =
        cn_pool_alloc(pool, cells->row_count * cells->column_count, width * sizeof *taken);
    double *to = taken;
    for (size_t k = 0; taken && k < cells->row_run_count; k++)
        for (size_t row = 0; row < cells->row_runs[k].count; row++, to += row_values) {
            const size_t first = (cells->row_runs[k].source + row) * grid->column_count +
                                 cells->column_runs[0].source;
            memcpy(to, values + first * width, row_values * sizeof *to);
        }
    return taken;
}

enum cn_status cn_region_places(struct cn_pool *pool, const struct cn_grid *grid,
                                const struct cn_region *region, struct cn_region_cells *cells,
                                struct cn_error *error)
{
    cells->row_run_count = cells->column_run_count = 1;
    bool is_made = grid->kind == CN_CURVILINEAR ? select_block(pool, grid, region, cells)
                                                : select_list(pool, grid, region, cells);
    if (is_made && cells->row_count) {
        const struct cn_run *last = &cells->row_runs[cells->row_run_count - 1];
        cells->first_row = cells->row_runs[0].source;
        cells->end_row = last->source + last->count;
        cells->lat = take_cells(pool, grid, cells, grid->lat, 1);
        cells->lon = take_cells(pool, grid, cells, grid->lon, 1);
        is_made = cells->lat && cells->lon;
    }
    if (is_made && cells->row_count && grid->lat_bounds && grid->lon_bounds) {
        cells->lat_bounds = take_cells(pool, grid, cells, grid->lat_bounds, grid->corner_count);
        cells->lon_bounds = take_cells(pool, grid, cells, grid->lon_bounds, grid->corner_count);
        is_made = cells->lat_bounds && cells->lon_bounds;
    }
    return is_made ? CN_OK : cn_fail_memory(error, "cells of a region");
}
