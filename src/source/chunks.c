/*
 * Chunks of HDF5 files. HDF5 says once where they are, under its lock; any thread reads and decodes
 * them without it.
 */
#include "source/chunks.h"

#include "base/error.h"
#include "codec/pipeline.h"
#include "guard/library.h"
#include "source/bytes.h"
#include "source/completion.h"
#include "source/file_index.h"
#include "source/h5_variable.h"
#include "source/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_AHEAD = 16 << 20 }; /* bytes of a chunk */

/* Whether one index is read along a dimension. */
static bool is_one_index(const struct cn_storage *storage, size_t d)
{
    return cn_storage_is_other(storage, d) && !(storage->slice_count && d == storage->slice_dim);
}

/* Of the whole variable, written or not, or of the slice that is read; SIZE_MAX: more than can be.
 */
static size_t count_chunks(const struct cn_storage *storage, bool is_of_slice)
{
    size_t chunks = 1;
    for (size_t d = 0; d < storage->rank; d++)
        if (!(is_of_slice && is_one_index(storage, d)) &&
            __builtin_mul_overflow(chunks, (storage->shape[d] - 1) / storage->chunk[d] + 1,
                                   &chunks))
            return SIZE_MAX;
    return chunks;
}

bool cn_chunks_are_few(const struct cn_storage *storage)
{
#if H5_VERSION_GE(1, 14, 0)
    static const size_t most = 5000000; /* one walk finds all */
    return count_chunks(storage, false) <= most;
#else
    static const size_t most =
        100000000; /* a walk for each that is read, some 30 ns a chunk: 3 s */
    size_t walked;
    return !__builtin_mul_overflow(count_chunks(storage, false), count_chunks(storage, true),
                                   &walked) &&
           walked <= most;
#endif
}

static enum cn_status plan_chunks(struct cn_reader *reader, struct cn_error *error)
{
    const struct cn_storage *storage = &reader->file->storage;
    size_t dims[3];
    cn_storage_dims(storage, dims);
    for (int d = 0; d < 3; d++)
        reader->grid.extent[d] = storage->chunk[dims[d]];
    reader->unit_bytes = cn_chunk_elements(storage) * storage->value_bytes;
    return cn_units_plan(reader, true, error);
}

/* What HDF5 says of chunks goes to index->chunks. */
struct chunk_search {
    struct cn_file_index *index;
    size_t dims[3];
    uint64_t most_bytes; /* of a stored chunk */
    size_t found;        /* chunks that were written */
    bool is_damaged;     /* a chunk is outside of the variable, or there twice */
};

/* A chunk that cannot be there has no bytes. It costs only the days that it holds. */
static void note_chunk(struct chunk_search *search, size_t layer, size_t chunk, unsigned mask,
                       haddr_t address, hsize_t size)
{
    struct cn_file_index *index = search->index;
    const uint64_t end = index->file->size;
    size_t begin[3];
    const struct cn_block block = cn_grid_block(&index->grid, chunk, begin);
    search->found += address != HADDR_UNDEF;
    if (address == HADDR_UNDEF || !cn_layout_needs(index->layout, block.first + 1, block.count + 1))
        return;
    struct cn_chunk_location *location = &index->chunks[layer * index->layer_chunks + chunk];
    const bool fits = size <= search->most_bytes && address <= end && size <= end - address;
    search->is_damaged |= location->address != CN_UNWRITTEN;
    *location = (struct cn_chunk_location){address, fits ? size : 0, mask};
}

#if H5_VERSION_GE(1, 14, 0)
static int note_next(const hsize_t *offset, unsigned mask, haddr_t address, hsize_t size,
                     void *context)
{
    struct chunk_search *search = context;
    const struct cn_unit_grid *grid = &search->index->grid;
    const struct cn_storage *storage = &search->index->file->storage;
    const size_t layer =
        storage->slice_count ? offset[storage->slice_dim] / storage->chunk[storage->slice_dim] : 0;
    size_t chunk = 0;
    bool is_read = true;
    for (size_t d = 0; d < storage->rank; d++) {
        search->is_damaged |= offset[d] >= storage->shape[d];
        is_read &= offset[d] < storage->shape[d];
        is_read &= !is_one_index(storage, d) ||
                   offset[d] / storage->chunk[d] == storage->index[d] / storage->chunk[d];
    }
    for (int d = 0; d < 3 && is_read; d++) {
        const size_t dim = search->dims[d];
        const hsize_t begin = dim < storage->rank ? offset[dim] : 0, first = grid->begin[d];
        if (begin < first || (begin - first) / grid->extent[d] >= grid->count[d])
            return H5_ITER_CONT;
        chunk = chunk * grid->count[d] + (size_t)(begin - first) / grid->extent[d];
    }
    if (is_read)
        note_chunk(search, layer, chunk, mask, address, size);
    return H5_ITER_CONT;
}

static bool search_all(struct chunk_search *search, hid_t dataset)
{
    return H5Dchunk_iter(dataset, H5P_DEFAULT, note_next, search) >= 0;
}
#else
/* HDF5 must list every chunk that was found, and at most as many others as were not asked for.
 * Else it lists a chunk outside of the variable, or one twice. */
static bool lists_no_more(const struct chunk_search *search, hid_t dataset, size_t asked)
{
    const size_t others = count_chunks(&search->index->file->storage, false) - asked;
    hsize_t listed = 0;
    hid_t space = H5Dget_space(dataset);
    bool known = space >= 0 && H5Dget_num_chunks(dataset, space, &listed) >= 0;
    if (space >= 0)
        H5Sclose(space);
    return known && listed >= search->found && listed - search->found <= others;
}

static bool search_layer(struct chunk_search *search, size_t layer, hid_t dataset, size_t *asked)
{
    const struct cn_file_index *index = search->index;
    const struct cn_storage *storage = &index->file->storage;
    for (size_t chunk = 0; chunk < index->layer_chunks; chunk++) {
        hsize_t offset[CN_DIM_ROOM], size = 0;
        haddr_t address = HADDR_UNDEF;
        unsigned mask = 0;
        size_t begin[3];
        const struct cn_block block = cn_grid_block(&index->grid, chunk, begin);
        if (!cn_layout_needs(index->layout, block.first + 1, block.count + 1))
            continue;
        for (size_t d = 0; d < CN_DIM_ROOM; d++)
            offset[d] = storage->index[d];
        if (storage->slice_count)
            offset[storage->slice_dim] = layer * storage->chunk[storage->slice_dim];
        for (int d = 0; d < 3; d++)
            offset[search->dims[d]] = begin[d];
        if (H5Dget_chunk_info_by_coord(dataset, offset, &mask, &address, &size) < 0)
            return false;
        note_chunk(search, layer, chunk, mask, address, size);
        ++*asked;
    }
    return true;
}

static bool search_all(struct chunk_search *search, hid_t dataset)
{
    size_t asked = 0;
    for (size_t layer = 0; layer < cn_chunk_layers(&search->index->file->storage); layer++)
        if (!search_layer(search, layer, dataset, &asked))
            return false;
    return lists_no_more(search, dataset, asked);
}
#endif

static enum cn_status fail_chunk_place(const struct cn_file *file, struct cn_error *error)
{
    return cn_fail(error, CN_BAD_INPUT,
                   "%s: a chunk of %s lies outside the file, is larger than it can be, or is "
                   "there twice; the file is cut off or damaged; download it again",
                   file->path, file->variable);
}

static enum cn_status find_chunks(struct cn_reader *reader, hid_t dataset, struct cn_error *error)
{
    struct cn_file_index *index = reader->index;
    struct chunk_search search = {.index = index,
                                  .most_bytes = cn_encoded_bound(reader->unit_bytes)};
    cn_storage_dims(&index->file->storage, search.dims);
    free(index->chunks);
    index->chunks = calloc(index->chunk_count, sizeof *index->chunks);
    if (!index->chunks)
        return cn_fail_memory(error, "the chunk table of a file");
    for (size_t chunk = 0; chunk < index->chunk_count; chunk++)
        index->chunks[chunk].address = CN_UNWRITTEN;
    if (!search_all(&search, dataset))
        return cn_library_fail(index->file->path, "HDF5 cannot find the chunks of its variable",
                               errno, error);
    return search.is_damaged ? fail_chunk_place(index->file, error) : CN_OK;
}

static enum cn_status ask_chunks(struct cn_reader *reader, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    struct cn_h5_variable variable = cn_h5_variable_open(reader->file, reader->file->path);
    if (variable.id < 0 || !cn_h5_variable_fill(&variable, reader))
        status = cn_library_fail(reader->file->path, "HDF5 cannot open its variable", errno, error);
    else
        status = find_chunks(reader, variable.id, error);
    cn_h5_variable_close(&variable);
    return status;
}

static enum cn_status take_chunks(struct cn_reader *reader, struct cn_error *error)
{
    const size_t layers = cn_chunk_layers(&reader->file->storage);
    reader->chunks = calloc(layers * reader->unit_count, sizeof *reader->chunks);
    if (!reader->chunks)
        return cn_fail_memory(error, "the chunk table of a file");
    struct cn_chunk_location *location = reader->chunks;
    for (size_t layer = 0; layer < layers; layer++)
        for (size_t unit = 0; unit < reader->unit_count; unit++)
            *location++ = reader->index->chunks[cn_file_index_chunk(reader, unit, layer)];
    return CN_OK;
}

static const struct cn_chunk_location *location_of(const struct cn_reader *reader, size_t unit,
                                                   size_t layer)
{
    return &reader->chunks[layer * reader->unit_count + unit];
}

static bool span_of_chunk(const struct cn_reader *reader, size_t unit, uint64_t *address,
                          uint64_t *spread, uint64_t *bytes)
{
    size_t begin[3];
    const struct cn_block block = cn_unit_block(reader, unit, begin);
    uint64_t end = 0;
    *address = UINT64_MAX;
    *bytes = 0;
    for (size_t layer = 0; layer < cn_chunk_layers(&reader->file->storage); layer++) {
        const struct cn_chunk_location *at = location_of(reader, unit, layer);
        if (!at->size || at->address == CN_UNWRITTEN)
            continue;
        *address = at->address < *address ? at->address : *address;
        end = at->address + at->size > end ? at->address + at->size : end;
        *bytes += at->size;
    }
    *spread = end - *address;
    return *bytes && cn_unit_is_needed(reader, &block);
}

/* Among all chunks of the variable, in the order of its dimensions. */
static size_t chunk_number(const struct cn_storage *storage, const size_t begin[3], size_t layer)
{
    size_t dims[3], offset[CN_DIM_ROOM], number = 0;
    cn_storage_dims(storage, dims);
    memcpy(offset, storage->index, sizeof offset);
    for (int d = 0; d < 3; d++)
        offset[dims[d]] = begin[d];
    if (storage->slice_count)
        offset[storage->slice_dim] = layer * storage->chunk[storage->slice_dim];
    for (size_t d = 0; d < storage->rank; d++)
        number = number * ((storage->shape[d] - 1) / storage->chunk[d] + 1) +
                 offset[d] / storage->chunk[d];
    return number;
}

/* In elements, also at the edge: chunks are stored full size. */
static size_t stride_in_chunk(const struct cn_storage *storage, size_t dim)
{
    size_t stride = 1;
    for (size_t inner = dim + 1; inner < storage->rank; inner++)
        stride *= storage->chunk[inner];
    return stride;
}

/* What decode_ahead made of the unit; NULL: nothing. */
static const struct cn_ahead *ahead_of(const struct cn_scratch *scratch, size_t unit)
{
    for (int k = 0; k < 2; k++)
        if (scratch->ahead[k].bytes && scratch->ahead[k].unit == unit)
            return &scratch->ahead[k];
    return NULL;
}

/* Sets where the block is in a chunk that begins at `begin`. */
static void place_in_chunk(const struct cn_storage *storage, const size_t begin[3],
                           struct cn_block *block)
{
    size_t dims[3];
    cn_storage_dims(storage, dims);
    for (int d = 0; d < 3; d++) {
        block->stride[d] = stride_in_chunk(storage, dims[d]);
        block->origin += (block->first[d] - begin[d]) * block->stride[d];
    }
    for (size_t d = 0; d < storage->rank; d++)
        if (storage->index[d])
            block->origin += storage->index[d] % storage->chunk[d] * stride_in_chunk(storage, d);
}

/* Whether a unit is one chunk with all its filters, whose values are needed and whose bytes can be
 * there. Sets the elements that are needed. */
static bool is_chunk_ahead(const struct cn_reader *reader, size_t unit, struct cn_runs *needed)
{
    size_t begin[3];
    struct cn_block block = cn_unit_block(reader, unit, begin);
    const struct cn_chunk_location *location = &reader->chunks[unit];
    place_in_chunk(&reader->file->storage, begin, &block);
    *needed = cn_block_runs(&block, cn_chunk_elements(&reader->file->storage));
    return location->address != CN_UNWRITTEN && location->size && !location->filter_mask &&
           cn_unit_is_needed(reader, &block);
}

bool cn_chunks_go_ahead(const struct cn_storage *storage)
{
    return !storage->slice_count && cn_pipeline_goes_ahead(storage) &&
           cn_chunk_elements(storage) * storage->value_bytes <= MOST_AHEAD;
}

/* Inflates two chunks at once, if that is faster. What fails here is left to decode_chunk. */
static void decode_ahead(const struct cn_reader *reader, int file, size_t unit,
                         struct cn_scratch *scratch)
{
    const struct cn_chunk_location *location = &reader->chunks[unit];
    struct cn_encoded stored[2];
    struct cn_runs needed[2];
    struct cn_error error;
    if (!cn_chunks_go_ahead(&reader->file->storage) || !is_chunk_ahead(reader, unit, &needed[0]) ||
        !is_chunk_ahead(reader, unit + 1, &needed[1]))
        return;
    unsigned char *buffer = NULL;
    for (int k = 0; k < 2; k++) {
        stored[k] = (struct cn_encoded){
            cn_prefetched_bytes(scratch, location[k].address, location[k].size), location[k].size};
        if (stored[k].bytes)
            continue;
        if (!buffer)
            buffer = cn_scratch_get(scratch, 0, location[0].size + location[1].size);
        unsigned char *bytes = buffer + (k ? location[0].size : 0);
        if (!buffer || cn_file_bytes(reader->file, file, location[k].address, location[k].size,
                                     scratch, bytes, &error))
            return;
        stored[k].bytes = bytes;
    }
    for (size_t k = 0; k < 2; k++)
        scratch->ahead[k] = (struct cn_ahead){.unit = unit + k, .stored = stored[k].bytes};
    cn_pipeline_decode_ahead(&reader->file->storage, reader->unit_bytes, stored,
                             (const uint32_t[2]){location[0].filter_mask, location[1].filter_mask},
                             needed, scratch);
}

/* Completes the block with the values of a chunk that begins at `begin`. */
static enum cn_status read_chunk(const struct cn_reader *reader, int file, size_t unit,
                                 size_t layer, const size_t begin[3], struct cn_scratch *scratch,
                                 struct cn_block *block, struct cn_error *error)
{
    const struct cn_storage *storage = &reader->file->storage;
    const struct cn_chunk_location *location = location_of(reader, unit, layer);
    const char *fault = "";
    const struct cn_ahead *ahead = ahead_of(scratch, unit);
    const unsigned char *stored =
        ahead ? ahead->stored : cn_prefetched_bytes(scratch, location->address, location->size);
    enum cn_status status = CN_OK;
    if (!stored) {
        unsigned char *buffer = cn_scratch_get(scratch, 0, location->size);
        status = buffer ? cn_file_bytes(reader->file, file, location->address, location->size,
                                        scratch, buffer, error)
                        : cn_fail_memory(error, "a chunk");
        stored = buffer;
    }
    if (status)
        return status;
    block->raw.elements = cn_chunk_elements(storage);
    status = cn_pipeline_decode(storage, reader->kernels, location->filter_mask, stored,
                                location->size, ahead, scratch, &block->raw, &fault);
    if (status == CN_BAD_MACHINE)
        return cn_fail_memory(error, "a chunk");
    if (status)
        return cn_fail(
            error, status, "%s: chunk %zu of %s %s; the file is damaged; download it again",
            reader->file->path, chunk_number(storage, begin, layer), reader->file->variable, fault);
    place_in_chunk(storage, begin, block);
    return CN_OK;
}

/* Completes the values of a unit by all slices of a layer. */
static enum cn_status decode_layer(const struct cn_reader *reader, int file, size_t unit,
                                   size_t layer, struct cn_scratch *scratch,
                                   struct cn_completion *completion, struct cn_error *error)
{
    const struct cn_storage *storage = &reader->file->storage;
    const struct cn_chunk_location *location = location_of(reader, unit, layer);
    const size_t extent = storage->chunk[storage->slice_dim],
                 left = storage->slice_count - layer * extent;
    size_t begin[3];
    struct cn_block slice = cn_unit_block(reader, unit, begin);
    if (location->address == CN_UNWRITTEN) {
        cn_completion_fill(completion, (double)reader->fill);
        return CN_OK;
    }
    if (!location->size)
        return fail_chunk_place(reader->file, error);
    enum cn_status status = read_chunk(reader, file, unit, layer, begin, scratch, &slice, error);
    for (size_t s = 0; s < extent && s < left && !status; s++) {
        cn_completion_add(completion, reader, &slice);
        slice.origin += stride_in_chunk(storage, storage->slice_dim);
    }
    if (!status)
        cn_file_index_count(reader->index, cn_file_index_chunk(reader, unit, layer), scratch);
    return status;
}

static enum cn_status decode_layers(const struct cn_reader *reader, int file, size_t unit,
                                    struct cn_scratch *scratch, const struct cn_block *block,
                                    struct cn_error *error)
{
    struct cn_completion completion;
    enum cn_status status = cn_completion_begin(reader, block, scratch, &completion)
                                ? CN_OK
                                : cn_fail_memory(error, "a chunk");
    for (size_t layer = 0; layer < cn_chunk_layers(&reader->file->storage) && !status; layer++)
        status = decode_layer(reader, file, unit, layer, scratch, &completion, error);
    if (!status)
        cn_scatter_values(&completion.reader, &completion.block);
    return status;
}

static enum cn_status decode_chunk(const struct cn_reader *reader, int file, size_t unit,
                                   struct cn_scratch *scratch, struct cn_error *error)
{
    size_t begin[3];
    struct cn_block block = cn_unit_block(reader, unit, begin);
    if (!cn_unit_is_needed(reader, &block))
        return CN_OK;
    if (reader->file->storage.slice_count)
        return decode_layers(reader, file, unit, scratch, &block, error);
    if (reader->chunks[unit].address == CN_UNWRITTEN) {
        cn_scatter_fill(reader, &block, reader->fill);
        return CN_OK;
    }
    if (!reader->chunks[unit].size)
        return fail_chunk_place(reader->file, error);
    enum cn_status status = read_chunk(reader, file, unit, 0, begin, scratch, &block, error);
    if (status)
        return status;
    cn_scatter_values(reader, &block);
    cn_file_index_count(reader->index, cn_file_index_chunk(reader, unit, 0), scratch);
    return CN_OK;
}

const struct cn_backend cn_backend_chunks = {
    .name = "parallel decoder",
    .plan = plan_chunks,
    .ask = ask_chunks,
    .take = take_chunks,
    .span = span_of_chunk,
    .decode_ahead = decode_ahead,
    .decode = decode_chunk,
};
