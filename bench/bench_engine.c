/*
 * Benchmark of the engine at full size: loading, computing, writing and the whole run as multiples
 * of what the same cores can do at best (bare.h), measured in turns within one run, so that a
 * noisy neighbour meets both. Medians.
 *
 *     bench_engine [--data DIR] [--years 1985-2024] [--threads N] [--repeats N] [--cold]
 *
 * DIR holds the data, made when they are missing and kept: 220 MB a year.
 */
#include "bare.h"
#include "base/machine.h"
#include "base/threads.h"
#include "climnorm/synth.h"
#include "engine/job.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_REPEATS = 25, LAT = 600, LON = 1440 };

struct setting {
    char data[PATH_MAX - 64], config[PATH_MAX];
    int first_year, last_year, threads, repeats;
    bool cold;
};

/* One figure of every turn. */
struct series {
    struct bench_time values[MAX_REPEATS];
    int count;
};

static void put(struct series *series, double wall, double cpu)
{
    series->values[series->count++] = (struct bench_time){wall, cpu};
}

static void put_ratio(struct series *series, struct bench_time a, struct bench_time b)
{
    put(series, a.wall_s / b.wall_s, a.cpu_s / b.cpu_s);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const struct series *series, bool cpu, double share)
{
    double sorted[MAX_REPEATS] = {0};
    for (int i = 0; i < series->count; i++)
        sorted[i] = cpu ? series->values[i].cpu_s : series->values[i].wall_s;
    qsort(sorted, (size_t)series->count, sizeof *sorted, by_size);
    return sorted[(int)(share * (series->count - 1) + 0.5)];
}

static void parse(int argc, char **argv, struct setting *setting)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},    {"years", required_argument, NULL, 'y'},
        {"threads", required_argument, NULL, 't'}, {"repeats", required_argument, NULL, 'r'},
        {"cold", no_argument, NULL, 'c'},          {0}};
    const char *data = "bench-data";
    *setting = (struct setting){
        .first_year = 1985, .last_year = 2024, .threads = cn_threads_available(), .repeats = 5};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'd')
            data = optarg;
        else if (option == 'y' &&
                 sscanf(optarg, "%d-%d", &setting->first_year, &setting->last_year) == 2)
            continue;
        else if (option == 't')
            setting->threads = atoi(optarg);
        else if (option == 'r')
            setting->repeats = atoi(optarg);
        else if (option == 'c')
            setting->cold = true;
        else
            bench_fail("usage: bench_engine [--data DIR] [--years 1985-2024] [--threads N] "
                       "[--repeats N] [--cold]");
    }
    if (setting->repeats < 1 || setting->repeats > MAX_REPEATS || setting->threads < 1 ||
        setting->last_year - setting->first_year < 29 || optind < argc)
        bench_fail(
            "expected 1 to %d repeats, at least a thread, 30 years or more, and options only",
            MAX_REPEATS);
    if (mkdir(data, 0777) && errno != EEXIST)
        bench_fail("%s: cannot be made", data);
    char *absolute = realpath(data, NULL);
    if (!absolute || strlen(absolute) >= sizeof setting->data)
        bench_fail("%s: no folder", data);
    snprintf(setting->data, sizeof setting->data, "%s", absolute);
    snprintf(setting->config, sizeof setting->config, "%s/bench.cfg", absolute);
    free(absolute);
}

static void show_making(void *context, const struct cn_synth_state *state)
{
    (void)context;
    fprintf(stderr, "\rmaking data: %zu of %zu files", state->files_done, state->files_total);
}

/* Data and config; data of an earlier call are used again. */
static void make_data(const struct setting *setting)
{
    static const char *const variables[] = {"tas"}, *const scenarios[] = {"ssp245"};
    char tree[PATH_MAX + 32];
    struct stat status;
    struct cn_error error;
    struct cn_synth_state state = {0};
    snprintf(tree, sizeof tree, "%s/%d-%d", setting->data, setting->first_year, setting->last_year);
    const struct cn_synth_options options = {.root = tree,
                                             .first_year = setting->first_year,
                                             .last_year = setting->last_year,
                                             .lat_count = LAT,
                                             .lon_count = LON,
                                             .variables = variables,
                                             .variable_count = 1,
                                             .model = "NorESM2-LM",
                                             .variant = "r1i1p1f1",
                                             .grid_label = "gn",
                                             .scenarios = scenarios,
                                             .scenario_count = 1,
                                             .calendar = CN_NOLEAP,
                                             .seed = 1,
                                             .compression = 5,
                                             .progress = show_making};
    if (stat(tree, &status) != 0 && cn_synth(&options, &state, &error))
        bench_fail("%s", error.text);
    if (state.files_total)
        fputc('\n', stderr);
    FILE *file = fopen(setting->config, "w");
    if (!file ||
        fprintf(file,
                "input:   { root = \"%d-%d\"; };\n"
                "normals: { periods = ( { name = \"all\"; first = %d; last = %d; } ); };\n"
                "output:  { root = \"output\"; existing = \"overwrite\"; };\n",
                setting->first_year, setting->last_year, setting->first_year + 29,
                setting->last_year) < 0 ||
        fclose(file))
        bench_fail("%s: cannot be written", setting->config);
}

/* A plan and what it rests on. */
struct prepared {
    struct cn_config *config;
    struct cn_catalog *catalog;
    struct cn_plan *plan;
};

static void prepare(struct prepared *prepared, const struct setting *setting, const char *regions)
{
    const char *const overrides[] = {regions};
    struct cn_problems problems = {0};
    struct cn_error error = {0};
    if (cn_config_read(setting->config, overrides, 1, &prepared->config, &problems))
        bench_fail("%s", problems.count ? problems.items[0].text : "out of memory");
    if (cn_catalog_read(prepared->config, &(struct cn_watch){0}, &prepared->catalog, &error) ||
        cn_plan_targets(prepared->config, prepared->catalog, &prepared->plan, &error) ||
        cn_plan_schedule(prepared->plan, cn_machine_memory() / 5 * 4, setting->threads, &error))
        bench_fail("%s", error.text);
}

static void unprepare(struct prepared *prepared)
{
    cn_plan_free(prepared->plan);
    cn_catalog_free(prepared->catalog);
    cn_config_free(prepared->config);
}

/* Seconds of the loads of the plan alone, into an arena that may have been touched. */
static struct bench_time load(const struct cn_plan *plan, const struct cn_arena *arena,
                              const struct cn_kernels *kernels)
{
    struct cn_variable_plan loads = plan->variables[0];
    struct cn_step *steps = calloc(loads.step_count, sizeof *steps);
    struct cn_counters *counters = aligned_alloc(64, sizeof *counters);
    struct cn_variable_result result = {0};
    const struct cn_run_hooks hooks = {.counters = counters};
    if (!steps || !counters)
        bench_fail("out of memory");
    memset(counters, 0, sizeof *counters);
    loads.step_count = loads.batch_count = loads.outputs_wanted = 0;
    for (size_t s = 0; s < plan->variables[0].step_count; s++)
        if (loads.steps[s].kind == CN_LOAD)
            steps[loads.step_count++] = loads.steps[s];
    loads.steps = steps;
    struct bench_time start = bench_now();
    if (cn_variable_run(plan, &loads, arena, kernels, &hooks, counters, &result) ||
        result.problems.count)
        bench_fail("%s", result.problems.count ? result.problems.items[0].text : "loading failed");
    struct bench_time seconds = bench_since(start);
    cn_problems_free(&result.problems);
    free(counters);
    free(steps);
    return seconds;
}

/* Twice: into fresh memory, and into the same again. */
static void load_twice(const struct cn_plan *plan, const struct cn_kernels *kernels,
                       struct bench_time *fresh, struct bench_time *touched)
{
    struct cn_arena arena;
    struct cn_error error;
    if (cn_arena_open(&arena, plan->arena_bytes, &error))
        bench_fail("%s", error.text);
    *fresh = load(plan, &arena, kernels);
    *touched = load(plan, &arena, kernels);
    cn_arena_close(&arena);
}

/* What a run of the program said of itself. */
struct whole {
    struct bench_time time;
    double compute_s, write_s, peak_bytes;
};

/* The program as users run it, from its start to its end. */
static struct whole run_program(const struct setting *setting, int threads)
{
    char summary[PATH_MAX + 16], count[16];
    snprintf(summary, sizeof summary, "%s/summary.json", setting->data);
    snprintf(count, sizeof count, "%d", threads);
    char *const arguments[] = {(char *)CLIMNORM_PROGRAM,
                               (char *)"run",
                               (char *)setting->config,
                               (char *)"-q",
                               (char *)"-p",
                               (char *)"none",
                               (char *)"-t",
                               count,
                               (char *)"--summary",
                               summary,
                               NULL};
    pid_t child;
    int code;
    struct bench_time start = bench_now();
    if (posix_spawn(&child, CLIMNORM_PROGRAM, NULL, NULL, arguments, environ) ||
        waitpid(child, &code, 0) != child || code)
        bench_fail("%s run %s failed", CLIMNORM_PROGRAM, setting->config);
    struct whole whole = {.time = bench_since(start)};
    json_t *json = json_load_file(summary, 0, NULL);
    json_t *variable = json_array_get(json_object_get(json, "variables"), 0);
    whole.compute_s = json_number_value(json_object_get(variable, "compute_s"));
    whole.write_s = json_number_value(json_object_get(variable, "write_s"));
    whole.peak_bytes = (double)json_integer_value(json_object_get(json, "peak_rss_bytes"));
    json_decref(json);
    return whole;
}

struct figures {
    struct series inflate, inflate1, deflate, copy, touch, disk;
    struct series load, fresh, cold, one_region, compute, write, whole, speedup, peak;
    struct series model, model1;
};

/* Bytes that computing must move: each source value and each normal once. */
static uint64_t compulsory_bytes(const struct cn_variable_plan *variable)
{
    uint64_t slabs = 0;
    for (size_t b = 0; b < variable->batch_count; b++)
        slabs += variable->batches[b].row_count + variable->batches[b].target_count;
    return slabs * variable->slab_bytes;
}

/* How long a run should take on `threads` threads: docs/performance.md. */
static struct bench_time model(const struct cn_plan *plan, const struct bench_output *output,
                               const struct cn_kernels *kernels, struct bench_time inflate,
                               int threads, struct figures *figures)
{
    const struct bench_time deflate =
        bench_deflate(output, kernels, plan->config->output.compression, threads);
    const struct bench_time copy = bench_copy(compulsory_bytes(&plan->variables[0]), threads);
    const struct bench_time touch = bench_touch(plan->arena_bytes, threads);
    if (threads == plan->threads) {
        put(&figures->deflate, deflate.wall_s, deflate.cpu_s);
        put(&figures->copy, copy.wall_s, copy.cpu_s);
        put(&figures->touch, touch.wall_s, touch.cpu_s);
    }
    return (struct bench_time){
        1.03 * inflate.wall_s + 1.1 * deflate.wall_s + 2 * copy.wall_s + touch.wall_s,
        1.03 * inflate.cpu_s + 1.1 * deflate.cpu_s + 2 * copy.cpu_s + touch.cpu_s};
}

/* What one thread takes, beside what all take. */
static void measure_speedup(const struct setting *setting, const struct cn_plan *plan,
                            const struct bench_input *input, const struct bench_output *output,
                            const struct cn_kernels *kernels, struct bench_time inflate,
                            struct bench_time whole, struct figures *figures)
{
    struct bench_time inflate1 = bench_inflate(input, 1), whole1 = run_program(setting, 1).time;
    put_ratio(&figures->model1, whole1, model(plan, output, kernels, inflate1, 1, figures));
    put(&figures->inflate1, inflate1.wall_s, inflate1.cpu_s);
    put(&figures->speedup, whole1.wall_s / whole.wall_s / (inflate1.wall_s / inflate.wall_s),
        whole1.cpu_s / whole.cpu_s / (inflate1.cpu_s / inflate.cpu_s));
}

static void measure_cold(const struct bench_input *input, const struct prepared *five,
                         const struct cn_kernels *kernels, struct bench_time inflate,
                         struct figures *figures)
{
    struct cn_arena arena;
    struct cn_error error;
    if (cn_arena_open(&arena, five->plan->arena_bytes, &error))
        bench_fail("%s", error.text);
    memset(arena.base, 0, arena.bytes);
    bench_forget(input);
    struct bench_time disk = bench_read_cold(input, five->plan->threads);
    bench_forget(input);
    struct bench_time cold = load(five->plan, &arena, kernels);
    cn_arena_close(&arena);
    put(&figures->disk, disk.wall_s, disk.cpu_s);
    put(&figures->cold, cold.wall_s / fmax(inflate.wall_s, disk.wall_s),
        cold.cpu_s / (inflate.cpu_s + disk.cpu_s));
}

static void measure(const struct setting *setting, const struct prepared *five,
                    const struct prepared *one, const struct cn_kernels *kernels,
                    struct figures *figures)
{
    struct bench_input input;
    struct bench_output output = {0};
    const int threads = setting->threads;
    bench_input_open(&input, five->plan);
    for (int turn = -1; turn < setting->repeats; turn++) {
        fprintf(stderr, "\rmeasuring: turn %d of %d ", turn + 1, setting->repeats);
        struct bench_time inflate = bench_inflate(&input, threads);
        struct bench_time fresh, loaded, single, unused;
        load_twice(five->plan, kernels, &fresh, &loaded);
        load_twice(one->plan, kernels, &unused, &single);
        struct whole whole = run_program(setting, threads);
        if (turn < 0) { /* warms up */
            bench_output_read(&output, five->plan);
            continue;
        }
        struct bench_time foreseen = model(five->plan, &output, kernels, inflate, threads, figures);
        struct bench_time deflate = figures->deflate.values[turn];
        const struct bench_time both = {inflate.wall_s + deflate.wall_s,
                                        inflate.cpu_s + deflate.cpu_s};
        put(&figures->inflate, inflate.wall_s, inflate.cpu_s);
        put_ratio(&figures->model, whole.time, foreseen);
        put_ratio(&figures->load, loaded, inflate);
        put_ratio(&figures->fresh, fresh, inflate);
        put_ratio(&figures->one_region, loaded, single);
        put_ratio(&figures->whole, whole.time, both);
        put(&figures->compute, whole.compute_s / (threads * both.wall_s),
            whole.compute_s / both.cpu_s);
        put(&figures->write, whole.write_s / (threads * deflate.wall_s),
            whole.write_s / deflate.cpu_s);
        put(&figures->peak, whole.peak_bytes / (double)five->plan->arena_bytes, NAN);
        if (threads > 1)
            measure_speedup(setting, five->plan, &input, &output, kernels, inflate, whole.time,
                            figures);
        if (setting->cold)
            measure_cold(&input, five, kernels, inflate, figures);
    }
    fputc('\n', stderr);
    bench_input_close(&input);
    bench_output_free(&output);
}

static void print_row(const char *name, const struct series *series, const char *aim)
{
    if (series->count)
        printf("  %-40s %8.3f %8.3f …%7.3f %12.3f   %s\n", name, quantile(series, false, 0.5),
               quantile(series, false, 0), quantile(series, false, 1), quantile(series, true, 0.5),
               aim);
}

static void print_machine(const struct setting *setting, const struct cn_kernels *kernels)
{
    char line[256], cpu[256] = "unknown CPU", date[32];
    struct utsname system;
    time_t now = time(NULL);
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "model name : %255[^\n]", cpu) == 1)
            break;
    if (file)
        fclose(file);
    uname(&system);
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
    printf("climnorm %s · %s · %s %s · compiler %s · %s kernels · %d threads · %s\n",
           CLIMNORM_VERSION, cpu, system.sysname, system.release, __VERSION__, kernels->isa,
           setting->threads, date);
}

static void print(const struct setting *setting, const struct prepared *five,
                  const struct figures *figures)
{
    const struct cn_variable_plan *variable = &five->plan->variables[0];
    printf("%d-%d, %dx%d, %zu source years, %zu normals, arena %.2f GB; medians of %d turns, "
           "smallest … largest\n",
           setting->first_year, setting->last_year, LAT, LON, variable->variable->year_count,
           variable->outputs_wanted, 1e-9 * (double)five->plan->arena_bytes, setting->repeats);
    printf("  %-40s %8s %18s %12s\n", "seconds", "wall", "least … most", "CPU");
    print_row("inflate", &figures->inflate, "");
    print_row("inflate, one thread", &figures->inflate1, "");
    print_row("deflate", &figures->deflate, "");
    print_row("copy of what computing must move", &figures->copy, "");
    print_row("fresh memory for the arena", &figures->touch, "");
    print_row("disk, cold", &figures->disk, "");
    printf("  %-40s %8s %18s %12s   %s\n", "ratios", "wall", "least … most", "CPU", "aim");
    print_row("load / inflate, touched memory", &figures->load, "<= 1.05");
    print_row("load / inflate, fresh memory", &figures->fresh, "<= 1.20");
    print_row("load of five regions / of one", &figures->one_region, "<= 1.05");
    print_row("cold load / max(inflate, disk)", &figures->cold, "<= 1.15");
    print_row("compute / (inflate + deflate)", &figures->compute, "<= 0.05");
    print_row("write / deflate", &figures->write, "<= 1.15");
    print_row("whole run / (inflate + deflate)", &figures->whole, "<= 1.25");
    print_row("speed-up of whole run / of inflate", &figures->speedup, ">= 0.95");
    print_row("peak memory / arena", &figures->peak, "<= 1.1");
    print_row("whole run / model", &figures->model, "0.85 … 1.15");
    print_row("whole run / model, one thread", &figures->model1, "0.85 … 1.15");
}

int main(int argc, char **argv)
{
    struct setting setting;
    struct prepared five, one;
    struct figures figures = {0};
    const struct cn_kernels *kernels;
    struct cn_error error;
    parse(argc, argv, &setting);
    if (cn_kernels_select(&kernels, &error))
        bench_fail("%s", error.text);
    make_data(&setting);
    prepare(&five, &setting, "regions=CONUS,AK,HI,PRVI,GU");
    prepare(&one, &setting, "regions=CONUS");
    print_machine(&setting, kernels);
    measure(&setting, &five, &one, kernels, &figures);
    print(&setting, &five, &figures);
    unprepare(&five);
    unprepare(&one);
    return 0;
}
