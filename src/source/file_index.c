/*
 * One file's index: what it covers, and how long it stays.
 */
#include "source/file_index.h"

#include "base/error.h"
#include "source/units.h"

#include <stdlib.h>

void cn_file_index_init(struct cn_file_index *index, const struct cn_file *file,
                        const struct cn_layout *layout, struct cn_index_budget *budget)
{
    const struct cn_box box = cn_layout_box(layout);
    *index = (struct cn_file_index){
        .file = file, .layout = layout, .budget = budget, .grid.first[0] = SIZE_MAX};
    cn_grid_bound(&index->grid, &box);
}

void cn_file_index_add_reader(struct cn_file_index *index, size_t first, size_t count)
{
    struct cn_unit_grid *grid = &index->grid;
    const size_t last = first + count - 1;
    grid->first[0] = first < grid->first[0] ? first : grid->first[0];
    grid->last[0] = last > grid->last[0] ? last : grid->last[0];
    index->readers_left++;
}

enum cn_status cn_file_index_prepare(struct cn_file_index *index, struct cn_error *error)
{
    const struct cn_storage *storage = &index->file->storage;
    size_t dims[3];
    if (storage->layout != CN_CHUNKED || index->chunk_count)
        return CN_OK;
    cn_storage_dims(storage, dims);
    for (int d = 0; d < 3; d++)
        index->grid.extent[d] = storage->chunk[dims[d]];
    index->layer_chunks = cn_grid_lay(&index->grid, true);
    if (__builtin_mul_overflow(index->layer_chunks, cn_chunk_layers(storage), &index->chunk_count))
        index->chunk_count = SIZE_MAX;
    const uint64_t bytes = (index->chunk_count / 64 + 1) * sizeof *index->marks;
    if (bytes > index->budget->mark_bytes)
        return CN_OK;
    index->marks = calloc(1, bytes);
    if (!index->marks)
        return cn_fail_memory(error, "the chunks of a file");
    index->budget->mark_bytes -= bytes;
    return CN_OK;
}

static uint64_t location_bytes(const struct cn_file_index *index)
{
    return index->chunk_count * sizeof *index->chunks; /* cn_chunks_are_few bounds the count */
}

static void forget_locations(struct cn_file_index *index)
{
    if (index->is_kept)
        index->budget->location_bytes += location_bytes(index);
    free(index->chunks);
    index->chunks = NULL;
    index->is_kept = index->is_known = false;
}

void cn_file_index_release(struct cn_file_index *index)
{
    index->readers_left--;
    if (!index->chunks)
        return;
    if (!index->is_kept && location_bytes(index) <= index->budget->location_bytes) {
        index->budget->location_bytes -= location_bytes(index);
        index->is_kept = true;
    }
    if (!index->is_known || !index->is_kept || !index->readers_left)
        forget_locations(index);
}

/* The number in a grid of unit `unit` of a part of that grid. */
static size_t number_in(const struct cn_unit_grid *grid, const struct cn_unit_grid *part,
                        size_t unit)
{
    size_t begin[3], number = 0;
    cn_grid_block(part, unit, begin);
    for (int d = 0; d < 3; d++)
        number = number * grid->count[d] + (begin[d] - grid->begin[d]) / grid->extent[d];
    return number;
}

size_t cn_file_index_chunk(const struct cn_reader *reader, size_t unit, size_t layer)
{
    const struct cn_file_index *index = reader->index;
    return layer * index->layer_chunks + number_in(&index->grid, &reader->grid, unit);
}

void cn_file_index_count(struct cn_file_index *index, size_t chunk, struct cn_scratch *scratch)
{
    const uint64_t bit = UINT64_C(1) << chunk % 64;
    if (!index->marks)
        return;
    const uint64_t marks =
        atomic_fetch_or_explicit(&index->marks[chunk / 64], bit, memory_order_relaxed);
    scratch->chunks_decoded++;
    scratch->chunks_read += !(marks & bit);
}

void cn_file_index_count_box(const struct cn_reader *reader, size_t first, size_t end,
                             struct cn_scratch *scratch)
{
    struct cn_file_index *index = reader->index;
    struct cn_unit_grid box = index->grid;
    if (!index->marks)
        return;
    box.first[0] = first;
    box.last[0] = end - 1;
    cn_grid_bound(&box, &reader->box);
    const size_t count = cn_grid_lay(&box, true);
    for (size_t layer = 0; layer < cn_chunk_layers(&index->file->storage); layer++)
        for (size_t k = 0; k < count; k++)
            cn_file_index_count(
                index, layer * index->layer_chunks + number_in(&index->grid, &box, k), scratch);
}

void cn_file_index_free(struct cn_file_index *index)
{
    free(index->chunks);
    free(index->marks);
    *index = (struct cn_file_index){0};
}
