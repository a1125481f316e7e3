/*
 * Measures stages of a job once, one after the other, and prints a JSON object: wall and processor
 * seconds and bytes of each, and what the plan says of the job. climnorm-bench runs it in
 * turns with others, repeats it, and compares; this program does none of that.
 *
 *     bench_stages CONFIG [--threads N] [--set KEY=VALUE]... STAGE...
 *     bench_stages --about                    compiler, flags and kernels of this build
 *
 * Limits (bare.h): copy, touch, read (page cache), disk (cold), inflate (by libdeflate),
 * inflate_form (by the form that was chosen, two chunks at a time), deflate (of the normals that
 * are in the output folder). The engine's loads alone: load (into fresh memory), reload (into
 * touched memory), cold (the same from the disk). forget: the input leaves the page cache; kept:
 * the share of it that is there.
 */
#include "bare.h"
#include "base/machine.h"
#include "base/threads.h"
#include "codec/inflate/choose.h"
#include "engine/variable.h"
#include "job.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SETS = 64 };

/* A job, and what its stages share. */
struct bench {
    struct bench_job job;
    const struct cn_plan *plan; /* of the job */
    const struct cn_kernels *kernels;
    const struct cn_inflate_form *form;
    struct cn_arena arena; /* bytes 0: not open */
    struct bench_input input;
    int threads;
};

/* As a run does. */
static void choose_loops(struct bench *bench)
{
    struct cn_error error;
    if (cn_kernels_select(&bench->kernels, &error) || cn_inflate_select(&bench->form, &error))
        bench_fail("%s", error.text);
}

static void finish(struct bench *bench)
{
    if (bench->arena.bytes)
        cn_arena_close(&bench->arena);
    bench_input_close(&bench->input);
    bench_job_close(&bench->job);
}

static void open_arena(struct bench *bench)
{
    struct cn_error error;
    if (bench->arena.bytes)
        cn_arena_close(&bench->arena);
    if (cn_arena_open(&bench->arena, bench->plan->arena_bytes, &error))
        bench_fail("%s", error.text);
}

/* The loads of a variable alone. */
static void load_variable(const struct bench *bench, const struct cn_variable_plan *variable)
{
    struct cn_variable_plan loads = *variable;
    struct cn_step *steps = calloc(loads.step_count, sizeof *steps);
    struct cn_counters *counters = aligned_alloc(64, sizeof *counters);
    struct cn_variable_result result = {0};
    const struct cn_watch watch = {0};
    if (!steps || !counters)
        bench_fail("out of memory");
    memset(counters, 0, sizeof *counters);
    loads.step_count = loads.batch_count = loads.normals_wanted = 0;
    for (size_t s = 0; s < variable->step_count; s++)
        if (variable->steps[s].kind == CN_LOAD)
            steps[loads.step_count++] = variable->steps[s];
    loads.steps = steps;
    if (cn_variable_run(bench->plan, &loads, &bench->arena, bench->kernels, &watch, counters,
                        &result) ||
        result.problems.count)
        bench_fail("%s", result.problems.count ? result.problems.items[0].text : "loading failed");
    cn_problems_free(&result.problems);
    free(counters);
    free(steps);
}

static struct bench_time load(const struct bench *bench)
{
    struct bench_time start = bench_now();
    for (size_t v = 0; v < bench->plan->variable_count; v++)
        load_variable(bench, &bench->plan->variables[v]);
    return bench_since(start);
}

static struct bench_time fresh_load(struct bench *bench)
{
    open_arena(bench);
    return load(bench);
}

static struct bench_time touched_load(struct bench *bench)
{
    if (!bench->arena.bytes) {
        open_arena(bench);
        memset(bench->arena.base, 0, bench->arena.bytes);
    }
    return load(bench);
}

static uint64_t inflated_bytes(const struct bench *bench)
{
    return (uint64_t)bench->input.chunk_count * bench->input.chunk_bytes;
}

/* Bytes that computing must move: each source value and each normal once. */
static uint64_t compulsory_bytes(const struct cn_plan *plan)
{
    uint64_t bytes = 0;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        for (size_t b = 0; b < variable->batch_count; b++)
            bytes += (variable->batches[b].row_count + variable->batches[b].target_count) *
                     variable->slab_bytes;
    }
    return bytes;
}

static json_t *time_of(struct bench_time time, uint64_t bytes)
{
    return json_pack("{sf sf sI}", "wall_s", time.wall_s, "cpu_s", time.cpu_s, "bytes",
                     (json_int_t)bytes);
}

/* Drops the input from the page cache. Returns: NULL; or why the disk cannot be measured. */
static const char *drop_from_cache(const struct bench *bench)
{
    bench_forget(&bench->input);
    return bench_kept(&bench->input) > 0.05 ? "the files do not leave the page cache" : NULL;
}

static json_t *deflate_stage(const struct bench *bench)
{
    struct bench_output output;
    bench_output_read(&output, bench->plan);
    struct bench_time time = bench_deflate(&output, bench->kernels,
                                           bench->plan->config->output.compression, bench->threads);
    json_t *stage = time_of(time, output.value_count * sizeof(float));
    bench_output_free(&output);
    return stage;
}

static json_t *inflate_form_stage(const struct bench *bench)
{
    struct bench_time time = bench_inflate(&bench->input, bench->form, bench->threads);
    json_t *stage = time_of(time, inflated_bytes(bench));
    json_object_set_new(stage, "form", json_string(bench->form->name));
    return stage;
}

static json_t *measure(struct bench *bench, const char *stage)
{
    const uint64_t inflated = inflated_bytes(bench);
    struct bench_time time;
    uint64_t bytes;
    if (!strcmp(stage, "copy")) {
        time = bench_copy(&bytes, bench->threads);
        return time_of(time, 2 * bytes); /* read and written, as the kernels count */
    }
    if (!strcmp(stage, "touch")) {
        time = bench_touch(&bytes, bench->threads);
        return time_of(time, bytes);
    }
    if (!strcmp(stage, "read")) {
        time = bench_read(&bench->input, &bytes, bench->threads);
        return time_of(time, bytes);
    }
    if (!strcmp(stage, "inflate"))
        return time_of(bench_inflate(&bench->input, cn_inflate_forms()[0], bench->threads),
                       inflated);
    if (!strcmp(stage, "inflate_form"))
        return inflate_form_stage(bench);
    if (!strcmp(stage, "deflate"))
        return deflate_stage(bench);
    if (!strcmp(stage, "load"))
        return time_of(fresh_load(bench), inflated);
    if (!strcmp(stage, "reload"))
        return time_of(touched_load(bench), inflated);
    if (!strcmp(stage, "kept"))
        return json_pack("{sf}", "share", bench_kept(&bench->input));
    const bool disk = !strcmp(stage, "disk"), cold = !strcmp(stage, "cold");
    if (!disk && !cold && strcmp(stage, "forget") != 0)
        bench_fail("no stage is named \"%s\"", stage);
    const char *why = drop_from_cache(bench);
    if (why)
        return json_pack("{ss}", "unavailable", why);
    if (disk)
        return time_of(bench_read_cold(&bench->input, bench->threads), bench->input.bytes);
    if (cold)
        return time_of(touched_load(bench), inflated);
    return json_object();
}

static json_t *describe(const struct bench *bench)
{
    size_t years = 0, normals = 0;
    for (size_t v = 0; v < bench->plan->variable_count; v++) {
        years += bench->plan->variables[v].passes[0].load_count; /* all passes have as many */
        normals += bench->plan->variables[v].normals_wanted;
    }
    return json_pack("{si si sI sI sI sI sI sI sI}", "source_years", (int)years, "normals",
                     (int)normals, "chunks", (json_int_t)bench->input.chunk_count, "chunk_bytes",
                     (json_int_t)bench->input.chunk_bytes, "stored_bytes",
                     (json_int_t)bench->input.bytes, "inflated_bytes",
                     (json_int_t)inflated_bytes(bench), "compute_bytes",
                     (json_int_t)compulsory_bytes(bench->plan), "arena_bytes",
                     (json_int_t)bench->plan->arena_bytes, "compression",
                     (json_int_t)bench->plan->config->output.compression);
}

static void print(json_t *json)
{
    if (!json || json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) ||
        putchar('\n') == EOF)
        bench_fail("the results cannot be printed");
    json_decref(json);
}

static void print_about(void)
{
    struct bench bench;
    json_t *isas = json_array(), *forms = json_array();
    choose_loops(&bench);
    for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++)
        json_array_append_new(isas, json_string((*each)->isa));
    for (const struct cn_inflate_form *const *each = cn_inflate_forms(); *each; each++)
        json_array_append_new(forms, json_string((*each)->name));
    print(json_pack("{ss ss ss so ss so si sI}", "compiler", BENCH_COMPILER, "flags", BENCH_FLAGS,
                    "isa", bench.kernels->isa, "isas", isas, "inflate", bench.form->name,
                    "inflate_forms", forms, "threads", cn_threads_available(), "memory_bytes",
                    (json_int_t)cn_machine_memory()));
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                            {"set", required_argument, NULL, 's'},
                                            {"about", no_argument, NULL, 'a'},
                                            {0}};
    struct bench bench = {.threads = cn_threads_available()};
    struct cn_override sets[MAX_SETS] = {{0}};
    size_t set_count = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 't') {
            bench.threads = atoi(optarg);
        } else if (option == 's' && set_count < MAX_SETS) {
            sets[set_count++].text = optarg;
        } else if (option == 'a') {
            print_about();
            return 0;
        } else {
            optind = argc;
            break;
        }
    }
    if (argc - optind < 2 || bench.threads < 1)
        bench_fail("usage: bench_stages CONFIG [--threads N] [--set KEY=VALUE]... STAGE...");
    choose_loops(&bench);
    bench_job_open(&bench.job, argv[optind], sets, set_count, bench.threads);
    bench.plan = bench.job.plan;
    bench_input_open(&bench.input, bench.plan);
    json_t *stages = json_object();
    for (int i = optind + 1; i < argc; i++)
        json_object_set_new(stages, argv[i], measure(&bench, argv[i]));
    print(json_pack("{si so so}", "threads", bench.threads, "job", describe(&bench), "stages",
                    stages));
    finish(&bench);
    return 0;
}
