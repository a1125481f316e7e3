/*
 * Regions on a grid: which cells lie inside a box, and how they lie side by side in a slab.
 * Pure: no I/O, no threads.
 */
#ifndef CLIMNORM_GRID_H
#define CLIMNORM_GRID_H

#include "climnorm/catalog.h"
#include "climnorm/config.h"

/* Rows, or columns, that are neighbours in the file and in the region. */
struct cn_run {
    size_t source; /* index of the first in the file */
    size_t count;
    size_t place; /* index of the first in the region */
};

/* Cells of a region that are neighbours there. */
struct cn_cell_run {
    size_t first, count;
};

struct cn_region_cells {
    const struct cn_region *region;
    enum cn_grid_kind kind; /* of the grid */
    size_t row_count, column_count;
    /* Rows in the order of the file. Those of a pass are part of the region's: the ones in its
     * stretch, row_offset rows from the region's first one on. */
    const struct cn_run *row_runs; /* sources and places ascend */
    size_t row_run_count;
    size_t first_row, end_row; /* of the file: only what runs have of these rows counts */
    size_t row_offset;
    const struct cn_run *column_runs; /* cover columns 0 … column_count - 1, west to east */
    size_t column_run_count;
    /* Cells of a block of a curvilinear grid that are not in the region, in its order: they are
     * missing. Indices in the whole region's cells, also in a pass; they ascend. */
    const struct cn_cell_run *holes;
    size_t hole_count;
    /* Output coordinates of the whole region, as struct cn_grid has them. */
    const double *lat, *lon;
    const double *lat_bounds, *lon_bounds; /* NULL: none */
    size_t first_cell; /* index in a slab's row; of cell (j, i) first_cell + j * column_count + i */
    size_t dropped_columns; /* columns that equal an earlier one modulo 360 */
    bool replaced_lat_bounds, replaced_lon_bounds; /* the source's are no bounds */
    /* Results lie in chunks, as the output file stores them: [chunk_count][chunk_cells], of which
     * the first [chunk_slots][cells] are values. The rest is padding, so that a chunk deflated in
     * place always fits. They begin with the file's chunk first_chunk: 0 but in a later pass. */
    size_t chunk_slots, first_chunk, chunk_count, chunk_cells;
    size_t first_result; /* index of the first chunk in a target's results */
};

/* The day slots and the rows of the grid that one pass handles. */
struct cn_pass_stretch {
    size_t first_slot, slot_count;
    size_t first_row, row_count; /* of the grid */
};

/* All regions: side by side in the row of a slab's day slot, one after another in results. */
struct cn_layout {
    struct cn_region_cells *regions;
    size_t region_count;
    size_t row_cells;    /* cells of a day slot, padding included */
    size_t result_cells; /* cells of a target's results, padding included */
};

/* Returns: how many latitudes a region has. */
static inline size_t cn_region_lats(const struct cn_region_cells *region)
{
    return region->kind == CN_REGULAR ? region->row_count
                                      : region->row_count * region->column_count;
}

/* Returns: how many longitudes a region has. */
static inline size_t cn_region_lons(const struct cn_region_cells *region)
{
    return region->kind == CN_REGULAR ? region->column_count
                                      : region->row_count * region->column_count;
}

/* Returns: the index of a day slot's first cell in a target's results. The slot counts from the
 * year's first. */
static inline size_t cn_result_index(const struct cn_region_cells *region, size_t slot)
{
    return region->first_result +
           (slot / region->chunk_slots - region->first_chunk) * region->chunk_cells +
           slot % region->chunk_slots * region->row_count * region->column_count;
}

#endif
