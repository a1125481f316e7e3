/*
 * A job that is measured, as far as its plan.
 */
#ifndef CLIMNORM_BENCH_JOB_H
#define CLIMNORM_BENCH_JOB_H

#include "climnorm/plan.h"

struct bench_job {
    struct cn_config *config;
    struct cn_catalog *catalog;
    struct cn_plan *plan;
};

/* Plans a job without problems in four fifths of the machine's memory. Exits with a message on
 * failure. */
void bench_job_open(struct bench_job *job, const char *path, const struct cn_override *sets,
                    size_t count, int threads);
void bench_job_close(struct bench_job *job);

#endif
