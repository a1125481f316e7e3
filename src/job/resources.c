/*
 * Resolves engine.threads and engine.memory. No other file decides how many threads there are.
 */
#include "climnorm/resources.h"

#include "base/machine.h"
#include "base/threads.h"

void cn_resources_resolve(const struct cn_config *config, struct cn_resources *resources)
{
    const int asked = config ? config->engine.threads : 0;
    const uint64_t machine = cn_machine_memory();
    *resources = (struct cn_resources){.threads_asked = asked ? asked : cn_threads_available(),
                                       .machine_memory = machine,
                                       .memory_limit = machine};
    resources->threads = cn_threads_granted(resources->threads_asked);
    if (config)
        resources->memory_limit = config->engine.memory_share > 0
                                      ? (uint64_t)(config->engine.memory_share * (double)machine)
                                      : config->engine.memory_bytes;
}
