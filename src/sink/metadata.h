/*
 * What an output file holds, as lists of its dimensions and variables with their attributes and
 * values. All that writes, checks or compares a file goes through these lists.
 */
#ifndef CLIMNORM_SINK_METADATA_H
#define CLIMNORM_SINK_METADATA_H

#include "sink/attribute_list.h"

enum { CN_MAX_FILE_DIMS = 32, CN_MAX_FILE_VARIABLES = 48, CN_MAX_FILE_RANK = 4 };

struct cn_file_dim {
    const char *name;
    size_t length;
    bool is_unlimited; /* a record dimension: CDO and NCO go along it */
};

/* A variable of an output file; or, with rank 0 and type 0, the file itself. */
struct cn_file_variable {
    const char *name; /* "/": the file itself */
    int type;         /* nc_type */
    int rank;
    int dims[CN_MAX_FILE_RANK]; /* [rank] indices in metadata->dims */
    struct cn_attributes attributes;
    size_t chunk[CN_MAX_FILE_RANK]; /* [rank] of a field */
    const void *shared_values;      /* of its type; they belong to the skeleton; NULL: none */
    const void *own_values;         /* of its type, of this file alone; NULL: none */
    bool is_field;                  /* its chunks are put, in the order of target, day slot */
    int slot_dim; /* of a field: its dimension of day slots; 1 behind that of targets */
};

struct cn_metadata {
    struct cn_pool *pool;
    struct cn_file_dim dims[CN_MAX_FILE_DIMS]; /* [dim_count] */
    size_t dim_count;
    struct cn_file_variable
        variables[CN_MAX_FILE_VARIABLES]; /* [count]; the file itself is first */
    size_t count;
    size_t field_count;
};

/* Adds a dimension.
 * Returns: its index. */
int cn_metadata_add_dim(struct cn_metadata *metadata, struct cn_file_dim dim);

/* Returns: whether the variable is stored in chunks, of the shape chunk[rank]. Then they are
 * deflated. One chunk holds all of a variable that is no field. */
bool cn_metadata_chunk(const struct cn_metadata *metadata, const struct cn_file_variable *variable,
                       size_t *chunk);

/* Returns: whether a variable has this name, or a dimension that is none of dims[rank]. */
bool cn_metadata_has(const struct cn_metadata *metadata, const char *name, int rank,
                     const int *dims);

/* Adds a variable without attributes. dims: [rank].
 * Returns: the variable, for the caller to complete. */
struct cn_file_variable *cn_metadata_add(struct cn_metadata *metadata, const char *name, int type,
                                         int rank, const int *dims);

#endif
