/*
 * Benchmark of writing: for a file of CONUS and one of Guam on the 0.25 degree grid, the
 * milliseconds of the quickest file at the HDF5 lock, CPU time of shuffling and deflating its
 * chunks, and how many times that encoding and writing take. One thread; the files are in a
 * folder below the current one.
 */
#include "grid/layout.h"
#include "guard/hdf5_lock.h"
#include "kernels.h"
#include "sink_sample.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 365, FILES = 30 };

static double now(void) /* of this thread, so that time given to other programs does not count */
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

/* The linker puts these around the HDF5 lock of the library. */
/* NOLINTBEGIN(bugprone-reserved-identifier): its names */
static double locked_since, locked_ms;
void __real_cn_hdf5_lock(void);
void __real_cn_hdf5_unlock(void);
void __wrap_cn_hdf5_lock(void);
void __wrap_cn_hdf5_unlock(void);

void __wrap_cn_hdf5_lock(void)
{
    __real_cn_hdf5_lock();
    locked_since = now();
}

void __wrap_cn_hdf5_unlock(void)
{
    locked_ms += now() - locked_since;
    __real_cn_hdf5_unlock();
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void *allocate(size_t count, size_t size)
{
    void *at = calloc(count, size);
    if (!at) {
        perror("bench_sink");
        exit(1);
    }
    return at;
}

/* A mean temperature: smooth in space and time, with the noise that 30 years leave. */
static void fill(float *values, size_t cells, int slot)
{
    static uint32_t state = 1;
    for (size_t c = 0; c < cells; c++) {
        state = state * 1664525u + 1013904223u;
        values[c] = 280 + 10 * sinf((float)slot * 0.0172F) + 0.001F * (float)c +
                    (float)(state >> 8) * 0x1p-24F;
    }
}

/* Encodes all chunks as the engine does. Returns their bytes. */
static double encode(const struct cn_kernels *kernels, struct libdeflate_compressor *compressor,
                     const float *values, size_t chunk_values, size_t count, unsigned char *out,
                     struct cn_encoded *chunks, uint64_t *hashes)
{
    const size_t bytes = chunk_values * sizeof *values;
    const size_t bound = libdeflate_zlib_compress_bound(compressor, bytes);
    unsigned char *shuffled = out + count * bound;
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        kernels->shuffle_f32(shuffled, values + k * chunk_values, chunk_values, 1e20F);
        size_t size = libdeflate_zlib_compress(compressor, shuffled, bytes, out + k * bound, bound);
        chunks[k] = (struct cn_encoded){out + k * bound, size};
        hashes[k] = cn_content_hash(chunks[k].bytes, size);
        sum += (double)size;
    }
    return sum;
}

static void write_file(struct sample *s, const struct cn_encoded *chunks, const uint64_t *hashes)
{
    char temporary[4096];
    struct cn_error error = {0};
    struct cn_output_file *file = cn_output_new(&s->file, &s->skeleton);
    if (!file)
        exit(1);
    enum cn_put_outcome outcome;
    const struct cn_put put = {.years_used = s->years_used,
                               .chunk_count = s->cells.chunk_count,
                               .chunks = chunks,
                               .hashes = hashes};
    if (cn_output_put(file, &put, &outcome, &error) ||
        cn_output_finish(file, temporary, sizeof temporary, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    cn_output_free(file);
    unlink(temporary);
}

static void bench(const char *name, const char *root, size_t lats, size_t lons)
{
    const struct cn_kernels *kernels;
    struct cn_error error = {0};
    struct sample *s = sample_new(root, 1);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
    if (!s || !compressor || cn_kernels_select(&kernels, &error))
        exit(1);
    s->cells.row_count = lats;
    s->cells.column_count = lons;
    s->config.output.counts = false;
    s->file.slots = SLOTS;
    s->file.path = "normal.nc";
    struct cn_layout layout = {.regions = &s->cells, .region_count = 1};
    if (!cn_layout_compute(&layout, SLOTS))
        exit(1);
    const size_t cells = lats * lons, count = s->cells.chunk_count;
    const size_t chunk_values = s->cells.chunk_slots * cells;
    const size_t bound = libdeflate_zlib_compress_bound(compressor, 4 * chunk_values);
    unsigned char *out = allocate(count + 1, bound);
    float *values = allocate(count * chunk_values, sizeof *values);
    struct cn_encoded *chunks = allocate(count, sizeof *chunks);
    uint64_t *hashes = allocate(count, sizeof *hashes);
    s->cells.lat = allocate(lats, sizeof(double));
    s->cells.lon = allocate(lons, sizeof(double));
    s->cells.lat_bounds = allocate(lats, 2 * sizeof(double));
    s->cells.lon_bounds = allocate(lons, 2 * sizeof(double));
    for (int k = 0; k < SLOTS; k++)
        fill(values + (size_t)k * cells, cells, k);
    double encode_ms = 0, write_ms = 0, bytes = 0, least_locked_ms = HUGE_VAL;
    for (int i = 0; i <= FILES; i++) {
        if (i <= 1) /* the first also makes the skeleton */
            encode_ms = write_ms = bytes = 0;
        double start = now();
        bytes += encode(kernels, compressor, values, chunk_values, count, out, chunks, hashes);
        encode_ms += now() - start;
        start = now();
        locked_ms = 0;
        write_file(s, chunks, hashes);
        write_ms += now() - start;
        least_locked_ms = fmin(least_locked_ms, locked_ms);
    }
    printf("%-6s %5.1f MB: HDF5 lock %.2f ms, encode %.1f ms, write %.1f ms; both %.3f x encode\n",
           name, bytes / (double)FILES * 1e-6, least_locked_ms, encode_ms / (double)FILES,
           write_ms / (double)FILES, (encode_ms + write_ms) / encode_ms);
    free((void *)s->cells.lat);
    free((void *)s->cells.lon);
    free((void *)s->cells.lat_bounds);
    free((void *)s->cells.lon_bounds);
    sample_free(s);
    free(out);
    free(values);
    free(chunks);
    free(hashes);
    libdeflate_free_compressor(compressor);
}

int main(void)
{
    char root[] = "bench_sink_XXXXXX";
    if (!mkdtemp(root)) {
        perror("bench_sink");
        return 1;
    }
    bench("CONUS", root, 104, 240);
    bench("GU", root, 30, 6);
    return rmdir(root) != 0;
}
