/*
 * Makes normals of months in memory, and prints the mean of each region, target year and month:
 *
 *     cc normals.c -o normals $(pkg-config --cflags --libs climnorm)
 *     ./normals FOLDER [KEY=VALUE …]
 *
 * docs/api.md explains it.
 */
#include <climnorm/job.h>

#include <math.h>
#include <stdio.h>

enum { MOST_OVERRIDES = 32 };

static const char config_text[] = "products = ( { name = \"monthly\"; time = \"month\"; } );";

/* The thread of the display calls it. */
static void show_progress(void *context, const char *lines)
{
    (void)context;
    fputs(lines, stderr);
}

static void print_problems(const struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        fprintf(stderr, "%s%s\n", problems->items[i].severity == CN_WARNING ? "warning: " : "",
                problems->items[i].text);
}

/* The mean of all cells that have a value, each with the same weight. */
static double mean_of(const float *values, size_t count)
{
    double sum = 0;
    size_t found = 0;
    for (size_t c = 0; c < count; c++)
        if (!isnan(values[c])) {
            sum += values[c];
            found++;
        }
    return sum / (double)found;
}

static void print_values(const struct cn_values *values)
{
    const size_t months = values->shape[1];
    size_t cells = 1;
    for (int d = 2; d < values->rank; d++)
        cells *= values->shape[d];
    for (size_t t = 0; t < values->target_count; t++) {
        printf("%s %s %s %d:", values->variable, values->scenario, values->region,
               values->target_years[t]);
        for (size_t m = 0; m < months; m++)
            printf(" %.9g", mean_of(values->values + (t * months + m) * cells, cells));
        printf(" %s\n", values->units ? values->units : "");
    }
}

/* Runs a prepared job and prints what it has made. */
static enum cn_status run(struct cn_job *job)
{
    struct cn_progress *progress = NULL;
    struct cn_error error;
    struct cn_result result;
    if (cn_progress_start(CN_PROGRESS_NONE, -1, &progress, &error)) /* a run can do without */
        fprintf(stderr, "%s\n", error.text);
    cn_progress_report(progress, 1, show_progress, NULL);
    cn_job_run(job, &(struct cn_watch){.progress = progress}, &result);
    cn_progress_stop(progress, 1);
    print_problems(&result.problems);
    for (size_t v = 0; v < result.count; v++)
        print_problems(&result.variables[v].problems);
    for (size_t i = 0; i < job->value_count; i++)
        print_values(&job->values[i]);
    const enum cn_status status = result.status;
    cn_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    struct cn_problems problems = {0};
    struct cn_override overrides[MOST_OVERRIDES] = {0};
    struct cn_config *config;
    struct cn_job *job = NULL;
    struct cn_error error;
    char root[4096];
    snprintf(root, sizeof root, "input.root=%s", argc > 1 ? argv[1] : ".");
    size_t count = 0;
    overrides[count++].text = root;
    for (int i = 2; i < argc && count < MOST_OVERRIDES; i++)
        overrides[count++].text = argv[i];
    enum cn_status status =
        cn_config_read_text("normals.c", config_text, overrides, count, &config, &problems);
    print_problems(&problems);
    cn_problems_free(&problems);
    if (status)
        return 1;
    const struct cn_job_options options = {.is_run = true, .in_memory = true};
    status = cn_job_prepare(config, &options, &job, &error);
    if (status)
        fprintf(stderr, "%s\n", error.text);
    else
        status = run(job);
    cn_job_free(job);
    cn_config_free(config);
    return status != CN_OK;
}
