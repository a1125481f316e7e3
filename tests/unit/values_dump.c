/*
 * Runs the job of a config in memory, for test_values.py:
 *
 *     values_dump CONFIG FOLDER [stop] [KEY=VALUE …]
 *
 * Writes the arrays and images of output N to FOLDER/N.values, N.counts and N.image, and prints
 * what is known of it as a line of JSON. Before these it prints the plan's bytes of results, behind
 * them the result. "stop": another thread stops the run when its first variable is done.
 */
#include "climnorm/job.h"
#include "guard/crash.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct stopper {
    struct cn_job *job;
    atomic_int stop;
    bool stops;
    size_t calls;
};

static void note_report(void *context, const char *lines)
{
    struct stopper *stopper = context;
    stopper->calls += strstr(lines, "\"variables\"") != NULL;
}

/* Stops the run when the first variable is done. */
static void *stop_it(void *context)
{
    struct stopper *stopper = context;
    while (atomic_load(&stopper->job->counters[0].state) != CN_DONE)
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    atomic_store(&stopper->stop, 1);
    return NULL;
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    if (!file || !text || fread(text, 1, (1 << 20) - 1, file) == 0)
        exit(99);
    fclose(file);
    return text;
}

static void write_bytes(const char *folder, size_t number, const char *what, const void *bytes,
                        size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%zu.%s", folder, number, what);
    FILE *file = bytes ? fopen(path, "wb") : NULL;
    if (bytes && (!file || fwrite(bytes, 1, size, file) != size || fclose(file)))
        exit(99);
}

static void print_values(const struct cn_values *values, const char *folder, size_t number)
{
    json_t *years = json_array(), *shape = json_array();
    size_t count = 1;
    for (size_t t = 0; t < values->target_count; t++)
        json_array_append_new(years, json_integer(values->target_years[t]));
    for (int d = 0; d < values->rank; d++) {
        json_array_append_new(shape, json_integer((json_int_t)values->shape[d]));
        count *= values->shape[d];
    }
    json_t *object =
        json_pack("{ss ss ss ss ss ss ss? so so si sb ss? ss?}", "variable", values->variable,
                  "model", values->model, "product", values->product, "region", values->region,
                  "period", values->period, "scenario", values->scenario, "units", values->units,
                  "years", years, "shape", shape, "count_size", (int)values->count_size, "made",
                  values->values != NULL, "name", values->name, "count_name", values->count_name);
    char *text = json_dumps(object, JSON_COMPACT);
    puts(text ? text : "");
    free(text);
    json_decref(object);
    write_bytes(folder, number, "values", values->values, count * sizeof *values->values);
    write_bytes(folder, number, "counts", values->counts, count * values->count_size);
    write_bytes(folder, number, "image", values->image, values->image_size);
}

/* Runs the job and prints what came of it. */
static enum cn_status run(struct cn_job *job, const char *folder, struct stopper *stopper)
{
    struct cn_progress *progress;
    struct cn_error error;
    struct cn_result result;
    printf("%llu\n", (unsigned long long)job->plan->values_bytes);
    if (cn_progress_start(CN_PROGRESS_NONE, -1, &progress, &error))
        exit(99);
    cn_progress_report(progress, 0.1, note_report, stopper);
    pthread_t thread;
    stopper->job = job;
    if (stopper->stops && pthread_create(&thread, NULL, stop_it, stopper))
        exit(99);
    cn_job_run(job, &(struct cn_watch){progress, &stopper->stop}, &result);
    if (stopper->stops)
        pthread_join(thread, NULL);
    cn_progress_stop(progress, 10);
    for (size_t i = 0; i < job->value_count; i++)
        print_values(&job->values[i], folder, i);
    char *text = cn_result_json(&result, (int)result.status);
    json_t *object = text ? json_loads(text, 0, NULL) : NULL;
    json_object_set_new(object, "reports", json_integer((json_int_t)stopper->calls));
    free(text);
    text = json_dumps(object, JSON_COMPACT);
    puts(text ? text : "");
    free(text);
    json_decref(object);
    const enum cn_status status = result.status;
    cn_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    cn_crash_watch(98); /* where a library crashes for want of memory */
    struct cn_override overrides[16] = {0};
    size_t count = 0;
    struct stopper stopper = {0};
    for (int i = 3; i < argc && count < 16; i++)
        if (strcmp(argv[i], "stop") == 0)
            stopper.stops = true;
        else
            overrides[count++].text = argv[i];
    struct cn_problems problems = {0};
    struct cn_config *config;
    struct cn_job *job = NULL;
    struct cn_error error;
    char *text = read_text(argv[1]);
    enum cn_status status =
        cn_config_read_text("the job", text, overrides, count, &config, &problems);
    free(text);
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.items[i].text);
    cn_problems_free(&problems);
    const struct cn_job_options options = {.is_run = true, .in_memory = true};
    if (!status)
        status = cn_job_prepare(config, &options, &job, &error);
    if (!status)
        status = run(job, argv[2], &stopper);
    else if (job)
        fprintf(stderr, "%s\n", error.text);
    cn_job_free(job);
    cn_config_free(config);
    cn_crash_allow_exit();
    return (int)status;
}
