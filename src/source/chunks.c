/*
 * Chunks of HDF5 files: the library says once where they lie, behind the HDF5 lock; what is in them
 * is read without it.
 */
#include "source/h5_variable.h"

#include "guard/hdf5_lock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Positions of time, lat and lon among the dimensions. */
static void dimensions(const struct cn_storage *storage, size_t dims[3])
{
    dims[0] = storage->time_dim;
    dims[1] = storage->lat_dim;
    dims[2] = storage->lon_dim;
}

struct cn_h5_variable cn_h5_variable_open(const struct cn_reader *read)
{
    struct cn_h5_variable dataset = {.id = -1};
    errno = 0;
    dataset.file = H5Fopen(read->file->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (dataset.file >= 0)
        dataset.id = H5Dopen2(dataset.file, read->file->variable, H5P_DEFAULT);
    return dataset;
}

void cn_h5_variable_close(const struct cn_h5_variable *dataset)
{
    if (dataset->id >= 0)
        H5Dclose(dataset->id);
    if (dataset->file >= 0)
        H5Fclose(dataset->file);
}

size_t cn_chunk_elements(const struct cn_storage *storage)
{
    size_t elements = 1; /* the catalog bounds the product */
    for (size_t d = 0; d < storage->rank; d++)
        elements *= storage->chunk[d];
    return elements;
}

void cn_chunks_tiles(struct cn_reader *read)
{
    const struct cn_storage *storage = &read->file->storage;
    size_t dims[3];
    dimensions(storage, dims);
    for (int d = 0; d < 3; d++)
        read->tile[d] = storage->chunk[dims[d]];
    read->unit_bytes = cn_chunk_elements(storage) * storage->value_bytes;
}

/* Of the whole variable, written or not; SIZE_MAX: more than can be. */
static size_t count_chunks(const struct cn_storage *storage)
{
    size_t chunks = 1;
    for (size_t d = 0; d < storage->rank; d++)
        if (__builtin_mul_overflow(chunks, (storage->shape[d] - 1) / storage->chunk[d] + 1,
                                   &chunks))
            return SIZE_MAX;
    return chunks;
}

/* HDF5 finds a chunk by walking along all of them, some 30 ns a step, behind the HDF5 lock;
 * from 1.14 on one walk finds all. */
bool cn_chunks_are_few(const struct cn_reader *read)
{
    static const size_t most_steps = 50000000;
    const size_t chunks = count_chunks(&read->file->storage);
#if H5_VERSION_GE(1, 14, 0)
    return chunks <= most_steps / 10; /* and places take memory */
#else
    return read->unit_count <= most_steps / chunks;
#endif
}

/* What HDF5 says of chunks goes to places. */
struct search {
    struct cn_reader *read;
    size_t dims[3];
    size_t found;  /* chunks that were written */
    bool mistaken; /* a chunk is outside of the file or the variable, or there twice */
};

static void note(struct search *search, size_t unit, unsigned mask, haddr_t address, hsize_t size)
{
    const uint64_t raw = search->read->unit_bytes, end = search->read->file->size;
    size_t begin[3];
    const struct cn_block block = cn_decoder_block(search->read, unit, begin);
    search->found += address != HADDR_UNDEF;
    if (address == HADDR_UNDEF || !cn_decoder_needs(search->read, &block))
        return;
    struct cn_chunk_location *place = &search->read->places[unit];
    search->mistaken |= size == 0 || size > cn_encoded_bound(raw) || address > end ||
                        size > end - address || place->address != CN_UNWRITTEN;
    *place = (struct cn_chunk_location){address, size, mask};
}

#if H5_VERSION_GE(1, 14, 0)
static int note_next(const hsize_t *offset, unsigned mask, haddr_t address, hsize_t size,
                     void *context)
{
    struct search *search = context;
    const struct cn_reader *read = search->read;
    const struct cn_storage *storage = &read->file->storage;
    size_t unit = 0;
    for (size_t d = 0; d < storage->rank; d++)
        search->mistaken |= offset[d] >= storage->shape[d];
    for (int d = 0; d < 3; d++) {
        const hsize_t begin = offset[search->dims[d]], first = read->tile_first[d];
        if (begin < first || (begin - first) / read->tile[d] >= read->tile_count[d])
            return H5_ITER_CONT;
        unit = unit * read->tile_count[d] + (size_t)(begin - first) / read->tile[d];
    }
    note(search, unit, mask, address, size);
    return H5_ITER_CONT;
}

static bool search_all(struct search *search, hid_t dataset)
{
    return H5Dchunk_iter(dataset, H5P_DEFAULT, note_next, search) >= 0;
}
#else
/* The index lists what was found, and no more chunks besides than are left that were not asked for.
 * Else one is nowhere in the variable or there twice: the index is damaged, and HDF5's own reading,
 * which trusts its order, would find others where they are not. */
static bool lists_no_more(const struct search *search, hid_t dataset, size_t asked)
{
    const size_t others = count_chunks(&search->read->file->storage) - asked;
    hsize_t listed = 0;
    hid_t space = H5Dget_space(dataset);
    bool known = space >= 0 && H5Dget_num_chunks(dataset, space, &listed) >= 0;
    if (space >= 0)
        H5Sclose(space);
    return known && listed >= search->found && listed - search->found <= others;
}

static bool search_all(struct search *search, hid_t dataset)
{
    size_t asked = 0;
    for (size_t unit = 0; unit < search->read->unit_count; unit++) {
        hsize_t offset[CN_MAX_DIMS] = {0}, size = 0;
        haddr_t address = HADDR_UNDEF;
        unsigned mask = 0;
        size_t begin[3];
        const struct cn_block block = cn_decoder_block(search->read, unit, begin);
        if (!cn_decoder_needs(search->read, &block))
            continue;
        for (int d = 0; d < 3; d++)
            offset[search->dims[d]] = begin[d];
        if (H5Dget_chunk_info_by_coord(dataset, offset, &mask, &address, &size) < 0)
            return false;
        note(search, unit, mask, address, size);
        asked++;
    }
    return lists_no_more(search, dataset, asked);
}
#endif

/* The slab value of what was never written. False: HDF5 cannot tell. */
static bool find_fill(struct cn_reader *read, hid_t dataset)
{
    unsigned char raw[8] = {0};
    double number = NAN;
    hid_t properties = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
    hid_t native = type < 0 ? -1 : H5Tget_native_type(type, H5T_DIR_ASCEND);
    bool found = properties >= 0 && native >= 0;
    if (properties >= 0 && native >= 0 && H5Tget_size(native) == read->file->storage.value_bytes &&
        H5Pget_fill_value(properties, native, raw) >= 0)
        read->kernels->unpack_f64(&number, raw, 1, &read->unpacking);
    if (native >= 0)
        H5Tclose(native);
    if (type >= 0)
        H5Tclose(type);
    if (properties >= 0)
        H5Pclose(properties);
    read->kernels->narrow_f32(&read->fill, &number, 1);
    return found;
}

static enum cn_status find_chunks(struct cn_reader *read, hid_t dataset, struct cn_error *error)
{
    struct search search = {.read = read};
    dimensions(&read->file->storage, search.dims);
    free(read->places);
    read->places = calloc(read->unit_count, sizeof *read->places);
    if (!read->places)
        return cn_fail_memory(error, "the chunk table of a file");
    for (size_t unit = 0; unit < read->unit_count; unit++)
        read->places[unit].address = CN_UNWRITTEN;
    if (!search_all(&search, dataset))
        return cn_fail_library(read, errno, "HDF5 cannot find the chunks of its variable", error);
    if (search.mistaken)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: a chunk of %s lies outside the file, is larger than it can be, or is "
                       "there twice; the file is cut off or damaged, get it again",
                       read->file->path, read->file->variable);
    return CN_OK;
}

enum cn_status cn_chunks_find(struct cn_reader *read, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    cn_hdf5_lock();
    struct cn_h5_variable dataset = cn_h5_variable_open(read);
    if (dataset.id < 0 || !find_fill(read, dataset.id))
        status = cn_fail_library(read, errno, "HDF5 cannot open its variable", error);
    else if (read->file->storage.layout == CN_CHUNKED)
        status = find_chunks(read, dataset.id, error);
    cn_h5_variable_close(&dataset);
    cn_hdf5_unlock();
    return status;
}

enum cn_status cn_chunks_read(const struct cn_reader *read, int file, size_t unit,
                              const size_t begin[3], struct cn_scratch *scratch,
                              struct cn_block *block, struct cn_error *error)
{
    const struct cn_storage *storage = &read->file->storage;
    const struct cn_chunk_location *place = &read->places[unit];
    const char *wrong = "";
    size_t dims[3];
    const unsigned char *stored = cn_prefetched_bytes(scratch, place->address, place->size);
    enum cn_status status = CN_OK;
    if (!stored) {
        unsigned char *room = cn_scratch_get(scratch, 0, place->size);
        status = room ? cn_file_bytes(read, file, place->address, place->size, scratch, room, error)
                      : cn_fail_memory(error, "a chunk");
        stored = room;
    }
    if (status)
        return status;
    block->raw.elements = cn_chunk_elements(storage);
    status = cn_filters_undo(read, place->filter_mask, stored, place->size, scratch, &block->raw,
                             &wrong);
    if (status == CN_BAD_MACHINE)
        return cn_fail_memory(error, "a chunk");
    if (status)
        return cn_fail(error, status, "%s: chunk %zu of %s %s; the file is damaged, get it again",
                       read->file->path, unit, read->file->variable, wrong);
    dimensions(storage, dims);
    for (int d = 0; d < 3; d++) {
        block->stride[d] = 1; /* also at the edge: chunks are stored full size */
        for (size_t inner = dims[d] + 1; inner < storage->rank; inner++)
            block->stride[d] *= storage->chunk[inner];
        block->origin += (block->first[d] - begin[d]) * block->stride[d];
    }
    return CN_OK;
}
