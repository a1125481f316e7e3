/*
 * What a machine can do at best with the files of a plan: the limits that the engine is compared
 * with. Plain loops over libdeflate and pread, in memory that was touched before. Of the engine
 * they use only the kernel that shuffles, cn_arena_populate, and cn_inflate where it is asked for.
 */
#ifndef CLIMNORM_BENCH_BARE_H
#define CLIMNORM_BENCH_BARE_H

#include "climnorm/plan.h"
#include "codec/inflate/inflate.h"
#include "kernels.h"

/* Elapsed time and CPU time, since the start of the clocks or between two moments. The CPU time is
 * that of all threads of this process and of its children that have ended. Other programs on the
 * machine lengthen the first much and the second little. */
struct bench_time {
    double wall_s, cpu_s;
};
struct bench_time bench_now(void);
struct bench_time bench_since(struct bench_time start);

/* Where a chunk is in a file. */
struct bench_chunk {
    const char *variable; /* the plan's */
    int file;             /* descriptor */
    uint64_t address, size;
};

/* The data of all variables, as stored. */
struct bench_input {
    struct bench_chunk *chunks;
    size_t chunk_count;
    size_t chunk_bytes, largest; /* a chunk inflated; the largest stored */
    int *files;
    size_t file_count;
    uint64_t bytes; /* of all files */
};

/* Lists the chunks of the plan's variables, which must be shuffled and deflated float32, each file
 * a year and each chunk a day. Exits with a message on failure, as everything here does. */
void bench_input_open(struct bench_input *input, const struct cn_plan *plan);
void bench_input_close(struct bench_input *input);

/* Reads a chunk as stored. */
void bench_chunk_read(const struct bench_chunk *chunk, unsigned char *stored);

/* What one thread inflates with: memory that was touched before. */
struct bench_inflater {
    struct libdeflate_decompressor *decompressor;
    struct cn_inflater *inflater;
    struct cn_zlib streams[2];
};
void bench_inflater_open(struct bench_inflater *inflater, size_t capacity);
void bench_inflater_close(struct bench_inflater *inflater);

/* Inflates the first count streams by a form; by libdeflate one after the other.
 * Returns: whether all are right. */
bool bench_inflate_by(struct bench_inflater *inflater, const struct cn_inflate_form *form,
                      int count);

/* Time to pread and inflate every chunk by a form: by libdeflate one at a time, else two. */
struct bench_time bench_inflate(const struct bench_input *input, const struct cn_inflate_form *form,
                                int threads);

/* Time to read bytes from the page cache: of as many files as fit in a quarter of memory. */
struct bench_time bench_read(const struct bench_input *input, uint64_t *bytes, int threads);

/* Asks the kernel to drop the files from the page cache; it may keep some. */
void bench_forget(const struct bench_input *input);

/* Returns: the share of their pages that is in the page cache. */
double bench_kept(const struct bench_input *input);

/* Time to read every byte of files that are not in the page cache. */
struct bench_time bench_read_cold(const struct bench_input *input, int threads);

/* Values of files that were written, a day slot after the other. */
struct bench_output {
    float *values;
    size_t *cells; /* [chunk_count] of each chunk */
    size_t chunk_count, value_count, largest;
};

/* Reads back the normals of the plan. */
void bench_output_read(struct bench_output *output, const struct cn_plan *plan);
void bench_output_free(struct bench_output *output);

/* Time to shuffle and deflate every chunk. */
struct bench_time bench_deflate(const struct bench_output *output, const struct cn_kernels *kernels,
                                int level, int threads);

/* Time to copy *bytes, far more than the caches hold, each thread in memory of its own. */
struct bench_time bench_copy(uint64_t *bytes, int threads);

/* Time until the kernel has given *bytes of fresh memory. */
struct bench_time bench_touch(uint64_t *bytes, int threads);

/* Returns: the same memory, which must not be NULL. */
void *bench_checked(void *memory);

/* Returns: memory for one thread, touched. */
unsigned char *bench_touched(size_t bytes);

_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
