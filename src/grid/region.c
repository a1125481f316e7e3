/*
 * Which cells of a grid lie inside a region, and where they go in the output: rows in the file's
 * order, columns west to east.
 */
#include "climnorm/grid.h"

#include <math.h>
#include <stdlib.h>

/* A centre this close to a bound is inside; columns this close modulo 360 are the same
 * (docs/config.md). */
static const double TOLERANCE_DEG = 1e-5;

struct column {
    size_t index; /* along the file's longitude */
    double lon;   /* shifted by multiples of 360 into the box */
};

static int compare_longitudes(const void *a, const void *b)
{
    const struct column *x = a, *y = b;
    if (x->lon != y->lon)
        return x->lon < y->lon ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Fills columns[lon_count] with those inside the box, west to east, without duplicates. Returns
 * their number. */
static size_t select_columns(const struct cn_grid *grid, const struct cn_region *region,
                             struct column *columns, size_t *dropped)
{
    *dropped = 0;
    if (region->global) {
        for (size_t i = 0; i < grid->lon_count; i++)
            columns[i] = (struct column){i, grid->lon[i]};
        return grid->lon_count;
    }
    size_t count = 0;
    double west = region->lon[0] - TOLERANCE_DEG;
    double east = region->lon[1] + TOLERANCE_DEG;
    for (size_t i = 0; i < grid->lon_count; i++) {
        double lon = grid->lon[i] + 360.0 * ceil((west - grid->lon[i]) / 360.0);
        if (lon <= east || region->lon[1] - region->lon[0] >= 360.0)
            columns[count++] = (struct column){i, lon};
    }
    qsort(columns, count, sizeof *columns, compare_longitudes);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept && columns[i].lon - columns[kept - 1].lon < TOLERANCE_DEG) {
            if (columns[i].index < columns[kept - 1].index) /* the one earlier in the file stays */
                columns[kept - 1] = columns[i];
            ++*dropped;
        } else {
            columns[kept++] = columns[i];
        }
    }
    if (kept > 1 && columns[kept - 1].lon - columns[0].lon > 360.0 - TOLERANCE_DEG) {
        if (columns[kept - 1].index < columns[0].index) /* both ends of a closed circle */
            columns[0] = (struct column){columns[kept - 1].index, columns[kept - 1].lon - 360.0};
        kept--;
        ++*dropped;
    }
    return kept;
}

static bool select_rows(const struct cn_grid *grid, const struct cn_region *region, size_t *first,
                        size_t *count)
{
    *first = *count = 0;
    for (size_t j = 0; j < grid->lat_count; j++) {
        if (!region->global && (grid->lat[j] < region->lat[0] - TOLERANCE_DEG ||
                                grid->lat[j] > region->lat[1] + TOLERANCE_DEG))
            continue;
        if (!*count)
            *first = j;
        ++*count; /* latitudes are monotonic, so the rows inside are neighbours */
    }
    return *count > 0;
}

/* The step from axis[i] to axis[i + 1]. With `turn` 360, a step against the direction of the axis
 * crosses the seam between its ends. */
static double step_from(const double *axis, size_t n, size_t i, double turn)
{
    double step = axis[i + 1] - axis[i];
    double direction = axis[n / 2] - axis[n / 2 - 1];
    if (turn > 0 && fabs(direction) > turn / 2) /* the seam is in the middle of the axis */
        direction = -direction;
    return step * direction < 0 ? step + copysign(turn, direction) : step;
}

/* Bounds half-way to both neighbours on the full source axis; at its ends, as far out as in. `turn`
 * is 360 for longitudes, whose neighbours may lie across the seam, else 0. */
static void midpoint_bounds(const double *axis, size_t n, size_t i, double turn, double bounds[2])
{
    double before = step_from(axis, n, i > 0 ? i - 1 : 0, turn);
    double after = step_from(axis, n, i + 1 < n ? i : n - 2, turn);
    bounds[0] = axis[i] - before / 2;
    bounds[1] = axis[i] + after / 2;
}

static double clip_lat(double lat)
{
    return fmin(90.0, fmax(-90.0, lat));
}

static bool finite_bounds(const double *bounds, size_t n)
{
    for (size_t i = 0; bounds && i < 2 * n; i++)
        if (!isfinite(bounds[i]))
            return false;
    return bounds;
}

static bool fill_rows(struct cn_pool *pool, const struct cn_grid *grid,
                      struct cn_region_cells *cells)
{
    size_t n = cells->lat_count;
    double *lat = cn_pool_alloc(pool, n, sizeof *lat);
    double *bounds = cn_pool_alloc(pool, n, 2 * sizeof *bounds);
    if (!lat || !bounds)
        return false;
    bool from_source = finite_bounds(grid->lat_bounds, grid->lat_count);
    for (size_t j = 0; j < n; j++) {
        size_t source = cells->first_lat + j;
        lat[j] = grid->lat[source];
        if (from_source) {
            bounds[2 * j] = grid->lat_bounds[2 * source];
            bounds[2 * j + 1] = grid->lat_bounds[2 * source + 1];
        } else if (grid->lat_count > 1) {
            midpoint_bounds(grid->lat, grid->lat_count, source, 0, bounds + 2 * j);
            bounds[2 * j] = clip_lat(bounds[2 * j]);
            bounds[2 * j + 1] = clip_lat(bounds[2 * j + 1]);
        }
    }
    cells->lat = lat;
    cells->lat_bounds = from_source || grid->lat_count > 1 ? bounds : NULL;
    return true;
}

static bool fill_columns(struct cn_pool *pool, const struct cn_grid *grid,
                         const struct column *columns, struct cn_region_cells *cells)
{
    size_t n = cells->lon_count;
    double *lon = cn_pool_alloc(pool, n, sizeof *lon);
    double *bounds = cn_pool_alloc(pool, n, 2 * sizeof *bounds);
    struct cn_run *runs = cn_pool_alloc(pool, n, sizeof *runs);
    if (!lon || !bounds || !runs)
        return false;
    bool from_source = finite_bounds(grid->lon_bounds, grid->lon_count);
    for (size_t i = 0; i < n; i++) {
        size_t source = columns[i].index;
        double shift = columns[i].lon - grid->lon[source];
        lon[i] = columns[i].lon;
        if (from_source) {
            bounds[2 * i] = grid->lon_bounds[2 * source] + shift;
            bounds[2 * i + 1] = grid->lon_bounds[2 * source + 1] + shift;
        } else if (grid->lon_count > 1) {
            midpoint_bounds(grid->lon, grid->lon_count, source, 360.0, bounds + 2 * i);
            bounds[2 * i] += shift;
            bounds[2 * i + 1] += shift;
        }
        struct cn_run *last = cells->run_count ? &runs[cells->run_count - 1] : NULL;
        if (last && last->source_lon + last->count == source)
            last->count++;
        else
            runs[cells->run_count++] = (struct cn_run){source, 1, i};
    }
    cells->lon = lon;
    cells->lon_bounds = from_source || grid->lon_count > 1 ? bounds : NULL;
    cells->runs = runs;
    return true;
}

enum cn_status cn_region_cells(struct cn_pool *pool, const struct cn_grid *grid,
                               const struct cn_region *region, struct cn_region_cells *cells,
                               struct cn_error *error)
{
    *cells = (struct cn_region_cells){.region = region};
    struct column *columns = calloc(grid->lon_count, sizeof *columns);
    if (!columns)
        return cn_fail_memory(error, "columns of a region");
    enum cn_status status = CN_OK;
    cells->lon_count = select_columns(grid, region, columns, &cells->dropped_columns);
    if (!select_rows(grid, region, &cells->first_lat, &cells->lat_count) || !cells->lon_count)
        status = cn_fail(error, CN_BAD_INPUT,
                         "region %s (lon %g to %g, lat %g to %g) holds no cell centre of the grid "
                         "(lat %g to %g, lon %g to %g); enlarge the box or leave the region out",
                         region->name, region->lon[0], region->lon[1], region->lat[0],
                         region->lat[1], grid->lat[0], grid->lat[grid->lat_count - 1], grid->lon[0],
                         grid->lon[grid->lon_count - 1]);
    else if (!fill_rows(pool, grid, cells) || !fill_columns(pool, grid, columns, cells))
        status = cn_fail_memory(error, "cells of a region");
    free(columns);
    return status;
}
