/*
 * Writing: normals are encoded in place and put into their output files. The last normal of a file
 * completes it.
 */
#ifndef CLIMNORM_ENGINE_OUTPUT_H
#define CLIMNORM_ENGINE_OUTPUT_H

#include "engine/engine.h"
#include "sink/output_file.h"

/* One normal to write. */
struct cn_normal_task {
    size_t batch, target, region; /* target: index in the plan */
    size_t encode_count;          /* tasks that encode it */
    atomic_size_t encodes_left;
    struct cn_encoded *chunks; /* [region's chunk_count][field_count] */
    uint64_t *hashes;          /* of each chunk */
};

/* One file to make. */
struct cn_output_state {
    struct cn_output_file *file; /* NULL before its first normal is encoded, and at its end */
};

struct cn_outputs {
    struct cn_normal_task *tasks; /* [count] by batch */
    size_t count;
    size_t *first_of_batch;        /* [batch_count + 1] index in tasks; the last one is count */
    struct cn_output_state *files; /* [output_count] */
    pthread_mutex_t lock;          /* of files[].file, while it is begun */
    struct cn_skeleton *skeletons; /* [region_count] */
};

/* Lists the normals to write and their files.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the caller calls cn_outputs_free,
 * also after a failure. */
enum cn_status cn_outputs_prepare(struct cn_engine *engine, struct cn_error *error);

/* Encodes share `share` of a normal's chunks, in place. The task that encodes the last share also
 * puts the normal. A normal that comes before others of its file waits for them: its bytes must
 * stay until the tasks of all earlier batches have ended. */
void cn_output_encode(struct cn_engine *engine, size_t normal_task, size_t share);

void cn_outputs_free(struct cn_engine *engine);

/* Encodes a part of a source year's slab, to see how long it takes long before a normal is there.
 * The result is only counted. */
void cn_output_sample(struct cn_engine *engine, const float *slab);

#endif
