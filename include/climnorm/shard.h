/*
 * The parts of a job, for many machines that share an output folder.
 */
#ifndef CLIMNORM_SHARD_H
#define CLIMNORM_SHARD_H

#include <stddef.h>

/* Part `number` of `count`. */
struct cn_shard {
    size_t number; /* 1 … count */
    size_t count;  /* 0: the job is not divided */
};

#endif
