/*
 * The results of a job in memory: what the plan says of them, and their arrays.
 */
#ifndef CLIMNORM_JOB_RESULTS_H
#define CLIMNORM_JOB_RESULTS_H

#include "climnorm/job.h"

/* Returns: the config as a job in memory has it: all target years of a product, region, period and
 * scenario are one output, whatever its layout and pattern say. Owns: what it points to is of
 * *config. */
struct cn_config cn_results_config(const struct cn_config *config);

/* Sets job->values, and which output is which, of a plan with targets. Counts the bytes of their
 * arrays in plan->values_bytes, and takes them from *left.
 * Errors: CN_BAD_USAGE: they do not fit into engine.memory. CN_BAD_MACHINE: out of memory. Owns:
 * the plan's pool. */
enum cn_status cn_results_plan(struct cn_job *job, struct cn_resources *left,
                               struct cn_error *error);

/* Allocates the arrays; memory is taken as they are filled.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the job, with cn_results_free. */
enum cn_status cn_results_allocate(struct cn_job *job, struct cn_error *error);

/* Frees the arrays; is_run: only those of outputs that a run could not make. */
void cn_results_free(struct cn_job *job, bool is_run);

#endif
