/*
 * Decode units that are rectangles of a file's time, lat and lon. Pure.
 */
#ifndef CLIMNORM_SOURCE_UNITS_H
#define CLIMNORM_SOURCE_UNITS_H

#include "source/block.h"

/* Sets dims: the positions of time, lat and lon among the dimensions. */
void cn_storage_dims(const struct cn_storage *storage, size_t dims[3]);

/* Returns: the values of a chunk. Those at the edge have as many: they are stored in full. */
size_t cn_chunk_elements(const struct cn_storage *storage);

/* Returns: chunks along the dimension whose slices complete each other; 1: there is none. */
size_t cn_chunk_layers(const struct cn_storage *storage);

/* Sets the bounds of a grid along lat and lon. */
void cn_grid_bound(struct cn_unit_grid *grid, const struct cn_box *box);

/* Lays units of grid->extent from grid->first to grid->last; aligned: units begin at multiples of
 * the extent, as chunks do.
 * Returns: how many; SIZE_MAX: more than can be counted. */
size_t cn_grid_lay(struct cn_unit_grid *grid, bool aligned);

/* Sets begin: where the unit begins in the file.
 * Returns: its part inside the box: first and count alone. */
struct cn_block cn_grid_block(const struct cn_unit_grid *grid, size_t unit, size_t begin[3]);

/* Lays the units of a reader over its box and instants, as cn_grid_lay does.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: more than can be counted. */
enum cn_status cn_units_plan(struct cn_reader *reader, bool aligned, struct cn_error *error);

/* Sets begin: where the unit begins in the file.
 * Returns: its part inside the box, without bytes. */
struct cn_block cn_unit_block(const struct cn_reader *reader, size_t unit, size_t begin[3]);

/* Returns: whether one of `count` instants from `first` on has a row. */
bool cn_instants_are_needed(const struct cn_reader *reader, size_t first, size_t count);

/* Returns: whether the block has cells of a region in an instant that has a row. */
bool cn_unit_is_needed(const struct cn_reader *reader, const struct cn_block *block);

#endif
