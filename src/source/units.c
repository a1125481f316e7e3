/*
 * Where decode units are.
 */
#include "source/units.h"

#include "base/error.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are used as they are stored");

void cn_storage_dims(const struct cn_storage *storage, size_t dims[3])
{
    dims[0] = storage->time_dim;
    dims[1] = storage->lat_dim;
    dims[2] = storage->lon_dim;
}

size_t cn_chunk_elements(const struct cn_storage *storage)
{
    size_t elements = 1; /* the catalog bounds the product */
    for (size_t d = 0; d < storage->rank; d++)
        elements *= storage->chunk[d];
    return elements;
}

enum cn_status cn_units_plan(struct cn_reader *reader, bool aligned, struct cn_error *error)
{
    const struct cn_box *box = &reader->box;
    const size_t first[3] = {reader->first, box->first_lat, box->first_lon};
    const size_t last[3] = {reader->first + reader->count - 1, box->last_lat, box->last_lon};
    reader->unit_count = 1;
    for (int d = 0; d < 3; d++) {
        reader->grid_first[d] =
            aligned ? first[d] / reader->extent[d] * reader->extent[d] : first[d];
        reader->grid_count[d] = (last[d] - reader->grid_first[d]) / reader->extent[d] + 1;
        if (__builtin_mul_overflow(reader->unit_count, reader->grid_count[d], &reader->unit_count))
            return cn_fail_memory(error, "the decode units of a file");
    }
    return CN_OK;
}

struct cn_block cn_unit_block(const struct cn_reader *reader, size_t unit, size_t begin[3])
{
    const struct cn_box *box = &reader->box;
    const size_t first[3] = {reader->first, box->first_lat, box->first_lon};
    const size_t last[3] = {reader->first + reader->count - 1, box->last_lat, box->last_lon};
    struct cn_block block = {.raw = {.width = reader->file->storage.value_bytes,
                                     .swapped = reader->file->storage.big_endian}};
    for (int d = 2; d >= 0; d--) {
        begin[d] = reader->grid_first[d] + unit % reader->grid_count[d] * reader->extent[d];
        unit /= reader->grid_count[d];
        block.first[d] = begin[d] < first[d] ? first[d] : begin[d];
        size_t left = last[d] - begin[d];
        block.count[d] = (left < reader->extent[d] ? last[d] + 1 : begin[d] + reader->extent[d]) -
                         block.first[d];
    }
    return block;
}

bool cn_unit_is_needed(const struct cn_reader *reader, const struct cn_block *block)
{
    for (size_t r = 0; r < reader->layout->region_count; r++) {
        const struct cn_region_cells *region = &reader->layout->regions[r];
        if (region->first_lat >= block->first[1] + block->count[1] ||
            region->first_lat + region->lat_count <= block->first[1])
            continue;
        for (size_t k = 0; k < region->run_count; k++)
            if (region->runs[k].source_lon < block->first[2] + block->count[2] &&
                region->runs[k].source_lon + region->runs[k].count > block->first[2])
                return true;
    }
    return false;
}
