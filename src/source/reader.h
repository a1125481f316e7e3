/*
 * One file's share of a load, as all of src/source sees it: which instants, which cells, where each
 * day goes, and the backend that reads it. A backend is a way of reading: struct cn_backend lists
 * its functions, each backend is one file, and backend.c chooses one.
 */
#ifndef CLIMNORM_SOURCE_READER_H
#define CLIMNORM_SOURCE_READER_H

#include "climnorm/catalog.h"
#include "climnorm/grid.h"
#include "codec/scratch.h"
#include "grid/layout.h"
#include "kernels.h"
#include "source/tally.h"

/* Where a chunk is stored. */
struct cn_chunk_location {
    uint64_t address, size; /* address CN_UNWRITTEN: it holds fill values only */
    uint32_t filter_mask;   /* bit k: filter k was left out */
};

/* Instants of a file that follow each other. */
struct cn_instants {
    size_t first, count;
};

/* Rectangles of one size over a box of a file's time, lat and lon. Those at its edges stick out. */
struct cn_unit_grid {
    size_t first[3], last[3]; /* the box */
    size_t extent[3];         /* of a full unit */
    size_t begin[3];          /* where the first unit begins */
    size_t count[3];          /* units */
};

struct cn_file_index;

struct cn_reader {
    const struct cn_backend *backend;
    const struct cn_file *file;
    struct cn_file_index *index; /* of the file */
    const struct cn_layout *layout;
    const struct cn_kernels *kernels;
    size_t first, count; /* instants first … first + count - 1 of the file */
    float **rows; /* [count]: the slab row of each instant, NULL: not needed; set before opening */
    struct cn_tally **tallies; /* [count]: where implausible values of each instant are counted,
                                  NULL: nowhere; NULL: they are not looked for */
    struct cn_plausibility *plausibility; /* of these */
    struct cn_box box;                    /* of the layout's cells */
    struct cn_unpacking unpacking;
    struct cn_float_missing missing;
    bool is_native_f32; /* raw values are float32 and the numbers themselves */

    /* A decode unit is what a backend decodes at once: a chunk, a rectangle of values that lie
     * together, or a block of instants. Set by plan. */
    size_t unit_count;
    size_t unit_bytes; /* of a full unit, decoded */

    struct cn_unit_grid grid;         /* of units that are rectangles */
    struct cn_chunk_location *chunks; /* [layers][unit_count] after opening; NULL: there are none */
    float fill;                       /* the slab value of what was never written */

    /* Units that are instants unit_first[u] … unit_first[u + 1] - 1: */
    size_t *unit_first; /* [unit_count + 1] */
};

struct cn_backend {
    const char *name; /* for people */

    /* Finds the units; no I/O.
     * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. Owns: cn_reader_free frees what is in
     * the reader. */
    enum cn_status (*plan)(struct cn_reader *reader, struct cn_error *error);

    /* Asks HDF5 what all readers of the file need, for reader->index. The caller holds the HDF5
     * lock. ask may be called again after a failure.
     * Returns: CN_OK. Errors: CN_BAD_INPUT: the file cannot be read; CN_BAD_MACHINE. */
    enum cn_status (*ask)(struct cn_reader *reader, struct cn_error *error);

    /* Takes from the index what decode needs. NULL: nothing.
     * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. */
    enum cn_status (*take)(struct cn_reader *reader, struct cn_error *error);

    /* Where the bytes of a unit are: `bytes` of them within *spread from *address on. NULL: not
     * known.
     * Returns: whether the unit has bytes that are needed. */
    bool (*span)(const struct cn_reader *reader, size_t unit, uint64_t *address, uint64_t *spread,
                 uint64_t *bytes);

    /* Does for `unit` and the next what decode does faster for both at once, and notes it in
     * scratch->ahead. What fails is left to decode. NULL: there is nothing to do. */
    void (*decode_ahead)(const struct cn_reader *reader, int file, size_t unit,
                         struct cn_scratch *scratch);

    /* Decodes a unit into the rows; any number of threads at once. file: an open descriptor.
     * Returns: CN_OK. Errors: CN_BAD_INPUT: the file is damaged; CN_BAD_MACHINE; CN_STOPPED:
     * scratch->stop asked for it. */
    enum cn_status (*decode)(const struct cn_reader *reader, int file, size_t unit,
                             struct cn_scratch *scratch, struct cn_error *error);
};

#endif
