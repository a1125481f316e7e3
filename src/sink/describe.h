/*
 * What an output file holds, from what it is made of. Pure but for the date in `history`.
 */
#ifndef CLIMNORM_SINK_DESCRIBE_H
#define CLIMNORM_SINK_DESCRIBE_H

#include "climnorm/error.h"
#include "sink/metadata.h"
#include "sink/normals_file.h"

/* Fills *metadata: all but the content digest.
 * Errors: CN_BAD_INPUT: no year of the windows was used. CN_BAD_MACHINE: out of memory.
 * Owns: the lists live in the pool. */
enum cn_status cn_describe_file(struct cn_pool *pool, const struct cn_normals_file *file,
                                struct cn_metadata *metadata, struct cn_error *error);

#endif
