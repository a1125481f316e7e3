#include "job.h"

#include "bare.h"

void bench_job_open(struct bench_job *job, const char *path, const struct cn_override *sets,
                    size_t count, int threads)
{
    struct cn_problems problems = {0};
    struct cn_error error = {0};
    if (cn_config_read(path, sets, count, &job->config, &problems))
        bench_fail("%s", problems.count ? problems.items[0].text : "out of memory");
    struct cn_resources resources;
    cn_resources_resolve(job->config, &resources);
    resources.threads = threads;
    resources.memory_limit = resources.machine_memory / 5 * 4;
    if (cn_catalog_read(job->config, &resources, NULL, &job->catalog, &error) ||
        cn_plan_targets(job->config, job->catalog, &job->plan, &error) ||
        cn_plan_schedule(job->plan, &resources, &error))
        bench_fail("%s", error.text);
    for (size_t v = 0; v < job->plan->variable_count; v++)
        if (job->plan->variables[v].failure ||
            cn_problems_count(&job->plan->variables[v].problems, CN_PROBLEM))
            bench_fail("%s: expected a job without problems; climnorm plan shows them", path);
}

void bench_job_close(struct bench_job *job)
{
    cn_plan_free(job->plan);
    cn_catalog_free(job->catalog);
    cn_config_free(job->config);
}
