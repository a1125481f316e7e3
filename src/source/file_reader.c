/*
 * The front of the backends: what they share, from planning to closing.
 */
#include "source/file_reader.h"

#include "base/error.h"
#include "guard/library.h"
#include "source/backend.h"
#include "source/bytes.h"
#include "source/chunks.h"
#include "source/units.h"
#include "source/unpack.h"

#include <limits.h>
#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum cn_status cn_reader_plan(struct cn_reader *reader, struct cn_file_index *index,
                              const struct cn_layout *layout, const struct cn_kernels *kernels,
                              size_t first, size_t count, struct cn_error *error)
{
    const struct cn_file *file = index->file;
    char reason[CN_REASON_BYTES];
    cn_file_index_add_reader(index, first, count);
    *reader = (struct cn_reader){.backend = cn_backend_choose(file, reason),
                                 .file = file,
                                 .index = index,
                                 .layout = layout,
                                 .kernels = kernels,
                                 .first = first,
                                 .count = count,
                                 .box = cn_layout_box(layout),
                                 .unpacking = cn_unpacking_rules(file),
                                 .missing = cn_float_rules(&file->packing),
                                 .is_native_f32 =
                                     !file->packing.packed && file->storage.type == NC_FLOAT};
    reader->rows = calloc(count, sizeof(float *));
    if (!reader->rows)
        return cn_fail_memory(error, "rows of a source year");
    return reader->backend->plan(reader, error);
}

enum cn_status cn_reader_watch_values(struct cn_reader *reader,
                                      struct cn_plausibility *plausibility, struct cn_error *error)
{
    reader->plausibility = plausibility;
    reader->tallies = calloc(reader->count, sizeof(struct cn_tally *));
    return reader->tallies ? CN_OK : cn_fail_memory(error, "source years");
}

static enum cn_status ask_backend(void *context, struct cn_error *error)
{
    struct cn_reader *reader = context;
    return reader->backend->ask(reader, error);
}

/* Asks HDF5 what all readers of the file need. */
static enum cn_status ask_once(struct cn_reader *reader, struct cn_error *error)
{
    char what[PATH_MAX + 64];
    enum cn_status status = cn_file_index_prepare(reader->index, error);
    if (status)
        return status;
    snprintf(what, sizeof what, "%s: cannot be opened", reader->file->path);
    const struct cn_library_call call = {.function = ask_backend,
                                         .context = reader,
                                         .what = what,
                                         .lock = CN_LIBRARY_HDF5_LOCKED,
                                         .input_is_sound = true};
    status = cn_library_call(&call, error);
    reader->index->is_known = !status;
    return status;
}

enum cn_status cn_reader_open(struct cn_reader *reader, struct cn_error *error)
{
    int descriptor;
    enum cn_status status = cn_file_open(reader->file, &descriptor, error);
    if (!status) {
        if (!reader->index->is_known)
            status = ask_once(reader, error);
        reader->fill = reader->index->fill;
        if (!status && reader->backend->take)
            status = reader->backend->take(reader, error);
        close(descriptor);
    }
    cn_file_index_release(reader->index);
    return status;
}

bool cn_reader_span(const struct cn_reader *reader, size_t first, size_t count, uint64_t *address,
                    uint64_t *size)
{
    uint64_t begin = UINT64_MAX, end = 0, needed = 0;
    for (size_t unit = first; reader->backend->span && unit < first + count; unit++) {
        uint64_t at, bytes, spread;
        if (!reader->backend->span(reader, unit, &at, &spread, &bytes))
            continue;
        begin = at < begin ? at : begin;
        end = at + spread > end ? at + spread : end;
        needed += bytes;
    }
    *address = begin;
    *size = end - begin;
    return needed > 0 && needed >= *size / 2;
}

/* Of a block of instants: the values in the worker process, and the rows that both share. */
static uint64_t block_bytes(const struct cn_reader *reader, size_t first, size_t count)
{
    uint64_t instants = 0;
    for (size_t unit = first; unit < first + count; unit++) {
        const size_t some = reader->unit_first[unit + 1] - reader->unit_first[unit];
        instants = some > instants ? some : instants;
    }
    return reader->unit_bytes + instants * reader->layout->row_cells * sizeof(float);
}

uint64_t cn_reader_scratch_bytes(const struct cn_reader *reader, size_t first, size_t count)
{
    const struct cn_storage *storage = &reader->file->storage;
    uint64_t block = reader->unit_first ? block_bytes(reader, first, count) : 0;
    if (storage->slice_count) /* their numbers are doubles */
        block += (uint64_t)reader->unit_bytes / storage->value_bytes * sizeof(double);
    if (storage->layout != CN_CHUNKED)
        return block; /* other units are small */
    const uint64_t inflated = (uint64_t)cn_chunk_elements(storage) * storage->value_bytes;
    uint64_t stored = reader->chunks ? 0 : inflated; /* as netCDF-C reads it: not known */
    for (size_t layer = 0; reader->chunks && layer < cn_chunk_layers(storage); layer++)
        for (size_t unit = first; unit < first + count; unit++) {
            const uint64_t size = reader->chunks[layer * reader->unit_count + unit].size;
            stored = size > stored ? size : stored;
        }
    const uint64_t ahead = reader->chunks && cn_chunks_go_ahead(storage) ? inflated + stored : 0;
    return block + stored + ahead + (storage->filter_count ? inflated : 0) +
           (storage->filter_count > 1 ? inflated : 0);
}

enum cn_status cn_reader_decode(const struct cn_reader *reader, size_t first, size_t count,
                                struct cn_scratch *scratch, size_t *failed, struct cn_error *error)
{
    int descriptor;
    *failed = first;
    enum cn_status status = cn_file_open(reader->file, &descriptor, error);
    if (status)
        return status;
    for (size_t unit = first; unit < first + count && !status; unit++) {
        *failed = unit;
        if (reader->backend->decode_ahead && (unit - first) % 2 == 0 && unit + 1 < first + count)
            reader->backend->decode_ahead(reader, descriptor, unit, scratch);
        status = reader->backend->decode(reader, descriptor, unit, scratch, error);
    }
    close(descriptor);
    memset(scratch->ahead, 0, sizeof scratch->ahead);
    return status;
}

struct cn_instants cn_reader_instants(const struct cn_reader *reader, size_t unit)
{
    if (reader->unit_first)
        return (struct cn_instants){reader->unit_first[unit],
                                    reader->unit_first[unit + 1] - reader->unit_first[unit]};
    size_t begin[3];
    const struct cn_block block = cn_unit_block(reader, unit, begin);
    const size_t extent = reader->grid.extent[0], left = reader->file->time_count - begin[0];
    if (reader->file->storage.layout != CN_CHUNKED)
        return (struct cn_instants){block.first[0], block.count[0]};
    return (struct cn_instants){begin[0], extent < left ? extent : left};
}

static void free_parts(struct cn_reader *reader)
{
    free(reader->chunks);
    free(reader->rows);
    free(reader->tallies);
    reader->chunks = NULL;
    reader->rows = NULL;
    reader->tallies = NULL;
}

enum cn_status cn_reader_close(struct cn_reader *reader, struct cn_error *error)
{
    free_parts(reader);
    return cn_file_check(reader->file, error);
}

void cn_reader_free(struct cn_reader *reader)
{
    free_parts(reader);
    free(reader->unit_first);
    *reader = (struct cn_reader){0};
}
