/*
 * What HDF5 alone knows of a file: where the chunks of its variable are, and its fill value. HDF5
 * is asked once, for all readers of the file together: they may be many, each of some days and some
 * rows. The cells that any of them needs are the whole variable's.
 *
 * Where many files have very many chunks, their locations do not all stay in memory. HDF5 is then
 * asked again.
 */
#ifndef CLIMNORM_SOURCE_FILE_INDEX_H
#define CLIMNORM_SOURCE_FILE_INDEX_H

#include "source/reader.h"

#include <stdatomic.h>

enum { CN_INDEX_LOCATION_BYTES = 64 << 20, CN_INDEX_MARK_BYTES = 16 << 20 };

/* What the indexes of a variable may still take together, of the bytes above. */
struct cn_index_budget {
    uint64_t location_bytes, mark_bytes;
};

struct cn_file_index {
    const struct cn_file *file;
    const struct cn_layout *layout; /* of the whole variable */
    struct cn_index_budget *budget;
    size_t readers_left; /* planned, but not opened yet */
    bool is_known;       /* HDF5 was asked */
    float fill;          /* the slab value of what was never written */

    /* Of CN_CHUNKED storage: */
    struct cn_unit_grid grid; /* of the chunks in the instants that readers need */
    size_t chunk_count;       /* of the grid and all layers; SIZE_MAX: more than can be counted */
    size_t layer_chunks;      /* of the grid: of slices in chunks of their own, one layer */
    struct cn_chunk_location *chunks; /* [chunk_count] size 0: it cannot be there. NULL: none */
    bool is_kept;                     /* they stay for other readers */
    atomic_uint_fast64_t *marks;      /* [chunk_count / 64 + 1] bit: decoded; NULL: not counted */
};

/* Sets up an index of which nothing is known. All readers of the file must be planned before the
 * first is opened; one thread at a time plans and opens them.
 * Owns: the caller, who calls cn_file_index_free. */
void cn_file_index_init(struct cn_file_index *index, const struct cn_file *file,
                        const struct cn_layout *layout, struct cn_index_budget *budget);

/* A reader will need `count` instants from `first` on. */
void cn_file_index_add_reader(struct cn_file_index *index, size_t first, size_t count);

/* Lays the grid, before HDF5 is asked.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. */
enum cn_status cn_file_index_prepare(struct cn_file_index *index, struct cn_error *error);

/* A reader has opened or failed: forgets the locations if no other will need them, or if there is
 * no room for them. */
void cn_file_index_release(struct cn_file_index *index);

/* Returns: the number of a layer of a reader's unit in index->chunks. */
size_t cn_file_index_chunk(const struct cn_reader *reader, size_t unit, size_t layer);

/* Counts, in scratch, that a chunk of index->chunks was decoded. Any number of threads at once. */
void cn_file_index_count(struct cn_file_index *index, size_t chunk, struct cn_scratch *scratch);

/* Counts all chunks that hold instants first … end - 1 of the reader's box. */
void cn_file_index_count_box(const struct cn_reader *reader, size_t first, size_t end,
                             struct cn_scratch *scratch);

void cn_file_index_free(struct cn_file_index *index);

#endif
