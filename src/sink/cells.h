/*
 * The cells of an output file: their dimensions, coordinates and grid mapping.
 */
#ifndef CLIMNORM_SINK_CELLS_H
#define CLIMNORM_SINK_CELLS_H

#include "sink/layouts/layout.h"

/* Adds the dimensions of cells and bounds. Sets dims->cells, cell_rank and bnds. */
void cn_add_cell_dims(struct cn_metadata *metadata, const struct cn_normals_file *file,
                      struct cn_file_dims *dims);

/* Adds latitudes and longitudes, their bounds, the grid mapping, and other coordinates of the
 * source. newest: whose attributes are copied. *mapping: the name of the grid mapping; NULL: none.
 * Returns: the names of auxiliary coordinates for the attribute `coordinates` of fields, or "";
 * NULL: out of memory. */
const char *cn_add_cells(struct cn_metadata *metadata, const struct cn_normals_file *file,
                         const struct cn_file_dims *dims, const struct cn_file *newest,
                         const char **mapping);

/* Adds a name to a list of them. Returns: NULL: out of memory, now or before. */
const char *cn_append_name(struct cn_pool *pool, const char *names, const char *name);

#endif
