/*
 * The backend for every storage that the parallel decoder does not take, a block of instants at a
 * time. HDF5 decodes with parameters from the file, which can damage memory, and plugins are beyond
 * our control. So a block is read and unpacked by netCDF-C in a process of its own, into memory
 * that it shares with this one. What damage does ends with that process.
 */
#include "source/netcdf.h"

#include "base/error.h"
#include "base/io.h"
#include "base/machine.h"
#include "base/workers.h"
#include "codec/plugins.h"
#include "guard/fault.h"
#include "guard/hdf5_lock.h"
#include "guard/library.h"
#include "source/completion.h"
#include "source/file_index.h"
#include "source/h5_variable.h"
#include "source/units.h"
#include "source/verify.h"

#include <errno.h>
#include <math.h>
#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BLOCK_BYTES = 16 << 20, MOST_BLOCK_BYTES = 256 << 20 };
enum { VALUES, SUMS, COUNTS }; /* scratch buffers */
enum {
    DECODE_CPU_S = 600,  /* for a block, which may be many times BLOCK_BYTES in its chunks */
    DECODE_WAIT_S = 3600 /* CPU time takes longer where others compute too */
};

static size_t box_cells(const struct cn_reader *reader)
{
    return (reader->box.last_row - reader->box.first_row + 1) *
           (reader->box.last_column - reader->box.first_column + 1);
}

/* Instants of a block: about BLOCK_BYTES, whole chunks where the file has chunks, because a chunk
 * that is read twice is inflated twice. */
static size_t block_instants(const struct cn_reader *reader)
{
    const struct cn_storage *storage = &reader->file->storage;
    size_t bytes = box_cells(reader) * storage->value_bytes;
    size_t instants = bytes <= BLOCK_BYTES ? BLOCK_BYTES / bytes : 1;
    size_t chunk = storage->layout == CN_CHUNKED ? storage->chunk[storage->time_dim] : 1;
    if (chunk > 1 && chunk <= MOST_BLOCK_BYTES / bytes)
        instants = (instants + chunk - 1) / chunk * chunk;
    return instants;
}

/* Where the day of instant `at` ends, within the stretch. */
static size_t day_end(const struct cn_reader *reader, size_t at)
{
    size_t end = reader->first + reader->count, stop = at + 1;
    while (stop < end && reader->file->days[stop] == reader->file->days[at])
        stop++;
    return stop;
}

/* The first instant of the stretch behind the year of instant `at`. */
static size_t year_end(const struct cn_reader *reader, size_t at)
{
    const struct cn_file *file = reader->file;
    const int year = cn_day_date(file->calendar, file->days[at]).year;
    const int64_t day = cn_day_number(file->calendar, (struct cn_date){year + 1, 1, 1});
    size_t low = at + 1, high = reader->first + reader->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (file->days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where the block that starts at `at` ends: at a multiple of `instants`, and not within a day. A
 * damaged block costs the years that it holds, so it holds two only where a chunk does. */
static size_t block_end(const struct cn_reader *reader, size_t at, size_t instants)
{
    const struct cn_storage *storage = &reader->file->storage;
    const size_t chunk = storage->layout == CN_CHUNKED ? storage->chunk[storage->time_dim] : 1;
    const size_t end = reader->first + reader->count, next = year_end(reader, at);
    const size_t shared = next / chunk * chunk; /* the chunk that may have days of both years */
    const size_t own = next == end ? end : shared > at ? shared : shared + chunk;
    size_t stop = (at / instants + 1) * instants;
    stop = own < stop ? own : stop;
    return stop < end ? day_end(reader, stop - 1) : end;
}

static enum cn_status plan_blocks(struct cn_reader *reader, struct cn_error *error)
{
    size_t instants = block_instants(reader), units = 0;
    for (size_t at = reader->first; at < reader->first + reader->count; units++)
        at = block_end(reader, at, instants);
    reader->unit_count = units;
    reader->unit_first = calloc(units + 1, sizeof *reader->unit_first);
    if (!reader->unit_first)
        return cn_fail_memory(error, "the blocks of a file");
    size_t at = reader->first;
    for (size_t unit = 0; unit < units; unit++) {
        reader->unit_first[unit] = at;
        at = block_end(reader, at, instants);
    }
    reader->unit_first[units] = at;
    reader->unit_bytes = instants * box_cells(reader) * reader->file->storage.value_bytes;
    return CN_OK;
}

/* The most memory that a worker process may take: for the block, for netCDF-C's chunk cache, and
 * for chunks while filters are undone. */
static uint64_t worker_bytes(const struct cn_reader *reader)
{
    const struct cn_storage *storage = &reader->file->storage;
    const uint64_t chunk =
        storage->layout == CN_CHUNKED ? cn_chunk_elements(storage) * storage->value_bytes : 0;
    return ((uint64_t)1 << 30) + 8 * chunk;
}

/* Whether a worker process could take that much. */
static bool sound_file_has_memory(const struct cn_reader *reader)
{
    return worker_bytes(reader) <= cn_machine_memory() / 2 && !cn_memory_is_short();
}

static enum cn_status fail_netcdf(const struct cn_reader *reader, int code, int reason,
                                  struct cn_error *error)
{
    char what[512];
    snprintf(what, sizeof what, "%.200s cannot be read (netCDF: %s)", reader->file->variable,
             nc_strerror(code));
    if (code == NC_ENOMEM)
        reason = ENOMEM;
    if (reason == ENOMEM && cn_hdf5_is_usable() && sound_file_has_memory(reader))
        reason = 0; /* the file asks for more than a sound one: its fault, not the machine's */
    return cn_library_fail(reader->file->path, what, reason, error);
}

/* The block of the instants first … end - 1, without bytes, and the hyperslab that fills it. */
static struct cn_block block_of(const struct cn_reader *reader, size_t first, size_t end,
                                size_t start[CN_DIM_ROOM], size_t count[CN_DIM_ROOM])
{
    const struct cn_storage *storage = &reader->file->storage;
    const size_t dims[3] = {storage->time_dim, storage->row_dim, storage->column_dim};
    struct cn_block block = {.first = {first, reader->box.first_row, reader->box.first_column},
                             .count = {end - first,
                                       reader->box.last_row - reader->box.first_row + 1,
                                       reader->box.last_column - reader->box.first_column + 1}};
    for (size_t d = 0; d < storage->rank; d++) {
        start[d] = storage->index[d];
        count[d] = 1;
    }
    for (int d = 0; d < 3; d++) {
        start[dims[d]] = block.first[d];
        count[dims[d]] = block.count[d];
    }
    for (int d = 0; d < 3; d++) {
        block.stride[d] = 1;
        for (size_t inner = dims[d] + 1; inner < storage->rank; inner++)
            block.stride[d] *= count[inner];
    }
    block.raw.elements = block.count[0] * block.count[1] * block.count[2];
    block.raw.width = storage->value_bytes;
    return block;
}

/* An open file while its blocks are read. */
struct opened {
    int descriptor;
    int file, variable; /* of netCDF-C */
};

/* Reads the instants first … end - 1 of slice number `slice` into scratch. */
static enum cn_status read_slice(const struct cn_reader *reader, const struct opened *opened,
                                 size_t first, size_t end, size_t slice, struct cn_scratch *scratch,
                                 struct cn_block *block, struct cn_error *error)
{
    size_t start[CN_DIM_ROOM], count[CN_DIM_ROOM];
    *block = block_of(reader, first, end, start, count);
    if (slice)
        start[reader->file->storage.slice_dim] = slice;
    size_t bytes = block->raw.elements * block->raw.width;
    unsigned char *values = cn_scratch_get(scratch, VALUES, bytes);
    if (!values)
        return cn_fail_memory(error, "a block of a file");
    errno = 0;
    int code = nc_get_vara(opened->file, opened->variable, start, count, values), reason = errno;
    if (code)
        return fail_netcdf(reader, code, reason, error);
    scratch->bytes_read += bytes;
    block->raw.bytes = values;
    return CN_OK;
}

/* Reads the instants first … end - 1 into scratch; of slices that complete each other, the numbers
 * that they make. *from: the reader that scatters the block. */
static enum cn_status read_block(const struct cn_reader *reader, const struct opened *opened,
                                 size_t first, size_t end, struct cn_scratch *scratch,
                                 struct cn_block *block, struct cn_reader *from,
                                 struct cn_error *error)
{
    const size_t slices = reader->file->storage.slice_count;
    struct cn_completion completion;
    *from = *reader;
    enum cn_status status = read_slice(reader, opened, first, end, 0, scratch, block, error);
    if (status || !slices)
        return status;
    if (!cn_completion_begin(reader, block, scratch, &completion))
        return cn_fail_memory(error, "a block of a file");
    cn_completion_add(&completion, reader, block);
    for (size_t s = 1; s < slices && !status; s++) {
        status = read_slice(reader, opened, first, end, s, scratch, block, error);
        if (!status)
            cn_completion_add(&completion, reader, block);
    }
    *block = completion.block;
    *from = completion.reader;
    return status;
}

/* One day of several instants, which may be many: in pieces, summed up. */
static enum cn_status read_day(const struct cn_reader *reader, const struct opened *opened,
                               size_t first, size_t end, struct cn_scratch *scratch,
                               struct cn_error *error)
{
    size_t cells = reader->layout->row_cells, piece = block_instants(reader);
    double *sums = (double *)(void *)cn_scratch_get(scratch, SUMS, 2 * cells * sizeof *sums);
    unsigned *counts = (unsigned *)(void *)cn_scratch_get(scratch, COUNTS, cells * sizeof *counts);
    float *row = reader->rows[first - reader->first];
    enum cn_status status = sums && counts ? CN_OK : cn_fail_memory(error, "a day of a file");
    if (status || !row)
        return status;
    const struct cn_sums day = {sums, sums + cells, counts};
    memset(sums, 0, 2 * cells * sizeof *sums);
    memset(counts, 0, cells * sizeof *counts);
    for (size_t at = first; at < end && !status; at += piece) {
        struct cn_block block;
        struct cn_reader from;
        status = read_block(reader, opened, at, end - at < piece ? end : at + piece, scratch,
                            &block, &from, error);
        if (!status)
            cn_scatter_sums(&from, &block, &day);
    }
    for (size_t c = 0; c < cells; c++)
        sums[c] = counts[c] ? (sums[c] + sums[cells + c]) / counts[c] : NAN;
    reader->kernels->narrow_f32(row, sums, cells, &cn_all_floats);
    return status;
}

static enum cn_status read_unit(const struct cn_reader *reader, const struct opened *opened,
                                size_t unit, struct cn_scratch *scratch, struct cn_error *error)
{
    size_t end = reader->unit_first[unit + 1];
    enum cn_status status =
        cn_chunks_verify(reader, opened->descriptor, reader->unit_first[unit], end, scratch, error);
    for (size_t at = reader->unit_first[unit], next; at < end && !status; at = next) {
        next = reader->file->subdaily ? day_end(reader, at) : end;
        if (reader->file->subdaily) {
            status = read_day(reader, opened, at, next, scratch, error);
            continue;
        }
        struct cn_block block;
        struct cn_reader from;
        status = read_block(reader, opened, at, next, scratch, &block, &from, error);
        if (!status)
            cn_scatter_values(&from, &block);
    }
    return status;
}

/* Days are read one by one from chunks that hold many: the chunks along the box stay in memory. */
static int keep_chunks(const struct cn_reader *reader, const struct opened *opened)
{
    const struct cn_storage *storage = &reader->file->storage;
    size_t bytes = box_cells(reader) * storage->value_bytes;
    if (storage->layout != CN_CHUNKED || !reader->file->subdaily)
        return NC_NOERR;
    for (size_t d = 0; d < storage->rank; d++)
        if (__builtin_mul_overflow(bytes, storage->chunk[d], &bytes) || bytes > MOST_BLOCK_BYTES)
            bytes = MOST_BLOCK_BYTES;
    return nc_set_var_chunk_cache(opened->file, opened->variable, 2 * bytes, 1009, 0.75f);
}

/* What a worker process is to decode. */
struct block_task {
    const struct cn_reader *reader; /* whose rows are in shared memory */
    int descriptor;                 /* of the open file */
    size_t unit;
    struct cn_scratch *scratch;
};

/* In the worker process: reads one unit and sends how many bytes that took. */
static enum cn_status decode_in_worker(void *context, size_t item, struct cn_archive *found,
                                       struct cn_error *error)
{
    (void)item;
    const struct block_task *task = context;
    const struct cn_reader *reader = task->reader;
    struct opened opened = {.descriptor = task->descriptor};
    char path[CN_DESCRIPTOR_PATH_BYTES];
    const uint64_t before = task->scratch->bytes_read;
    cn_hdf5_lock();
    errno = 0;
    int code = nc_open(cn_descriptor_path(task->descriptor, reader->file->path, path), NC_NOWRITE,
                       &opened.file);
    if (!code)
        code = nc_inq_varid(opened.file, reader->file->variable, &opened.variable);
    if (!code)
        code = keep_chunks(reader, &opened);
    enum cn_status status = code ? fail_netcdf(reader, code, errno, error)
                                 : read_unit(reader, &opened, task->unit, task->scratch, error);
    cn_hdf5_unlock();
    uint64_t bytes = task->scratch->bytes_read - before;
    cn_archive_bytes(found, &bytes, sizeof bytes);
    return status;
}

static enum cn_status accept_block(void *context, size_t item, struct cn_archive *found,
                                   const struct cn_error *failure, struct cn_error *error)
{
    (void)item;
    const struct block_task *task = context;
    const char *path = task->reader->file->path;
    uint64_t bytes = 0;
    const char *missing = !failure || strstr(failure->text, path) ? "" : path;
    if (failure)
        return cn_fail(error, failure->status, "%s%s%s", missing, *missing ? ": " : "",
                       failure->text);
    cn_archive_bytes(found, &bytes, sizeof bytes);
    task->scratch->bytes_read += bytes;
    return found->status;
}

/* Decodes one unit in a worker process: its rows go to shared memory, and from there to the slab.
 */
static enum cn_status decode_block(const struct cn_reader *reader, int file, size_t unit,
                                   struct cn_scratch *scratch, struct cn_error *error)
{
    const size_t first = reader->unit_first[unit], end = reader->unit_first[unit + 1];
    const size_t row_bytes = reader->layout->row_cells * sizeof(float);
    if (!cn_instants_are_needed(reader, first, end - first))
        return CN_OK;
    struct cn_reader shared = *reader;
    shared.tallies = NULL; /* this process counts */
    shared.rows = calloc(reader->count, sizeof *shared.rows);
    char *memory = mmap(NULL, (end - first) * row_bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    enum cn_status status =
        shared.rows && memory != MAP_FAILED ? CN_OK : cn_fail_memory(error, "a block of a file");
    for (size_t t = first; t < end && !status; t = day_end(reader, t))
        if (reader->rows[t - reader->first])
            shared.rows[t - reader->first] = (float *)(void *)(memory + (t - first) * row_bytes);
    struct block_task task = {&shared, file, unit, scratch};
    const struct cn_watch watch = {.stop = scratch->stop};
    if (!status)
        status = cn_workers_run(&(struct cn_workers){.count = 1,
                                                     .timeout_s = DECODE_WAIT_S,
                                                     .cpu_s = DECODE_CPU_S,
                                                     .memory_bytes = worker_bytes(reader),
                                                     .watch = &watch,
                                                     .context = &task,
                                                     .examine = decode_in_worker,
                                                     .accept = accept_block},
                                error);
    for (size_t t = first; t < end && !status; t = day_end(reader, t))
        if (shared.rows[t - reader->first]) {
            memcpy(reader->rows[t - reader->first], shared.rows[t - reader->first], row_bytes);
            cn_count_implausible(reader, t); /* before another day may take the same row */
        }
    if (!status)
        cn_file_index_count_box(reader, first, end, scratch);
    if (memory != MAP_FAILED)
        munmap(memory, (end - first) * row_bytes);
    free(shared.rows);
    return status;
}

/* HDF5 needs a plugin even for filters that our codecs undo, because here HDF5 decodes. */
static enum cn_status check_plugins(struct cn_reader *reader, struct cn_error *error)
{
    const struct cn_storage *storage = &reader->file->storage;
    char absent[CN_ABSENT_BYTES];
    enum cn_status status = CN_OK;
    for (size_t k = 0; k < storage->filter_count && !status; k++)
        if (H5Zfilter_avail(storage->pipeline[k].id) <= 0)
            status = cn_fail(error, CN_BAD_INPUT,
                             "%s: netCDF-C has to read it, and it is compressed with %s",
                             reader->file->path, cn_filter_absent(&storage->pipeline[k], absent));
    return status;
}

const struct cn_backend cn_backend_netcdf = {
    .name = "netCDF-C",
    .plan = plan_blocks,
    .ask = check_plugins,
    .decode = decode_block,
};
