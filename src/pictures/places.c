/*
 * Geometry of grids in degrees.
 */
#include "pictures/places.h"

#include <math.h>

static const double EARTH_KM = 6371;
static const double LEAST_EXTENT = 0.5; /* degrees, of a map */

/* Edges half-way between neighbours. */
static double *axis_edges(struct cn_pool *pool, const double *centres, const double *bounds,
                          size_t count)
{
    double *edges = cn_pool_alloc(pool, count + 1, sizeof *edges);
    if (!edges)
        return NULL;
    for (size_t i = 1; i < count; i++)
        edges[i] = (centres[i - 1] + centres[i]) / 2;
    const double half = bounds && isfinite(bounds[0]) && isfinite(bounds[1])
                            ? fmin(fabs(bounds[1] - bounds[0]) / 2, 90)
                            : LEAST_EXTENT;
    edges[0] = count > 1 ? 2 * centres[0] - edges[1] : centres[0] - half;
    edges[count] = count > 1 ? 2 * centres[count - 1] - edges[count - 1] : centres[0] + half;
    return edges;
}

static bool find_regular_places(struct cn_pool *pool, struct cn_places *places)
{
    const struct cn_grid *grid = places->grid;
    const size_t rows = grid->row_count, columns = grid->column_count;
    double *lon = cn_pool_alloc(pool, columns, sizeof *lon);
    places->lat_edges = axis_edges(pool, grid->lat, grid->lat_bounds, rows);
    if (!lon || !places->lat_edges)
        return false;
    /* Eastward without jumps. Westward ones of a file become so, too: a cell a turn further east.
     */
    const bool is_westward = columns > 1 && remainder(grid->lon[1] - grid->lon[0], 360) < 0;
    lon[0] = grid->lon[0];
    for (size_t i = 1; i < columns; i++)
        lon[i] = lon[i - 1] + remainder(grid->lon[i] - grid->lon[i - 1], 360);
    places->lon_edges = axis_edges(pool, lon, grid->lon_bounds, columns);
    if (!places->lon_edges)
        return false;
    for (size_t i = 0; i <= rows; i++)
        places->lat_edges[i] = fmin(fmax(places->lat_edges[i], -90), 90);
    const double first = places->lon_edges[0], last = places->lon_edges[columns];
    places->extent = (struct cn_extent){is_westward ? last : first, is_westward ? first : last,
                                        fmin(places->lat_edges[0], places->lat_edges[rows]),
                                        fmax(places->lat_edges[0], places->lat_edges[rows])};
    return true;
}

/* The west of a map in whole degrees: that of the widest gap between longitudes, or, of grids
 * around the globe, 0 or -180. */
static double find_west(const struct cn_grid *grid, size_t cells)
{
    enum { BINS = 360, WIDE = 45 };
    bool has[BINS] = {false}, is_signed = false;
    for (size_t i = 0; i < cells; i++) {
        if (!isfinite(grid->lon[i]))
            continue;
        has[(int)floor(grid->lon[i] - 360 * floor(grid->lon[i] / 360)) % BINS] = true;
        is_signed |= grid->lon[i] < 0;
    }
    int widest = 0, west = 0;
    for (int start = 0; start < BINS; start++) {
        int width = 0;
        while (width < BINS && !has[(start + width) % BINS])
            width++;
        if (width > widest && width < BINS) {
            widest = width;
            west = start + width;
        }
    }
    return widest >= WIDE ? west % BINS : is_signed ? -180 : 0;
}

static void widen_range(double *low, double *high)
{
    const double missing = LEAST_EXTENT - (*high - *low) / 2;
    if (missing > 0) {
        *low -= missing;
        *high += missing;
    }
}

static double from_west(double lon, double west)
{
    return lon - 360 * floor((lon - west) / 360);
}

bool cn_places_find(struct cn_pool *pool, const struct cn_grid *grid, struct cn_places *places)
{
    *places = (struct cn_places){.grid = grid};
    if (grid->kind == CN_REGULAR)
        return find_regular_places(pool, places);
    const size_t cells = grid->row_count * grid->column_count;
    const double west = find_west(grid, cells);
    struct cn_extent found = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    places->extent = (struct cn_extent){west, west + 360, -90, 90};
    for (size_t i = 0; i < cells; i++) {
        double lon[CN_MOST_CELL_CORNERS], lat[CN_MOST_CELL_CORNERS];
        if (!isfinite(grid->lon[i]) || !isfinite(grid->lat[i]))
            continue;
        size_t corners =
            cn_cell_corners(places, i / grid->column_count, i % grid->column_count, lon, lat);
        if (!corners) {
            corners = 1;
            lon[0] = from_west(grid->lon[i], west);
            lat[0] = grid->lat[i];
        }
        for (size_t c = 0; c < corners; c++) {
            found.west = fmin(found.west, lon[c]);
            found.east = fmax(found.east, lon[c]);
            found.south = fmin(found.south, lat[c]);
            found.north = fmax(found.north, lat[c]);
        }
    }
    widen_range(&found.west, &found.east);
    widen_range(&found.south, &found.north);
    found.south = fmax(found.south, -90);
    found.north = fmin(found.north, 90);
    found.east = fmin(found.east, found.west + 360);
    places->extent = found;
    return true;
}

/* The step from a cell to a neighbour. False: the grid has none there, or it has no place. */
static bool step_to(const struct cn_grid *grid, long row, long column, long di, long dj,
                    double step[2])
{
    const long i = row + di, j = column + dj, columns = (long)grid->column_count;
    if (i < 0 || i >= (long)grid->row_count || j < 0 || j >= columns)
        return false;
    const long own = row * columns + column, other = i * columns + j;
    step[0] = remainder(grid->lon[other] - grid->lon[own], 360);
    step[1] = grid->lat[other] - grid->lat[own];
    return isfinite(step[0]) && isfinite(step[1]);
}

/* The same; at the edge of the grid the step from the neighbour on the other side. */
static bool step_along(const struct cn_grid *grid, long row, long column, long di, long dj,
                       double step[2])
{
    if (step_to(grid, row, column, di, dj, step))
        return true;
    if (!step_to(grid, row, column, -di, -dj, step))
        return false;
    step[0] = -step[0];
    step[1] = -step[1];
    return true;
}

/* The mean of the four centres around a corner; `di` and `dj` say on which side of the cell. */
static bool corner_between(const struct cn_grid *grid, long row, long column, long di, long dj,
                           double *lon, double *lat)
{
    double down[2], along[2], across[2];
    if (!step_along(grid, row, column, di, 0, down) || !step_along(grid, row, column, 0, dj, along))
        return false;
    if (!step_to(grid, row, column, di, dj, across))
        for (int d = 0; d < 2; d++)
            across[d] = down[d] + along[d];
    *lon += (down[0] + along[0] + across[0]) / 4;
    *lat += (down[1] + along[1] + across[1]) / 4;
    return true;
}

size_t cn_cell_corners(const struct cn_places *places, size_t row, size_t column,
                       double lon[CN_MOST_CELL_CORNERS], double lat[CN_MOST_CELL_CORNERS])
{
    static const long around[4][2] = {{-1, -1}, {-1, 1}, {1, 1}, {1, -1}};
    const struct cn_grid *grid = places->grid;
    const size_t cell = row * grid->column_count + column;
    const double own = from_west(grid->lon[cell], places->extent.west);
    size_t count = 0;
    if (!isfinite(own) || !isfinite(grid->lat[cell]))
        return 0;
    if (grid->lon_bounds && grid->lat_bounds && grid->corner_count <= CN_MOST_CELL_CORNERS) {
        for (size_t c = 0; c < grid->corner_count; c++) {
            const double x = grid->lon_bounds[cell * grid->corner_count + c];
            const double y = grid->lat_bounds[cell * grid->corner_count + c];
            if (!isfinite(x) || !(fabs(y) <= 90.001))
                continue;
            /* The pole has every longitude. */
            lon[count] = fabs(y) > 89.999 ? own : own + remainder(x - own, 360);
            lat[count++] = y;
        }
        return count >= 3 ? count : 0;
    }
    if (grid->kind != CN_CURVILINEAR)
        return 0;
    for (; count < 4; count++) {
        lon[count] = own;
        lat[count] = grid->lat[cell];
        if (!corner_between(grid, (long)row, (long)column, around[count][0], around[count][1],
                            &lon[count], &lat[count]))
            return 0;
    }
    return count;
}

double *cn_cell_weights(struct cn_pool *pool, const struct cn_places *places)
{
    const struct cn_grid *grid = places->grid;
    const size_t cells = grid->row_count * grid->column_count;
    double *weights = cn_pool_alloc(pool, cells, sizeof *weights);
    bool has_areas = grid->kind != CN_REGULAR;
    for (size_t i = 0; i < cells && weights; i++) {
        const size_t row = i / grid->column_count, column = i % grid->column_count;
        if (grid->kind == CN_REGULAR) {
            weights[i] = fmax(cos(grid->lat[row] * M_PI / 180), 0);
            continue;
        }
        double lon[CN_MOST_CELL_CORNERS], lat[CN_MOST_CELL_CORNERS], twice = 0;
        const size_t corners = cn_cell_corners(places, row, column, lon, lat);
        for (size_t c = 0; c < corners; c++) { /* on Lambert's cylinder, which keeps areas */
            const size_t d = (c + 1) % corners;
            twice += lon[c] * sin(lat[d] * M_PI / 180) - lon[d] * sin(lat[c] * M_PI / 180);
        }
        weights[i] = fabs(twice) / 2;
        has_areas &= corners > 0 || !isfinite(grid->lat[i]) || !isfinite(grid->lon[i]);
    }
    for (size_t i = 0; i < cells && weights && grid->kind != CN_REGULAR && !has_areas; i++)
        weights[i] = 1;
    return weights;
}

double cn_distance_km(double lon_a, double lat_a, double lon_b, double lat_b)
{
    const double degree = M_PI / 180;
    const double half_lat = sin((lat_b - lat_a) * degree / 2);
    const double half_lon = sin((lon_b - lon_a) * degree / 2);
    const double share =
        half_lat * half_lat + cos(lat_a * degree) * cos(lat_b * degree) * half_lon * half_lon;
    return 2 * EARTH_KM * asin(fmin(sqrt(share), 1));
}

size_t cn_nearest_cell(const struct cn_grid *grid, double lon, double lat)
{
    const size_t cells = grid->row_count * grid->column_count;
    size_t nearest = cells;
    double least = INFINITY;
    for (size_t i = 0; i < cells; i++) {
        const size_t row = i / grid->column_count, column = i % grid->column_count;
        const double distance =
            cn_distance_km(lon, lat, grid->lon[cn_grid_lon_index(grid, row, column)],
                           grid->lat[cn_grid_lat_index(grid, row, column)]);
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest;
}
