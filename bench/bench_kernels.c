/*
 * Benchmark of the kernels: each kernel in each ISA that this CPU has, on data in cache and on data
 * out of cache, beside a memcpy of as many bytes as the kernel must move at least (each input once,
 * each output once) in the same run. One thread. README.md of kernels/ shows how to read it.
 */
#include "kernels.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
    WINDOW = 30,
    TARGETS = 25,
    ROWS = WINDOW + TARGETS - 1,
    DAYS = 16,             /* that one out-of-cache pass goes through */
    DAY_CELLS = 52000,     /* of all regions of the 0.25 degree grid, about */
    NEAR_CELLS = 128,      /* of the window job that stays in cache */
    NEAR_VALUES = 4096,    /* of the other kernels, in cache */
    FAR_VALUES = 24 << 20, /* and out of it */
    REPEATS = 7,
};
/* Years lie this far apart, as in the arena: a multiple of 2 MiB, the worst case for caches. */
static const size_t YEAR_BYTES = 76 << 20;

enum weather { TEMPERATURE, TEMPERATURE_WITH_GAPS, RAIN, WILD };

static struct {
    float *years, *means, *values;
    uint8_t *bytes;
} room;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        perror("bench_kernels");
        exit(1);
    }
    madvise(at, bytes, MADV_HUGEPAGE);
    return at;
}

static double uniform(uint64_t *state) /* 0 … 1 */
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static void fill_years(enum weather weather)
{
    uint64_t state = 1;
    for (size_t year = 0; year < ROWS; year++) {
        float *at = room.years + year * YEAR_BYTES / sizeof *at;
        for (size_t i = 0; i < (size_t)DAYS * DAY_CELLS; i++) {
            const double chance = uniform(&state);
            double value = 280 + 40 * (chance - 0.5);
            if (weather == TEMPERATURE_WITH_GAPS && (chance < 0.02 || i / 700 % 3 == 1))
                value = NAN;
            if (weather == RAIN)
                value = chance < 0.3 ? 0 : pow(10, -12 + 9 * chance);
            if (weather == WILD)
                value = pow(10, -30 + 60 * chance);
            at[i] = (float)value;
        }
    }
}

struct work {
    const struct cn_kernels *kernels;
    size_t days, cells; /* window_means */
    size_t values;      /* the others */
};

static void run_window(const struct work *work)
{
    const float *rows[ROWS];
    float *means[TARGETS];
    for (size_t day = 0; day < work->days; day++) {
        for (size_t year = 0; year < ROWS; year++)
            rows[year] = room.years + year * YEAR_BYTES / sizeof(float) + day * work->cells;
        for (size_t target = 0; target < TARGETS; target++)
            means[target] = room.means + (target * work->days + day) * work->cells;
        const struct cn_window_job job = {.rows = rows,
                                          .window = WINDOW,
                                          .targets = TARGETS,
                                          .cells = work->cells,
                                          .means = means};
        work->kernels->window_means(&job);
    }
}

static void run_unshuffle(const struct work *work)
{
    work->kernels->unshuffle_f32(room.values, room.bytes, work->values, 0, work->values);
}

static void run_shuffle(const struct work *work)
{
    work->kernels->shuffle_f32(room.bytes, room.values, work->values, 1e20f);
}

static void run_mask(const struct work *work)
{
    const struct cn_float_missing missing = {-FLT_MAX, FLT_MAX, {1e20f}, 1};
    work->kernels->mask_f32(room.values, work->values, &missing);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median seconds of one call, of REPEATS; short work is repeated within a measurement. With
 * bytes, a memcpy of so many from and to memory of the benchmark; else the kernel. */
static double seconds(void (*run)(const struct work *), const struct work *work, size_t bytes)
{
    double times[REPEATS + 1];
    const size_t times_within = bytes < 1 << 20 ? (64 << 20) / bytes : 1;
    for (size_t repeat = 0; repeat <= REPEATS; repeat++) {
        const double start = now();
        for (size_t i = 0; i < times_within; i++) {
            if (run)
                run(work);
            else
                memcpy(room.bytes + bytes, room.bytes, bytes);
            __asm__ volatile("" ::: "memory");
        }
        times[repeat] = (now() - start) / (double)times_within;
    }
    qsort(times + 1, REPEATS, sizeof *times, by_size); /* the first one warms up */
    return times[1 + REPEATS / 2];
}

static void report(const char *name, void (*run)(const struct work *), const struct work *work,
                   size_t bytes)
{
    const double kernel = seconds(run, work, bytes), copy = seconds(NULL, NULL, bytes);
    printf("%-22s %-9s %9.3g %8.2f %8.2f %7.2f\n", name, work->kernels->isa, (double)bytes,
           1e-9 * (double)bytes / kernel, 1e-9 * (double)bytes / copy, kernel / copy);
}

static void report_each(const char *name, void (*run)(const struct work *), struct work work,
                        size_t bytes)
{
    for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
        work.kernels = *each;
        report(name, run, &work, bytes);
    }
}

int main(void)
{
    static const char *const weathers[] = {"temperature", "temperature, gaps", "rain", "wild"};
    static const struct {
        const char *name;
        void (*run)(const struct work *);
        size_t bytes; /* a value */
    } others[] = {{"unshuffle_f32", run_unshuffle, 8},
                  {"shuffle_f32", run_shuffle, 8},
                  {"mask_f32", run_mask, 8}};
    const size_t cell_bytes = (ROWS + TARGETS) * sizeof(float);

    room.years = map(ROWS * YEAR_BYTES);
    room.means = map((size_t)TARGETS * DAYS * DAY_CELLS * sizeof(float));
    room.values = map((size_t)FAR_VALUES * sizeof(float));
    room.bytes = map(2 * (size_t)DAYS * DAY_CELLS * cell_bytes);
    memset(room.bytes, 1, 2 * (size_t)DAYS * DAY_CELLS * cell_bytes);

    printf("%-22s %-9s %9s %8s %8s %7s\n", "kernel", "isa", "bytes", "GB/s", "memcpy", "ratio");
    for (size_t i = 0; i < sizeof weathers / sizeof *weathers; i++) {
        fill_years((enum weather)i);
        printf("window_means of %s, window %d, %d targets, in and out of cache\n", weathers[i],
               WINDOW, TARGETS);
        report_each("  in cache", run_window, (struct work){.days = 1, .cells = NEAR_CELLS},
                    NEAR_CELLS * cell_bytes);
        report_each("  out of cache", run_window, (struct work){.days = DAYS, .cells = DAY_CELLS},
                    (size_t)DAYS * DAY_CELLS * cell_bytes);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        printf("%s\n", others[i].name);
        report_each("  in cache", others[i].run, (struct work){.values = NEAR_VALUES},
                    NEAR_VALUES * others[i].bytes);
        report_each("  out of cache", others[i].run, (struct work){.values = FAR_VALUES},
                    FAR_VALUES * others[i].bytes);
    }
    return 0;
}
