/*
 * Writing: normals are encoded in place and put into their output files. The last normal of a file
 * completes it.
 */
#ifndef CLIMNORM_ENGINE_OUTPUT_H
#define CLIMNORM_ENGINE_OUTPUT_H

#include "engine/normal_task.h"

/* Lists the normals to write and their files.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the caller calls cn_outputs_free,
 * also after a failure. */
enum cn_status cn_outputs_prepare(struct cn_engine *engine, struct cn_error *error);

/* Encodes share `share` of a normal's chunks, in place. The task that encodes the last share also
 * puts the normal. A normal that comes before others of its file waits for them: its bytes must
 * stay until the tasks of all earlier batches have ended. */
void cn_output_encode(struct cn_engine *engine, size_t normal_task, size_t share);

void cn_outputs_free(struct cn_engine *engine);

#endif
