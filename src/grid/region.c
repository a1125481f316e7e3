/*
 * Which cells of a grid lie inside a region, and where they go in the output: rows in the file's
 * order, columns west to east.
 */
#include "grid/region.h"

#include "base/error.h"
#include "base/pool.h"
#include "climnorm/grid.h"
#include "grid/cell_places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Neighbouring cells may overlap by so much of their distance: bounds stored as float32. */
static const double OVERLAP = 1.001;

/* A row or a column of the grid that lies in the region. */
struct axis_point {
    size_t index; /* in the file */
    double value; /* degrees; longitudes are shifted by multiples of 360 into the box */
};

static int compare_points(const void *a, const void *b)
{
    const struct axis_point *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static bool is_same_column(double a, double b)
{
    return fabs(remainder(a - b, 360)) < CN_DEGREE_TOLERANCE;
}

/* Fills columns[column_count] with those inside the box, west to east, without duplicates. Returns
 * their number. */
static size_t select_columns(const struct cn_grid *grid, const struct cn_region *region,
                             struct axis_point *columns, size_t *dropped)
{
    size_t count = 0;
    *dropped = 0;
    if (region->global) {
        /* Longitudes are in order round the circle. */
        for (size_t i = 0; i < grid->column_count; i++)
            if (count && (is_same_column(grid->lon[i], columns[0].value) ||
                          is_same_column(grid->lon[i], columns[count - 1].value)))
                ++*dropped;
            else
                columns[count++] = (struct axis_point){i, grid->lon[i]};
        return count;
    }
    double west = region->lon[0] - CN_DEGREE_TOLERANCE;
    double east = region->lon[1] + CN_DEGREE_TOLERANCE;
    for (size_t i = 0; i < grid->column_count; i++) {
        double lon = grid->lon[i] + 360.0 * ceil((west - grid->lon[i]) / 360.0);
        if (lon <= east || region->lon[1] - region->lon[0] >= 360.0)
            columns[count++] = (struct axis_point){i, lon};
    }
    qsort(columns, count, sizeof *columns, compare_points);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept && columns[i].value - columns[kept - 1].value < CN_DEGREE_TOLERANCE) {
            if (columns[i].index < columns[kept - 1].index) /* the one earlier in the file stays */
                columns[kept - 1] = columns[i];
            ++*dropped;
        } else {
            columns[kept++] = columns[i];
        }
    }
    if (kept > 1 && columns[kept - 1].value - columns[0].value > 360.0 - CN_DEGREE_TOLERANCE) {
        if (columns[kept - 1].index < columns[0].index) /* both ends of a closed circle */
            columns[0] =
                (struct axis_point){columns[kept - 1].index, columns[kept - 1].value - 360.0};
        kept--;
        ++*dropped;
    }
    return kept;
}

/* Fills rows[row_count] with those inside the box, in the file's order. Returns their number. They
 * are neighbours, because latitudes are monotonic. */
static size_t select_rows(const struct cn_grid *grid, const struct cn_region *region,
                          struct axis_point *rows)
{
    size_t count = 0;
    for (size_t j = 0; j < grid->row_count; j++)
        if (region->global || (grid->lat[j] >= region->lat[0] - CN_DEGREE_TOLERANCE &&
                               grid->lat[j] <= region->lat[1] + CN_DEGREE_TOLERANCE))
            rows[count++] = (struct axis_point){j, grid->lat[j]};
    return count;
}

/* An axis of the grid. */
struct source_axis {
    const double *values, *bounds; /* [count], [count][2]; bounds may be NULL */
    size_t count;
    double turn; /* 360 for longitudes, 0 for latitudes */
};

/* The step from point i to i + 1. On a turn of 360 degrees, a step against the direction of the
 * axis crosses the jump of 360 degrees. */
static double step_from(const struct source_axis *axis, size_t i)
{
    const double *values = axis->values;
    double step = values[i + 1] - values[i];
    double direction = values[axis->count / 2] - values[axis->count / 2 - 1];
    if (axis->turn > 0 && fabs(direction) > axis->turn / 2) /* the jump is in the middle */
        direction = -direction;
    return step * direction < 0 ? step + copysign(axis->turn, direction) : step;
}

static double clip_lat(double lat)
{
    return fmin(90.0, fmax(-90.0, lat));
}

/* Bounds half-way to both neighbours; at an end of the axis, as far out as in. The neighbours of a
 * longitude may lie across the jump. */
static void midpoint_bounds(const struct source_axis *axis, size_t i, double bounds[2])
{
    bounds[0] = axis->values[i] - step_from(axis, i > 0 ? i - 1 : 0) / 2;
    bounds[1] = axis->values[i] + step_from(axis, i + 1 < axis->count ? i : axis->count - 2) / 2;
    for (int side = 0; side < 2 && axis->turn == 0; side++)
        bounds[side] = clip_lat(bounds[side]);
}

/* The source's bounds of point i, on the turn of the point. */
static void source_bounds(const struct source_axis *axis, size_t i, double bounds[2])
{
    for (int side = 0; side < 2; side++) {
        double bound = axis->bounds[2 * i + (size_t)side], out = bound - axis->values[i];
        bool is_turned = axis->turn > 0 && fabs(out) > axis->turn / 2 + CN_DEGREE_TOLERANCE;
        bounds[side] = is_turned ? bound - axis->turn * round(out / axis->turn) : bound;
    }
}

/* Whether the source's bounds are finite, around their points, and do not overlap. Written so that
 * NaN fails. */
static bool are_bounds(const struct source_axis *axis)
{
    double before = 0; /* from the point before to its bound on this side */
    for (size_t i = 0; i < axis->count; i++) {
        double bounds[2], step = i > 0 ? step_from(axis, i - 1) : 0;
        source_bounds(axis, i, bounds);
        double low = axis->values[i] - fmin(bounds[0], bounds[1]);
        double high = fmax(bounds[0], bounds[1]) - axis->values[i];
        if (!isfinite(bounds[0]) || !isfinite(bounds[1]) || !(low >= -CN_DEGREE_TOLERANCE) ||
            !(high >= -CN_DEGREE_TOLERANCE))
            return false;
        bool rises = axis->count > 1 && step_from(axis, i > 0 ? i - 1 : 0) > 0;
        if (i > 0 && !(before + (rises ? low : high) <= fabs(step) * OVERLAP + CN_DEGREE_TOLERANCE))
            return false;
        before = rises ? high : low;
    }
    return true;
}

/* Makes the region's coordinates and bounds of the points. Bounds are NULL where the source has
 * none and its axis has one point only. False: out of memory. */
static bool fill_axis(struct cn_pool *pool, const struct source_axis *axis,
                      const struct axis_point *points, size_t count, const double **values,
                      const double **bounds, bool *replaced)
{
    double *centres = cn_pool_alloc(pool, count, sizeof *centres);
    double *edges = cn_pool_alloc(pool, count, 2 * sizeof *edges);
    if (!centres || !edges)
        return false;
    bool from_source = axis->bounds && are_bounds(axis);
    *replaced = axis->bounds && !from_source;
    for (size_t i = 0; i < count; i++) {
        size_t source = points[i].index;
        double shift = points[i].value - axis->values[source];
        centres[i] = points[i].value;
        if (from_source)
            source_bounds(axis, source, edges + 2 * i);
        else if (axis->count > 1)
            midpoint_bounds(axis, source, edges + 2 * i);
        for (int side = 0; side < 2 && axis->turn > 0; side++)
            edges[2 * i + (size_t)side] += shift;
    }
    *values = centres;
    *bounds = from_source || axis->count > 1 ? edges : NULL;
    return true;
}

/* Groups points that are neighbours in the file. NULL: out of memory. */
static const struct cn_run *make_runs(struct cn_pool *pool, const struct axis_point *points,
                                      size_t count, size_t *run_count)
{
    struct cn_run *runs = cn_pool_alloc(pool, count, sizeof *runs);
    *run_count = 0;
    for (size_t i = 0; runs && i < count; i++) {
        struct cn_run *last = *run_count ? &runs[*run_count - 1] : NULL;
        if (last && last->source + last->count == points[i].index)
            last->count++;
        else
            runs[(*run_count)++] = (struct cn_run){points[i].index, 1, i};
    }
    return runs;
}

/* False: out of memory. */
static bool fill_runs(struct cn_pool *pool, const struct axis_point *rows,
                      const struct axis_point *columns, struct cn_region_cells *cells)
{
    cells->row_runs = make_runs(pool, rows, cells->row_count, &cells->row_run_count);
    cells->column_runs = make_runs(pool, columns, cells->column_count, &cells->column_run_count);
    cells->first_row = rows[0].index;
    cells->end_row = rows[cells->row_count - 1].index + 1;
    return cells->row_runs && cells->column_runs;
}

/* The least and the greatest of values that are not NaN. */
static void find_extent(const double *values, size_t count, double extent[2])
{
    extent[0] = extent[1] = NAN;
    for (size_t i = 0; i < count; i++) {
        extent[0] = fmin(extent[0], values[i]);
        extent[1] = fmax(extent[1], values[i]);
    }
}

static enum cn_status fail_without_cells(const struct cn_grid *grid, const struct cn_region *region,
                                         struct cn_error *error)
{
    double lat[2] = {grid->lat[0], grid->lat[cn_grid_lats(grid) - 1]};
    double lon[2] = {grid->lon[0], grid->lon[cn_grid_lons(grid) - 1]};
    if (grid->kind != CN_REGULAR) {
        find_extent(grid->lat, cn_grid_lats(grid), lat);
        find_extent(grid->lon, cn_grid_lons(grid), lon);
    }
    return cn_fail(error, CN_BAD_INPUT,
                   "region %s (lon %g to %g, lat %g to %g) holds no cell centre of the grid "
                   "(lat %g to %g, lon %g to %g); enlarge the box or leave the region out",
                   region->name, region->lon[0], region->lon[1], region->lat[0], region->lat[1],
                   lat[0], lat[1], lon[0], lon[1]);
}

static enum cn_status select_rectangle(struct cn_pool *pool, const struct cn_grid *grid,
                                       const struct cn_region *region,
                                       struct cn_region_cells *cells, struct cn_error *error)
{
    const struct source_axis lat = {grid->lat, grid->lat_bounds, grid->row_count, 0};
    const struct source_axis lon = {grid->lon, grid->lon_bounds, grid->column_count, 360.0};
    struct axis_point *points = calloc(grid->row_count + grid->column_count, sizeof *points);
    if (!points)
        return cn_fail_memory(error, "columns of a region");
    struct axis_point *rows = points, *columns = points + grid->row_count;
    enum cn_status status = CN_OK;
    cells->row_count = select_rows(grid, region, rows);
    cells->column_count = select_columns(grid, region, columns, &cells->dropped_columns);
    if (cells->row_count && cells->column_count &&
        (!fill_axis(pool, &lat, rows, cells->row_count, &cells->lat, &cells->lat_bounds,
                    &cells->replaced_lat_bounds) ||
         !fill_axis(pool, &lon, columns, cells->column_count, &cells->lon, &cells->lon_bounds,
                    &cells->replaced_lon_bounds) ||
         !fill_runs(pool, rows, columns, cells)))
        status = cn_fail_memory(error, "cells of a region");
    free(points);
    return status;
}

enum cn_status cn_region_cells(struct cn_pool *pool, const struct cn_grid *grid,
                               const struct cn_region *region, struct cn_region_cells *cells,
                               struct cn_error *error)
{
    *cells = (struct cn_region_cells){.region = region, .kind = grid->kind};
    enum cn_status status = grid->kind == CN_REGULAR
                                ? select_rectangle(pool, grid, region, cells, error)
                                : cn_region_places(pool, grid, region, cells, error);
    if (!status && (!cells->row_count || !cells->column_count))
        status = fail_without_cells(grid, region, error);
    return status;
}
