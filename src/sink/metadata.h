/*
 * What an output file holds, as one list of its variables with their attributes and values. All
 * that writes, checks or compares a file goes through this list. Pure but for the date in
 * `history`.
 */
#ifndef CLIMNORM_SINK_METADATA_H
#define CLIMNORM_SINK_METADATA_H

#include "sink/chunks.h"
#include "sink/normal_file.h"

/* The dimensions of every output file, in the order of their definition. */
enum { CN_DIM_DAYOFYEAR, CN_DIM_LAT, CN_DIM_LON, CN_DIM_BNDS, CN_DIMS };
extern const char *const cn_dim_names[CN_DIMS];

struct cn_attributes {
    struct cn_attribute *items; /* [count] in the order of writing */
    size_t count, capacity;
    /* The first `shared` are mostly those of the region's other files, too, and belong to the
     * skeleton. The rest are texts and single ints. */
    size_t shared;
    struct cn_pool *pool;
    bool failed; /* out of memory */
};

/* A variable of an output file; or, with rank 0, the file itself. */
struct cn_file_variable {
    const char *name; /* "/": the file itself */
    int type;         /* nc_type */
    int rank;         /* 3: a field, which is encoded and has one chunk for each day slot */
    int dims[3];      /* [rank] of CN_DIM_… */
    struct cn_attributes attributes;
    const void *shared_values;       /* belong to the skeleton; NULL: none */
    const double *own_values;        /* of this target year; NULL: none */
    const struct cn_encoded *chunks; /* [slots] of a field; NULL: not known */
};

enum { CN_FILE_VARIABLES = 10 }; /* at most, with the file itself */

struct cn_metadata {
    size_t dim_lengths[CN_DIMS];
    struct cn_file_variable variables[CN_FILE_VARIABLES]; /* [count]; the file itself comes first */
    size_t count;
};

/* Fills *metadata. means, counts: [slots], or NULL.
 * Errors: CN_BAD_INPUT: no year of the window was used. CN_BAD_MACHINE: out of memory.
 * Owns: the lists live in the pool. The chunks stay the caller's. */
enum cn_status cn_metadata_build(struct cn_pool *pool, const struct cn_normal_file *file,
                                 const struct cn_encoded *means, const struct cn_encoded *counts,
                                 struct cn_metadata *metadata, struct cn_error *error);

#endif
