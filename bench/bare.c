/*
 * The limits: inflate, deflate and reading alone. It must not use the modules that are measured
 * against it, but for the kernel that shuffles, which bench_kernels measures, and the forms of
 * inflating, which bench_inflate does.
 */
#include "bare.h"

#include "arena/arena.h"
#include "base/machine.h"
#include "codec/codec.h"

#include <fcntl.h>
#include <hdf5.h>
#include <libdeflate.h>
#include <netcdf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PIECE = 4 << 20,
    COPIED = 256 << 20,      /* bytes that copying goes through, of all threads */
    COPIED_LEAST = 32 << 20, /* and of one thread */
    STRETCH = 4 * PIECE,     /* of a file, read by one thread */
    READ = 1 << 20,          /* a read of the page cache, into memory that stays in the cache */
    DEPTH = 4                /* cold reads at once */
};
static const uint64_t MOVED = (uint64_t)1 << 30; /* bytes that copy and touch measure */

static double cpu_seconds(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

struct bench_time bench_now(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_MONOTONIC, &wall);
    return (struct bench_time){(double)wall.tv_sec + 1e-9 * (double)wall.tv_nsec,
                               cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN)};
}

struct bench_time bench_since(struct bench_time start)
{
    struct bench_time now = bench_now();
    return (struct bench_time){now.wall_s - start.wall_s, now.cpu_s - start.cpu_s};
}

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "bench: ");
    vfprintf(stderr, format, arguments); /* NOLINT: it was started */
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void *bench_checked(void *memory)
{
    if (!memory)
        bench_fail("out of memory");
    return memory;
}

static void list_chunks(struct bench_input *input, const struct cn_file *file, int descriptor)
{
    const struct cn_storage *storage = &file->storage;
    hid_t hdf5 = H5Fopen(file->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = hdf5 < 0 ? -1 : H5Dopen2(hdf5, file->variable, H5P_DEFAULT);
    if (dataset < 0 || storage->layout != CN_CHUNKED || storage->filter_count != 2 ||
        storage->pipeline[0].id != cn_shuffle.id || storage->pipeline[1].id != cn_deflate.id ||
        storage->rank != 3 || storage->chunk[0] != 1 || storage->chunk[1] != storage->shape[1] ||
        storage->chunk[2] != storage->shape[2])
        bench_fail("%s: expected shuffled and deflated chunks of a day each", file->path);
    input->chunk_bytes = storage->chunk[1] * storage->chunk[2] * storage->value_bytes;
    input->chunks = bench_checked(
        realloc(input->chunks, (input->chunk_count + storage->shape[0]) * sizeof *input->chunks));
    for (size_t day = 0; day < storage->shape[0]; day++) {
        const hsize_t offset[3] = {day, 0, 0};
        haddr_t address;
        hsize_t size;
        unsigned mask;
        if (H5Dget_chunk_info_by_coord(dataset, offset, &mask, &address, &size) < 0 || mask)
            bench_fail("%s: chunk %zu cannot be found", file->path, day);
        input->chunks[input->chunk_count++] =
            (struct bench_chunk){file->variable, descriptor, address, size};
        input->largest = size > input->largest ? size : input->largest;
    }
    H5Dclose(dataset);
    H5Fclose(hdf5);
}

static void list_files(struct bench_input *input, const struct cn_variable *variable)
{
    const size_t count = input->file_count + variable->year_count;
    input->files = bench_checked(realloc(input->files, count * sizeof *input->files));
    for (size_t y = 0; y < variable->year_count; y++) {
        const struct cn_file *file = variable->years[y].parts[0].file;
        int descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
            bench_fail("%s: cannot be opened", file->path);
        input->files[input->file_count++] = descriptor;
        input->bytes += file->size;
        list_chunks(input, file, descriptor);
    }
}

void bench_input_open(struct bench_input *input, const struct cn_plan *plan)
{
    *input = (struct bench_input){0};
    for (size_t v = 0; v < plan->variable_count; v++)
        list_files(input, plan->variables[v].variable);
}

void bench_input_close(struct bench_input *input)
{
    for (size_t f = 0; f < input->file_count; f++)
        close(input->files[f]);
    free(input->files);
    free(input->chunks);
}

unsigned char *bench_touched(size_t bytes)
{
    unsigned char *memory = bench_checked(aligned_alloc(4096, (bytes + 4095) / 4096 * 4096));
    memset(memory, 1, bytes);
    return memory;
}

void bench_chunk_read(const struct bench_chunk *chunk, unsigned char *stored)
{
    if (pread(chunk->file, stored, chunk->size, (off_t)chunk->address) != (ssize_t)chunk->size)
        bench_fail("a chunk of %s cannot be read", chunk->variable);
}

void bench_inflater_open(struct bench_inflater *inflater, size_t capacity)
{
    inflater->decompressor = bench_checked(libdeflate_alloc_decompressor());
    inflater->inflater = bench_checked(cn_inflater_new(CN_LEAST_WINDOW));
    for (int k = 0; k < 2; k++)
        inflater->streams[k] =
            (struct cn_zlib){.out = bench_touched(capacity), .capacity = capacity};
}

void bench_inflater_close(struct bench_inflater *inflater)
{
    libdeflate_free_decompressor(inflater->decompressor);
    free(inflater->inflater);
    for (int k = 0; k < 2; k++)
        free(inflater->streams[k].out);
}

bool bench_inflate_by(struct bench_inflater *inflater, const struct cn_inflate_form *form,
                      int count)
{
    bool all_right = true;
    if (form->loops)
        cn_inflate(inflater->inflater, form, inflater->streams, count);
    for (int k = 0; k < count; k++) {
        struct cn_zlib *stream = &inflater->streams[k];
        if (!form->loops)
            stream->is_right =
                libdeflate_zlib_decompress(inflater->decompressor, stream->in, stream->in_bytes,
                                           stream->out, stream->capacity,
                                           &stream->out_bytes) == LIBDEFLATE_SUCCESS;
        all_right = all_right && stream->is_right;
    }
    return all_right;
}

struct bench_time bench_inflate(const struct bench_input *input, const struct cn_inflate_form *form,
                                int threads)
{
    const size_t step = form->loops ? 2 : 1;
    struct bench_time start = {0};
    int failures = 0;
#pragma omp parallel num_threads(threads) reduction(+ : failures)
    {
        unsigned char *stored[2] = {bench_touched(input->largest), bench_touched(input->largest)};
        struct bench_inflater inflater;
        bench_inflater_open(&inflater, input->chunk_bytes);
#pragma omp barrier
#pragma omp master
        start = bench_now();
#pragma omp for schedule(dynamic, 1)
        for (size_t k = 0; k < input->chunk_count; k += step) {
            const size_t left = input->chunk_count - k, count = left < step ? left : step;
            for (size_t i = 0; i < count; i++) {
                const struct bench_chunk *chunk = &input->chunks[k + i];
                bench_chunk_read(chunk, stored[i]);
                inflater.streams[i].in = stored[i];
                inflater.streams[i].in_bytes = chunk->size;
            }
            failures += !bench_inflate_by(&inflater, form, (int)count);
        }
#pragma omp master
        start = bench_since(start);
        bench_inflater_close(&inflater);
        for (int i = 0; i < 2; i++)
            free(stored[i]);
    }
    if (failures)
        bench_fail("chunks do not inflate by form %s", form->name);
    return start;
}

static uint64_t size_of(int file)
{
    struct stat status;
    if (fstat(file, &status))
        bench_fail("a file cannot be asked for its size");
    return (uint64_t)status.st_size;
}

/* The part of a file that one thread reads at a time: so small that all threads are busy to the
 * end. */
struct stretch {
    int file;
    off_t begin, end;
};

static struct stretch *cut(const struct bench_input *input, size_t files, size_t *count)
{
    struct stretch *stretches = NULL;
    *count = 0;
    for (size_t f = 0; f < files; f++) {
        const off_t size = (off_t)size_of(input->files[f]);
        stretches = bench_checked(
            realloc(stretches, (*count + (size_t)(size / STRETCH) + 1) * sizeof *stretches));
        for (off_t at = 0; at < size; at += STRETCH)
            stretches[(*count)++] =
                (struct stretch){input->files[f], at, size - at < STRETCH ? size : at + STRETCH};
    }
    return stretches;
}

static void read_stretch(const struct stretch *stretch, unsigned char *piece, size_t size)
{
    for (off_t at = stretch->begin; at < stretch->end;) {
        const ssize_t got = pread(stretch->file, piece, size, at);
        if (got <= 0)
            bench_fail("a file cannot be read");
        at += got;
    }
}

static struct bench_time read_files(const struct bench_input *input, size_t files, size_t size,
                                    int threads)
{
    size_t count;
    struct stretch *stretches = cut(input, files, &count);
    struct bench_time start = {0};
#pragma omp parallel num_threads(threads)
    {
        unsigned char *piece = bench_touched(size);
#pragma omp barrier
#pragma omp master
        start = bench_now();
#pragma omp for schedule(dynamic, 1)
        for (size_t k = 0; k < count; k++)
            read_stretch(&stretches[k], piece, size);
#pragma omp master
        start = bench_since(start);
        free(piece);
    }
    free(stretches);
    return start;
}

struct bench_time bench_read(const struct bench_input *input, uint64_t *bytes, int threads)
{
    size_t files = 0;
    *bytes = 0;
    while (files < input->file_count && (!files || *bytes < cn_machine_memory() / 4))
        *bytes += size_of(input->files[files++]);
    read_files(input, files, READ, threads); /* now they are in the page cache */
    return read_files(input, files, READ, threads);
}

/* Pages of a file that are in the page cache. */
static size_t pages_kept(int file, uint64_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page;
    unsigned char *kept = bench_checked(calloc(pages + 1, 1));
    void *at = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    size_t count = 0;
    if (at != MAP_FAILED) {
        if (!mincore(at, size, kept))
            for (size_t p = 0; p < pages; p++)
                count += kept[p] & 1;
        munmap(at, size);
    }
    free(kept);
    return count;
}

void bench_forget(const struct bench_input *input)
{
    for (size_t f = 0; f < input->file_count; f++) {
        fdatasync(input->files[f]); /* pages that are not on the disk yet stay in the cache */
        posix_fadvise(input->files[f], 0, 0, POSIX_FADV_DONTNEED);
    }
}

double bench_kept(const struct bench_input *input)
{
    size_t kept = 0;
    for (size_t f = 0; f < input->file_count; f++)
        kept += pages_kept(input->files[f], size_of(input->files[f]));
    return (double)kept * (double)sysconf(_SC_PAGESIZE) / (double)(input->bytes + 1);
}

/* Past the page cache, as the engine does, where the file system can. */
static void set_direct(const struct bench_input *input, bool direct)
{
    for (size_t f = 0; f < input->file_count; f++) {
        const int flags = fcntl(input->files[f], F_GETFL);
        fcntl(input->files[f], F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
    }
}

struct bench_time bench_read_cold(const struct bench_input *input, int threads)
{
    set_direct(input, true);
    struct bench_time time =
        read_files(input, input->file_count, PIECE, threads < DEPTH ? DEPTH : threads);
    set_direct(input, false);
    return time;
}

/* Returns: the variable of float32 on a grid, which only the values are; -1: there is none. */
static int find_values(int file)
{
    int count = 0, rank;
    nc_type type;
    nc_inq_nvars(file, &count);
    for (int v = 0; v < count; v++)
        if (!nc_inq_vartype(file, v, &type) && type == NC_FLOAT &&
            !nc_inq_varndims(file, v, &rank) && rank >= 3)
            return v;
    return -1;
}

/* Reads the values of a file, chunk after chunk. */
static void read_output(struct bench_output *output, const char *path)
{
    enum { MAX_RANK = 4 };
    int file, variable, rank, storage, dims[MAX_RANK];
    size_t shape[MAX_RANK], chunk[MAX_RANK], values = 1;
    if (nc_open(path, NC_NOWRITE, &file) || (variable = find_values(file)) < 0 ||
        nc_inq_varndims(file, variable, &rank) || rank > MAX_RANK ||
        nc_inq_vardimid(file, variable, dims) ||
        nc_inq_var_chunking(file, variable, &storage, chunk))
        bench_fail("%s: cannot be read back", path);
    for (int d = 0; d < rank; d++) {
        nc_inq_dimlen(file, dims[d], &shape[d]);
        values *= shape[d];
    }
    const size_t cells = shape[rank - 2] * shape[rank - 1], slots = shape[rank - 3];
    const size_t chunk_slots = chunk[rank - 3], targets = values / (slots * cells);
    const size_t chunks = targets * ((slots + chunk_slots - 1) / chunk_slots);
    output->values = bench_checked(
        realloc(output->values, (output->value_count + values) * sizeof *output->values));
    output->cells = bench_checked(
        realloc(output->cells, (output->chunk_count + chunks) * sizeof *output->cells));
    if (nc_get_var_float(file, variable, output->values + output->value_count))
        bench_fail("%s: values cannot be read back", path);
    for (size_t t = 0; t < targets; t++)
        for (size_t slot = 0; slot < slots; slot += chunk_slots) {
            size_t held = slots - slot < chunk_slots ? slots - slot : chunk_slots;
            output->cells[output->chunk_count++] = held * cells;
            output->largest = held * cells > output->largest ? held * cells : output->largest;
        }
    output->value_count += values;
    nc_close(file);
}

void bench_output_read(struct bench_output *output, const struct cn_plan *plan)
{
    *output = (struct bench_output){0};
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        for (size_t o = 0; o < variable->output_count; o++) {
            char *path = NULL;
            if (asprintf(&path, "%s/%s", plan->config->output.root, variable->outputs[o].path) < 0)
                bench_fail("out of memory");
            read_output(output, path);
            free(path);
        }
    }
}

void bench_output_free(struct bench_output *output)
{
    free(output->values);
    free(output->cells);
}

struct bench_time bench_deflate(const struct bench_output *output, const struct cn_kernels *kernels,
                                int level, int threads)
{
    size_t *first = bench_checked(calloc(output->chunk_count + 1, sizeof *first));
    for (size_t k = 0; k < output->chunk_count; k++)
        first[k + 1] = first[k] + output->cells[k];
    struct bench_time start = {0};
#pragma omp parallel num_threads(threads)
    {
        size_t bytes = output->largest * sizeof(float);
        size_t bound = libdeflate_zlib_compress_bound(NULL, bytes);
        unsigned char *shuffled = bench_touched(bytes), *deflated = bench_touched(bound);
        struct libdeflate_compressor *deflater = bench_checked(libdeflate_alloc_compressor(level));
#pragma omp barrier
#pragma omp master
        start = bench_now();
#pragma omp for schedule(dynamic, 1)
        for (size_t k = 0; k < output->chunk_count; k++) {
            kernels->shuffle_f32(shuffled, output->values + first[k], output->cells[k], 1e20f);
            if (!libdeflate_zlib_compress(deflater, shuffled, output->cells[k] * sizeof(float),
                                          deflated, bound))
                bench_fail("a chunk does not deflate");
        }
#pragma omp master
        start = bench_since(start);
        libdeflate_free_compressor(deflater);
        free(shuffled);
        free(deflated);
    }
    free(first);
    return start;
}

struct bench_time bench_copy(uint64_t *bytes, int threads)
{
    const size_t each = COPIED / threads > COPIED_LEAST ? COPIED / (size_t)threads : COPIED_LEAST;
    const size_t rounds = (MOVED / (size_t)threads + each - 1) / each;
    struct bench_time start = {0};
#pragma omp parallel num_threads(threads)
    {
        unsigned char *from = bench_touched(each), *to = bench_touched(each);
#pragma omp barrier
#pragma omp master
        start = bench_now();
        for (size_t round = 0; round < rounds; round++)
            for (size_t at = 0; at < each; at += PIECE)
                memcpy(to + at, from + at, each - at < PIECE ? each - at : PIECE);
#pragma omp barrier
#pragma omp master
        start = bench_since(start);
        free(from);
        free(to);
    }
    *bytes = (uint64_t)threads * rounds * each;
    return start;
}

struct bench_time bench_touch(uint64_t *bytes, int threads)
{
    *bytes = MOVED;
    unsigned char *memory = mmap(NULL, MOVED, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        bench_fail("out of memory");
    struct bench_time start = bench_now();
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (uint64_t k = 0; k < MOVED / PIECE; k++)
        cn_arena_populate(memory + k * PIECE, PIECE);
    start = bench_since(start);
    munmap(memory, MOVED);
    return start;
}
