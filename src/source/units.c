/*
 * Where decode units are.
 */
#include "source/units.h"

#include "base/error.h"
#include "grid/layout.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are used as they are stored");

void cn_storage_dims(const struct cn_storage *storage, size_t dims[3])
{
    dims[0] = storage->time_dim;
    dims[1] = storage->row_dim;
    dims[2] = storage->column_dim;
}

size_t cn_chunk_elements(const struct cn_storage *storage)
{
    size_t elements = 1; /* the catalog bounds the product */
    for (size_t d = 0; d < storage->rank; d++)
        elements *= storage->chunk[d];
    return elements;
}

size_t cn_chunk_layers(const struct cn_storage *storage)
{
    return storage->slice_count
               ? (storage->slice_count - 1) / storage->chunk[storage->slice_dim] + 1
               : 1;
}

void cn_grid_bound(struct cn_unit_grid *grid, const struct cn_box *box)
{
    grid->first[1] = box->first_row;
    grid->last[1] = box->last_row;
    grid->first[2] = box->first_column;
    grid->last[2] = box->last_column;
}

size_t cn_grid_lay(struct cn_unit_grid *grid, bool aligned)
{
    size_t units = 1;
    for (int d = 0; d < 3; d++) {
        const size_t extent = grid->extent[d];
        grid->begin[d] = aligned ? grid->first[d] / extent * extent : grid->first[d];
        grid->count[d] = (grid->last[d] - grid->begin[d]) / extent + 1;
        if (__builtin_mul_overflow(units, grid->count[d], &units))
            return SIZE_MAX;
    }
    return units;
}

struct cn_block cn_grid_block(const struct cn_unit_grid *grid, size_t unit, size_t begin[3])
{
    struct cn_block block = {.origin = 0};
    for (int d = 2; d >= 0; d--) {
        begin[d] = grid->begin[d] + unit % grid->count[d] * grid->extent[d];
        unit /= grid->count[d];
        block.first[d] = begin[d] < grid->first[d] ? grid->first[d] : begin[d];
        size_t left = grid->last[d] - begin[d];
        block.count[d] = (left < grid->extent[d] ? grid->last[d] + 1 : begin[d] + grid->extent[d]) -
                         block.first[d];
    }
    return block;
}

enum cn_status cn_units_plan(struct cn_reader *reader, bool aligned, struct cn_error *error)
{
    reader->grid.first[0] = reader->first;
    reader->grid.last[0] = reader->first + reader->count - 1;
    cn_grid_bound(&reader->grid, &reader->box);
    reader->unit_count = cn_grid_lay(&reader->grid, aligned);
    return reader->unit_count < SIZE_MAX ? CN_OK
                                         : cn_fail_memory(error, "the decode units of a file");
}

struct cn_block cn_unit_block(const struct cn_reader *reader, size_t unit, size_t begin[3])
{
    struct cn_block block = cn_grid_block(&reader->grid, unit, begin);
    block.raw.width = reader->file->storage.value_bytes;
    block.raw.swapped = reader->file->storage.big_endian;
    return block;
}

bool cn_instants_are_needed(const struct cn_reader *reader, size_t first, size_t count)
{
    for (size_t t = first; t < first + count; t++)
        if (reader->rows[t - reader->first])
            return true;
    return false;
}

bool cn_unit_is_needed(const struct cn_reader *reader, const struct cn_block *block)
{
    return cn_instants_are_needed(reader, block->first[0], block->count[0]) &&
           cn_layout_needs(reader->layout, block->first + 1, block->count + 1);
}
