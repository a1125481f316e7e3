/*
 * The chunk decoder: HDF5 says once where the chunks lie; then each is read, inflated and
 * unshuffled outside the library, by any thread. It knows float32 in little-endian order, shuffle
 * and deflate.
 */
#include "source/backends.h"

#include "base/door.h"
#include "source/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <libdeflate.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "chunk values are used as they lie");

enum { COMPRESSED, RAW, NATIVE }; /* scratch buffers */

/* HDF5 1.10 finds a chunk by walking along all of them: some 30 ns a step, behind the door. */
static const size_t MAX_STEPS = 50000000;

/* Positions of time, lat and lon among the dimensions. */
static void dimensions(const struct cn_storage *storage, size_t dims[3])
{
    dims[0] = storage->time_dim;
    dims[1] = storage->lat_dim;
    dims[2] = storage->lon_dim;
}

static size_t chunk_elements(const struct cn_storage *storage)
{
    size_t elements = 1; /* the catalog bounds the product */
    for (size_t d = 0; d < storage->rank; d++)
        elements *= storage->chunk[d];
    return elements;
}

static size_t chunk_bytes(const struct cn_storage *storage)
{
    return chunk_elements(storage) * storage->value_bytes;
}

/* Chunks of the whole dataset; SIZE_MAX: more than can be. */
static size_t all_chunks(const struct cn_storage *storage)
{
    size_t chunks = 1;
    for (size_t d = 0; d < storage->rank; d++)
        if (__builtin_mul_overflow(chunks, (storage->shape[d] - 1) / storage->chunk[d] + 1,
                                   &chunks))
            return SIZE_MAX;
    return chunks;
}

bool cn_decoder_plan(struct cn_read *read)
{
    const struct cn_storage *storage = &read->file->storage;
    const size_t first[3] = {read->first, read->box.first_lat, read->box.first_lon};
    const size_t last[3] = {read->first + read->count - 1, read->box.last_lat, read->box.last_lon};
    size_t dims[3], units = 1;
    dimensions(storage, dims);
    for (int d = 0; d < 3; d++) {
        size_t extent = storage->chunk[dims[d]];
        read->chunk_first[d] = first[d] / extent;
        read->chunk_count[d] = last[d] / extent - read->chunk_first[d] + 1;
        if (__builtin_mul_overflow(units, read->chunk_count[d], &units))
            return false;
    }
    read->unit_count = units;
    return units <= MAX_STEPS / all_chunks(storage);
}

/* The block of a unit: where it lies and how, without bytes. Edge chunks are stored full size. */
static struct cn_block block_of(const struct cn_read *read, size_t unit)
{
    const struct cn_storage *storage = &read->file->storage;
    struct cn_block block = {.elements = chunk_elements(storage)};
    size_t dims[3];
    dimensions(storage, dims);
    for (int d = 2; d >= 0; d--) {
        size_t extent = storage->chunk[dims[d]], end = storage->shape[dims[d]];
        block.first[d] = (read->chunk_first[d] + unit % read->chunk_count[d]) * extent;
        unit /= read->chunk_count[d];
        block.count[d] = end - block.first[d] < extent ? end - block.first[d] : extent;
        block.stride[d] = 1;
        for (size_t inner = dims[d] + 1; inner < storage->rank; inner++)
            block.stride[d] *= storage->chunk[inner];
    }
    return block;
}

/* Leaves out the instants that are outside the stretch of the read. */
static void clip_to_stretch(const struct cn_read *read, struct cn_block *block)
{
    size_t from = block->first[0], to = block->first[0] + block->count[0];
    size_t end = read->first + read->count;
    if (from < read->first) {
        block->origin = (read->first - from) * block->stride[0];
        from = read->first;
    }
    block->first[0] = from;
    block->count[0] = (to < end ? to : end) - from;
}

static bool touches_a_region(const struct cn_read *read, const struct cn_block *block)
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

static bool place_is_sane(const struct cn_read *read, haddr_t address, hsize_t size)
{
    uint64_t raw = chunk_bytes(&read->file->storage);
    return size > 0 && size <= raw + raw / 2 + 4096 && address <= read->file->size &&
           size <= read->file->size - address;
}

static enum cn_status find_chunks(struct cn_read *read, hid_t dataset, struct cn_error *error)
{
    const struct cn_storage *storage = &read->file->storage;
    size_t dims[3];
    dimensions(storage, dims);
    for (size_t unit = 0; unit < read->unit_count; unit++) {
        struct cn_block block = block_of(read, unit);
        hsize_t offset[CN_MAX_DIMS] = {0}, size = 0;
        haddr_t address = HADDR_UNDEF;
        unsigned mask = 0;
        for (int d = 0; d < 3; d++)
            offset[dims[d]] = block.first[d];
        read->places[unit].address = CN_NO_CHUNK;
        if (!touches_a_region(read, &block))
            continue;
        if (H5Dget_chunk_info_by_coord(dataset, offset, &mask, &address, &size) < 0)
            return cn_fail(error, CN_BAD_INPUT,
                           "%s: HDF5 cannot find chunk %zu of %s; the file is damaged",
                           read->file->path, unit, read->file->variable);
        if (address == HADDR_UNDEF)
            continue;
        if (!place_is_sane(read, address, size))
            return cn_fail(error, CN_BAD_INPUT,
                           "%s: chunk %zu of %s lies outside the file; the file is cut off or "
                           "damaged, get it again",
                           read->file->path, unit, read->file->variable);
        read->places[unit] = (struct cn_chunk_place){address, size, mask};
    }
    return CN_OK;
}

/* The slab value of chunks that were never written. */
static float fill_value(const struct cn_read *read, hid_t dataset)
{
    unsigned char raw[8] = {0};
    double number = NAN;
    hid_t properties = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
    hid_t native = type < 0 ? -1 : H5Tget_native_type(type, H5T_DIR_ASCEND);
    if (properties >= 0 && native >= 0 && H5Tget_size(native) <= sizeof raw &&
        H5Pget_fill_value(properties, native, raw) >= 0)
        cn_unpack(read->file, raw, 0, 1, 1, &number);
    if (native >= 0)
        H5Tclose(native);
    if (type >= 0)
        H5Tclose(type);
    if (properties >= 0)
        H5Pclose(properties);
    return cn_slab_value(number);
}

/* Tells the kernel what will be read, so that a cold file is on its way. */
static void read_ahead(const struct cn_read *read, int file)
{
    uint64_t first = UINT64_MAX, end = 0;
    for (size_t unit = 0; unit < read->unit_count; unit++) {
        const struct cn_chunk_place *place = &read->places[unit];
        if (place->address == CN_NO_CHUNK)
            continue;
        first = place->address < first ? place->address : first;
        end = place->address + place->size > end ? place->address + place->size : end;
    }
    if (end > first)
        posix_fadvise(file, (off_t)first, (off_t)(end - first), POSIX_FADV_WILLNEED);
}

enum cn_status cn_decoder_open(struct cn_read *read, int descriptor, struct cn_error *error)
{
    read->places = calloc(read->unit_count, sizeof *read->places);
    if (!read->places)
        return cn_fail_memory(error, "the chunk table of a file");
    enum cn_status status = CN_OK;
    cn_door_enter();
    errno = 0;
    hid_t file = H5Fopen(read->file->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = file < 0 ? -1 : H5Dopen2(file, read->file->variable, H5P_DEFAULT);
    if (dataset < 0) {
        status = cn_read_blame();
        cn_fail(error, status, "%s: HDF5 cannot open %s of it (%s)", read->file->path,
                read->file->variable,
                status == CN_BAD_INPUT ? "the file is damaged" : strerror(errno));
    } else {
        read->fill = fill_value(read, dataset);
        status = find_chunks(read, dataset, error);
        H5Dclose(dataset);
    }
    if (file >= 0)
        H5Fclose(file);
    cn_door_leave();
    if (!status)
        read_ahead(read, descriptor);
    return status;
}

static enum cn_status read_bytes(const struct cn_read *read, int file,
                                 const struct cn_chunk_place *place, unsigned char *bytes,
                                 struct cn_error *error)
{
    for (uint64_t done = 0; done < place->size;) {
        ssize_t got = pread(file, bytes + done, place->size - done, (off_t)(place->address + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return cn_fail(error, CN_BAD_INPUT, "%s: cannot be read at byte %llu (%s)",
                           read->file->path, (unsigned long long)place->address + done,
                           got ? strerror(errno) : "the file ends there");
        done += (uint64_t)got;
    }
    return CN_OK;
}

/* Reads and inflates: *raw is the chunk's values, shuffled as filed. */
static enum cn_status inflate_chunk(const struct cn_read *read, int file, size_t unit,
                                    struct cn_scratch *scratch, const unsigned char **raw,
                                    struct cn_error *error)
{
    const struct cn_storage *storage = &read->file->storage;
    const struct cn_chunk_place *place = &read->places[unit];
    size_t bytes = chunk_bytes(storage), inflated = 0;
    bool deflated = storage->deflate && !(place->filter_mask >> storage->shuffle & 1);
    unsigned char *stored = cn_scratch_get(scratch, COMPRESSED, place->size);
    unsigned char *values = deflated ? cn_scratch_get(scratch, RAW, bytes) : stored;
    if (!scratch->decompressor)
        scratch->decompressor = libdeflate_alloc_decompressor();
    if (!stored || !values || !scratch->decompressor)
        return cn_fail_memory(error, "a chunk");
    enum cn_status status = read_bytes(read, file, place, stored, error);
    if (status)
        return status;
    scratch->bytes_read += place->size;
    /* zlib's Adler-32 is checked by libdeflate. */
    if (deflated ? libdeflate_zlib_decompress(scratch->decompressor, stored, place->size, values,
                                              bytes, &inflated) != LIBDEFLATE_SUCCESS ||
                       inflated != bytes
                 : place->size != bytes)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: chunk %zu of %s does not inflate to its size; the file is damaged, get "
                       "it again",
                       read->file->path, unit, read->file->variable);
    *raw = values;
    return CN_OK;
}

/* Raw values in the order of bytes that this machine computes with. */
static void make_native(unsigned char *out, const struct cn_block *block, size_t value_bytes,
                        bool swap)
{
    for (size_t b = 0; b < value_bytes; b++) {
        const unsigned char *in = block->bytes + (block->shuffled ? b * block->elements : b);
        size_t step = block->shuffled ? 1 : value_bytes;
        size_t to = swap ? value_bytes - 1 - b : b;
        for (size_t i = 0; i < block->elements; i++)
            out[i * value_bytes + to] = in[i * step]; /* NOLINT: bytes are there */
    }
}

/* Any type, byte order and packing. */
static enum cn_status scatter_any(const struct cn_read *read, struct cn_block *block,
                                  struct cn_scratch *scratch, struct cn_error *error)
{
    const struct cn_storage *storage = &read->file->storage;
    if (block->shuffled || storage->big_endian) {
        unsigned char *native = cn_scratch_get(scratch, NATIVE, chunk_bytes(storage));
        if (!native)
            return cn_fail_memory(error, "a chunk");
        make_native(native, block, storage->value_bytes, storage->big_endian);
        block->bytes = native;
        block->shuffled = false;
    }
    cn_scatter_values(read, block);
    return CN_OK;
}

enum cn_status cn_decoder_unit(const struct cn_read *read, int file, size_t unit,
                               struct cn_scratch *scratch, struct cn_error *error)
{
    const struct cn_storage *storage = &read->file->storage;
    const struct cn_chunk_place *place = &read->places[unit];
    struct cn_block block = block_of(read, unit);
    if (!touches_a_region(read, &block))
        return CN_OK;
    clip_to_stretch(read, &block);
    if (place->address == CN_NO_CHUNK) {
        cn_scatter_fill(read, &block, read->fill);
        return CN_OK;
    }
    enum cn_status status = inflate_chunk(read, file, unit, scratch, &block.bytes, error);
    if (status)
        return status;
    block.shuffled = storage->shuffle && !(place->filter_mask & 1);
    if (!read->plain)
        return scatter_any(read, &block, scratch, error);
    cn_scatter_floats(read, &block);
    return CN_OK;
}
