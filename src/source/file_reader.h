/*
 * From a file to slabs. A cn_reader is one file's share of a load: a stretch of its time axis and
 * where each day goes. It is opened once, decoded in units that are independent of each other, in
 * parallel, and closed. Two ways of reading stand behind it: the parallel decoder, which takes
 * bytes from the file itself, and the netCDF-C reader for the storages that it does not know.
 */
#ifndef CLIMNORM_SOURCE_FILE_READER_H
#define CLIMNORM_SOURCE_FILE_READER_H

#include "climnorm/catalog.h"
#include "climnorm/grid.h"
#include "kernels.h"

/* Where a chunk lies in the file. */
struct cn_chunk_location {
    uint64_t address, size; /* address CN_UNWRITTEN: all fill value */
    uint32_t filter_mask;   /* bit k: filter k was skipped */
};

/* Bytes of a file that were read before a decode asked for them. */
struct cn_prefetched {
    uint64_t address, size;
    const unsigned char *bytes;
};

/* Scratch of one thread; grows on demand and is kept. */
struct cn_scratch {
    unsigned char *bytes[3];
    size_t room[3];
    struct libdeflate_decompressor *decompressor;
    struct libdeflate_compressor *compressor;
    struct ZSTD_DCtx_s *zstd;
    uint64_t bytes_read;                    /* from input files, by this thread */
    const struct cn_prefetched *prefetched; /* of the units that are decoded now; NULL: none */
};
void cn_scratch_free(struct cn_scratch *scratch);
/* Gives the buffers back; they grow again on demand. */
void cn_scratch_empty(struct cn_scratch *scratch);
/* At least `bytes` bytes of buffer `which`; NULL: out of memory. */
unsigned char *cn_scratch_get(struct cn_scratch *scratch, int which, size_t bytes);

struct cn_reader {
    const struct cn_file *file;
    const struct cn_layout *layout;
    const struct cn_kernels *kernels;
    size_t first, count; /* instants first … first + count - 1 of the file */
    float **rows; /* [count]: the slab row of each instant, NULL: not needed; set before opening */
    size_t unit_count; /* known before opening */
    struct cn_box {    /* hull of the regions' cells: rows and columns of the file */
        size_t first_lat, last_lat, first_lon, last_lon;
    } box;

    struct cn_unpacking unpacking;
    struct cn_float_missing missing;
    bool is_native_f32; /* raw values are float32 and the numbers themselves */

    /* The parallel decoder: unit u is tile u of those that cover the box in the stretch: chunks, or
     * pieces of a file that has none. Along time, lat, lon: */
    bool parallel;
    size_t tile[3], tile_first[3], tile_count[3]; /* extent; the first tile's begin; tiles */
    size_t unit_bytes;                            /* of a whole tile, decoded */
    struct cn_chunk_location *places;             /* [unit_count], of chunks */
    float fill;                                   /* the slab value where nothing was written */

    /* The netCDF-C reader: unit u is the instants unit_first[u] … unit_first[u + 1] - 1. */
    size_t *unit_first; /* [unit_count + 1] */
};

/* Plans the read: units and how they lie, and rows, all NULL. No I/O. */
enum cn_status cn_reader_plan(struct cn_reader *read, const struct cn_file *file,
                              const struct cn_layout *layout, const struct cn_kernels *kernels,
                              size_t first, size_t count, struct cn_error *error);

/* Checks that the file is the one that the catalog saw, and finds its chunks. Takes the HDF5 lock.
 * CN_BAD_INPUT: its source years are lost. */
enum cn_status cn_reader_open(struct cn_reader *read, struct cn_error *error);

/* Whether the open descriptor is of the file that the catalog saw. */
bool cn_reader_is_unchanged(const struct cn_reader *read, int file);

/* About the bytes of scratch that it takes to decode any of these units. */
uint64_t cn_reader_scratch_bytes(const struct cn_reader *read, size_t first, size_t count);

/* Decodes `count` units from `first` on into the rows. Any number of threads at once, each with its
 * own scratch. */
enum cn_status cn_reader_decode(struct cn_reader *read, size_t first, size_t count,
                                struct cn_scratch *scratch, struct cn_error *error);

/* Where the bytes of `count` units from `first` on lie in the opened file, with what lies between
 * them. False: nowhere, it is not known, or they are less than half of what lies there. */
bool cn_reader_span(const struct cn_reader *read, size_t first, size_t count, uint64_t *address,
                    uint64_t *size);

/* Checks that the file did not change meanwhile. */
enum cn_status cn_reader_close(const struct cn_reader *read, struct cn_error *error);
void cn_reader_free(struct cn_reader *read);

#endif
