/*
 * The parallel decoder: any thread reads and decodes any tile of a file, outside all libraries'
 * locks. Tiles are chunks, or pieces where the file has none; here is what both share.
 */
#include "source/backends.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are used as they lie");

bool cn_decoder_plan(struct cn_reader *read)
{
    const struct cn_box *box = &read->box;
    const size_t first[3] = {read->first, box->first_lat, box->first_lon};
    const size_t last[3] = {read->first + read->count - 1, box->last_lat, box->last_lon};
    const bool chunked = read->file->storage.layout == CN_CHUNKED;
    if (chunked)
        cn_chunks_tiles(read);
    else
        cn_contiguous_plan(read);
    read->unit_count = 1;
    for (int d = 0; d < 3; d++) {
        read->tile_first[d] = chunked ? first[d] / read->tile[d] * read->tile[d] : first[d];
        read->tile_count[d] = (last[d] - read->tile_first[d]) / read->tile[d] + 1;
        if (__builtin_mul_overflow(read->unit_count, read->tile_count[d], &read->unit_count))
            return false;
    }
    return !chunked || cn_chunks_are_few(read);
}

struct cn_block cn_decoder_block(const struct cn_reader *read, size_t unit, size_t begin[3])
{
    const struct cn_box *box = &read->box;
    const size_t first[3] = {read->first, box->first_lat, box->first_lon};
    const size_t last[3] = {read->first + read->count - 1, box->last_lat, box->last_lon};
    struct cn_block block = {.raw = {.width = read->file->storage.value_bytes,
                                     .swapped = read->file->storage.big_endian}};
    for (int d = 2; d >= 0; d--) {
        begin[d] = read->tile_first[d] + unit % read->tile_count[d] * read->tile[d];
        unit /= read->tile_count[d];
        block.first[d] = begin[d] < first[d] ? first[d] : begin[d];
        size_t left = last[d] - begin[d];
        block.count[d] =
            (left < read->tile[d] ? last[d] + 1 : begin[d] + read->tile[d]) - block.first[d];
    }
    return block;
}

bool cn_decoder_needs(const struct cn_reader *read, const struct cn_block *block)
{
    for (size_t r = 0; r < read->layout->region_count; r++) {
        const struct cn_region_cells *region = &read->layout->regions[r];
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

enum cn_status cn_decoder_open(struct cn_reader *read, struct cn_error *error)
{
    const struct cn_storage *storage = &read->file->storage;
    return storage->layout == CN_CHUNKED || storage->begin == CN_UNWRITTEN
               ? cn_chunks_find(read, error)
               : CN_OK;
}

/* Whether nothing was written where the unit is. */
static bool is_unwritten(const struct cn_reader *read, size_t unit)
{
    return (read->places ? read->places[unit].address : read->file->storage.begin) == CN_UNWRITTEN;
}

bool cn_decoder_place(const struct cn_reader *read, size_t unit, uint64_t *address,
                      uint64_t *spread, uint64_t *bytes)
{
    size_t begin[3];
    const struct cn_block block = cn_decoder_block(read, unit, begin);
    if (is_unwritten(read, unit) || !cn_decoder_needs(read, &block))
        return false;
    if (!read->places) {
        *bytes = cn_contiguous_span(read, &block, address, spread);
        return true;
    }
    *address = read->places[unit].address;
    *bytes = *spread = read->places[unit].size;
    return true;
}

enum cn_status cn_decoder_unit(const struct cn_reader *read, int file, size_t unit,
                               struct cn_scratch *scratch, struct cn_error *error)
{
    size_t begin[3];
    struct cn_block block = cn_decoder_block(read, unit, begin);
    if (!cn_decoder_needs(read, &block))
        return CN_OK;
    if (is_unwritten(read, unit)) {
        cn_scatter_fill(read, &block, read->fill);
        return CN_OK;
    }
    enum cn_status status = read->places
                                ? cn_chunks_read(read, file, unit, begin, scratch, &block, error)
                                : cn_contiguous_read(read, file, scratch, &block, error);
    if (!status)
        cn_scatter_values(read, &block);
    return status;
}
