/*
 * Loading: source years into year slots. A load opens its files, decodes them in many tasks, and is
 * sealed. A file that cannot be read costs its source years, not the run.
 */
#ifndef CLIMNORM_ENGINE_LOAD_H
#define CLIMNORM_ENGINE_LOAD_H

#include "engine/engine.h"
#include "engine/readahead.h"
#include "source/file_reader.h"

/* What HDF5 knows of the files, asked once for all loads. */
struct cn_load_indexes {
    struct cn_index_budget budget;
    struct cn_file_index **items; /* [catalog->file_count] NULL: no load reads the file */
};

/* What becomes known of one load of the plan. */
struct cn_load_state {
    struct cn_reader *readers; /* [reader_count] one per file */
    size_t reader_count;
    struct cn_decode *decodes; /* [decode_count] */
    size_t decode_count;
    size_t *slots; /* [slot_count] year slots, one per year: the dependences */
    size_t slot_count;
    const float **rows; /* [slot_count][the pass's day slots] where each day of a year is decoded;
                           NULL: no file holds it. Set by open */
    bool first_use;     /* some slot holds its first year; set by open */
};

/* Plans the readers and decodes of all loads. No I/O.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the caller calls cn_loads_free, also
 * after a failure. */
enum cn_status cn_loads_prepare(struct cn_engine *engine, struct cn_error *error);

/* Opens the files of a load. Takes the HDF5 lock. A failure drops the file's source years. */
void cn_load_open(struct cn_engine *engine, size_t load);

/* Decodes stretch `index` of an open load into the slabs. */
void cn_load_decode(struct cn_engine *engine, size_t load, size_t index);

/* Closes the files after all decodes, checks that they did not change, and completes the slabs. */
void cn_load_seal(struct cn_engine *engine, size_t load);

void cn_loads_free(struct cn_engine *engine);

#endif
