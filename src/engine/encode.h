/*
 * Encoding: the chunks of a normal, over the values that they hold, so encoded data need no memory
 * of their own. Of a chunk that is not whole with a pass, the values are kept in the output file
 * until a later pass has the rest.
 */
#ifndef CLIMNORM_ENGINE_ENCODE_H
#define CLIMNORM_ENGINE_ENCODE_H

#include "engine/normal_task.h"

/* Encodes chunks first … end - 1 of those that the task's pass touches, into task->chunks and
 * task->hashes.
 * Errors: CN_BAD_MACHINE: out of memory, or what is kept cannot be written or read. */
enum cn_status cn_encode_chunks(struct cn_engine *engine, struct cn_normal_task *task, size_t first,
                                size_t end, struct cn_error *error);

/* Encodes a part of a source year's slab, to see how long it takes long before a normal is there.
 * The result is only counted. */
void cn_encode_sample(struct cn_engine *engine, const float *slab);

#endif
