/*
 * Where the cells of a grid lie on a map: edges, corners, the box around all. Longitudes ascend
 * from the west of the map on, also across the date line. Pure.
 */
#ifndef CLIMNORM_PICTURES_PLACES_H
#define CLIMNORM_PICTURES_PLACES_H

#include "base/pool.h"
#include "climnorm/catalog.h"

/* Degrees; 0 < east - west <= 360. */
struct cn_extent {
    double west, east, south, north;
};

struct cn_places {
    const struct cn_grid *grid;
    struct cn_extent extent;
    /* Of a regular grid: of cells along an axis, [n + 1], in the grid's order; longitudes ascend.
     */
    double *lat_edges, *lon_edges;
};

/* Finds the places.
 * Returns: false: out of memory. Owns: the pool; the grid is the caller's. */
bool cn_places_find(struct cn_pool *pool, const struct cn_grid *grid, struct cn_places *places);

enum { CN_MOST_CELL_CORNERS = 32 };

/* The corners of a cell: those of the file, of a curvilinear grid without any half-way between
 * neighbours. Longitudes may lie beyond the extent.
 * Returns: how many; 0: it has none, or no place. */
size_t cn_cell_corners(const struct cn_places *places, size_t row, size_t column,
                       double lon[CN_MOST_CELL_CORNERS], double lat[CN_MOST_CELL_CORNERS]);

/* Weights of cells for a mean over an area: of a regular grid cosines of the latitudes, of another
 * one areas of the cells, or 1 for all where it has no corners.
 * Returns: [row_count][column_count]; NULL: out of memory. Owns: the pool. */
double *cn_cell_weights(struct cn_pool *pool, const struct cn_places *places);

/* Returns: the cell whose centre is nearest on the sphere; the number of cells: none has a place.
 */
size_t cn_nearest_cell(const struct cn_grid *grid, double lon, double lat);

/* Returns: the distance in km on a sphere of the Earth's size. */
double cn_distance_km(double lon_a, double lat_a, double lon_b, double lat_b);

#endif
