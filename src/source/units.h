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

/* Lays units of reader->extent over the box in the reader's instants; aligned: units begin at
 * multiples of the extent, as chunks do.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: more than can be counted. */
enum cn_status cn_units_plan(struct cn_reader *reader, bool aligned, struct cn_error *error);

/* Sets begin: where the unit begins in the file.
 * Returns: its part inside the box, without bytes. */
struct cn_block cn_unit_block(const struct cn_reader *reader, size_t unit, size_t begin[3]);

/* Returns: whether a region has cells in the block. */
bool cn_unit_is_needed(const struct cn_reader *reader, const struct cn_block *block);

#endif
