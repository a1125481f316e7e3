/*
 * Plans and runs the job of a config with libclimnorm:
 *
 *     cc normals.c -o normals $(pkg-config --cflags --libs climnorm)
 *     ./normals job.cfg
 */
#include <climnorm/job.h>

#include <stdio.h>

static void print_problems(const struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        fprintf(stderr, "%s%s\n", problems->items[i].severity == CN_WARNING ? "warning: " : "",
                problems->items[i].text);
}

static void print_plan(const struct cn_plan *plan)
{
    for (size_t v = 0; v < plan->variable_count; v++)
        printf("%s: %zu source years, %zu normals to make, %zu there already\n",
               plan->variables[v].variable->name, plan->variables[v].variable->year_count,
               plan->variables[v].normals_wanted, plan->variables[v].normals_skipped);
}

int main(int argc, char **argv)
{
    struct cn_problems problems = {0};
    struct cn_config *config = NULL;
    const char *path = argc > 1 ? argv[1] : "job.cfg";
    enum cn_status status = cn_config_read(path, NULL, 0, &config, &problems);
    print_problems(&problems);
    cn_problems_free(&problems);
    if (status)
        return 1;
    struct cn_job_options options = {.is_run = true};
    struct cn_error error;
    struct cn_job *job;
    status = cn_job_prepare(config, &options, &job, &error);
    if (status) {
        fprintf(stderr, "%s\n", error.text);
    } else {
        struct cn_result result;
        print_plan(job->plan);
        cn_job_run(job, NULL, &result);
        print_problems(&result.problems);
        for (size_t v = 0; v < result.count; v++) {
            print_problems(&result.variables[v].problems);
            printf("%s: %llu normals written in %.1f s\n", result.variables[v].name,
                   (unsigned long long)result.variables[v].normals_written,
                   result.variables[v].wall_s);
        }
        status = result.status;
        cn_result_free(&result);
    }
    cn_job_free(job);
    cn_config_free(config);
    return status != CN_OK;
}
