/*
 * What of the machine a job uses: resolved once, from config and machine, and then passed to all
 * who start threads or take memory.
 */
#ifndef CLIMNORM_RESOURCES_H
#define CLIMNORM_RESOURCES_H

#include "climnorm/api.h"
#include "climnorm/config.h"

#include <stdint.h>

struct cn_resources {
    int threads;             /* that compute; at least 1 */
    int threads_asked;       /* more than threads: OMP_THREAD_LIMIT allows only those */
    uint64_t machine_memory; /* bytes of the machine, or of its control groups if that is less */
    uint64_t memory_limit;   /* engine.memory in bytes: slabs, results and encoded data together */
};

/* Sets *resources. config NULL: all cores that this process may use, and all memory. */
CN_API void cn_resources_resolve(const struct cn_config *config, struct cn_resources *resources);

#endif
