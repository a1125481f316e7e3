/*
 * Writing: results are encoded and become output files.
 */
#ifndef CLIMNORM_ENGINE_OUTPUT_H
#define CLIMNORM_ENGINE_OUTPUT_H

#include "engine/engine.h"
#include "sink/output_file.h"

/* One file to make. */
struct cn_output_task {
    size_t batch, target, region; /* target: index in the plan */
    atomic_size_t encodes_left;
    size_t encode_count;
    struct cn_encoded *means, *counts; /* [slots]; counts NULL when not asked for */
};

struct cn_outputs {
    struct cn_output_task *tasks; /* [count] by batch */
    size_t count;
    size_t *first_of_batch;        /* [batch_count + 1] index in tasks; the last one is count */
    struct cn_skeleton *skeletons; /* [region_count] */
};

/* Lists the files to make.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the caller calls cn_outputs_free,
 * also after a failure. */
enum cn_status cn_outputs_prepare(struct cn_engine *engine, struct cn_error *error);

/* Encodes share `share` of a file's chunks, in place. The task that encodes the last share also
 * writes the temporary and passes it to the publisher. */
void cn_output_encode(struct cn_engine *engine, size_t output_task, size_t share);

void cn_outputs_free(struct cn_engine *engine);

#endif
