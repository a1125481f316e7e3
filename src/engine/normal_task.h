/*
 * What is known of normals that are encoded and put into output files, as encoding and writing see
 * it.
 */
#ifndef CLIMNORM_ENGINE_NORMAL_TASK_H
#define CLIMNORM_ENGINE_NORMAL_TASK_H

#include "engine/engine.h"
#include "sink/output_file.h"

/* What one pass makes of a normal. */
struct cn_normal_task {
    size_t batch, target, normal; /* target: index in the plan; normal: in those of the target */
    size_t encode_count;          /* tasks that encode it */
    atomic_size_t encodes_left;
    struct cn_encoded *chunks; /* [region's chunk_count in the pass][field_count] */
    uint64_t *hashes;          /* of each chunk */
};

/* One file to make. */
struct cn_output_state {
    struct cn_normals_file content;
    struct cn_output_file *file; /* NULL before its first normal is encoded, and at its end */
    bool is_stale; /* passes used different years: it must be made again. Read after the graph */
};

struct cn_outputs {
    struct cn_normal_task *tasks; /* [count] by batch */
    size_t count;
    size_t *first_of_batch;        /* [batch_count + 1] index in tasks; the last one is count */
    struct cn_output_state *files; /* [output_count] */
    pthread_mutex_t lock;          /* of files[].file, while it is begun */
    struct cn_skeleton *skeletons; /* [region_count] */
};

/* Returns: the region of a task, as far as its pass has it. */
static inline const struct cn_region_cells *cn_task_region(const struct cn_engine *engine,
                                                           const struct cn_normal_task *task)
{
    const struct cn_batch *batch = &engine->variable->batches[task->batch];
    const enum cn_time time = cn_batch_sample(engine->variable, batch)->time;
    const struct cn_layout *layout = &engine->variable->passes[batch->pass].results[time];
    return &layout->regions[task->normal % layout->region_count];
}

/* Returns: the file of a task. *position: of the target in it. */
static inline struct cn_output_state *
cn_task_output(const struct cn_engine *engine, const struct cn_normal_task *task, size_t *position)
{
    const struct cn_target *target = &engine->variable->targets[task->target];
    const struct cn_normal *normal = &target->normals[task->normal];
    *position = normal->position;
    return &engine->outputs->files[normal->output];
}

#endif
