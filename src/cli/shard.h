/*
 * Which part of the job --shard asks for.
 */
#ifndef CLIMNORM_CLI_SHARD_H
#define CLIMNORM_CLI_SHARD_H

#include "climnorm/error.h"
#include "climnorm/shard.h"

/* Reads "K/N"; or "auto": then K and N are those of the task that Slurm has started, as its
 * variables in the environment say. In a job array, the K-th of N tasks; in a job step of several
 * processes, the K-th of these; in both, each array task's share is divided among its processes.
 * Errors: CN_BAD_USAGE: the text is neither, or Slurm has started no such task. */
enum cn_status cn_shard_parse(const char *text, struct cn_shard *shard, struct cn_error *error);

#endif
