/*
 * Benchmark of the kernels, in each ISA that this CPU has, on data in cache and out of it: GB/s of
 * the bytes that must move (each input read once, each output written once), those that a memcpy
 * reads and writes in the same run, and the share that the kernel reaches of it. One thread.
 *
 *     CLIMNORM_ISA=avx2 bench_kernels [--json] [--repeats N] [rain]
 *
 * measures only this ISA, and only headlines that contain this text. --json prints every turn, for
 * climnorm-bench.
 */
#include "kernels.h"

#include <float.h>
#include <getopt.h>
#include <jansson.h>
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
    DAYS = 16,         /* that one out-of-cache pass goes through */
    DAY_CELLS = 52000, /* of all regions of the 0.25 degree grid, about */
    SOME_CELLS = 3200, /* of statistics that take longer than means */
    MOST_POOL = 61,
    MOST_DAYS = DAYS + MOST_POOL - 1,
    QUANTILES = 3,
    MONTH = 30,
    YEAR = 365,
    NEAR_CELLS = 128,      /* of the window job that stays in cache */
    NEAR_VALUES = 4096,    /* of the other kernels, in cache */
    FAR_VALUES = 24 << 20, /* and out of it */
    SCRATCH = 16 << 20,    /* of window jobs, enough for all */
    MAX_REPEATS = 25,
};
/* Years are this far apart, as in the arena: a multiple of 2 MiB, the worst case for caches. */
static const size_t YEAR_BYTES = 76 << 20;

enum weather { TEMPERATURE, TEMPERATURE_WITH_GAPS, RAIN, RAIN_WITH_TRACES, WILD };

static struct {
    float *years, *results, *values;
    uint8_t *bytes;
    void *scratch;
} buffers;
static int repeats = 7;
static json_t *list; /* NULL: text is printed */

static double now(void) /* of this thread, so that time given to other programs does not count */
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
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

static void fill(float *at, size_t values, enum weather weather, uint64_t *state)
{
    for (size_t i = 0; i < values; i++) {
        const double chance = uniform(state);
        double value = 280 + 40 * (chance - 0.5);
        if (weather == TEMPERATURE_WITH_GAPS && (chance < 0.02 || i / 700 % 3 == 1))
            value = NAN;
        if (weather == RAIN || weather == RAIN_WITH_TRACES)
            value = chance < 0.3 ? 0 : pow(10, -16 + 13 * chance);
        if (weather == RAIN_WITH_TRACES && chance < 0.001)
            value = 1e-30;
        if (weather == WILD)
            value = pow(10, -30 + 60 * chance);
        at[i] = (float)value;
    }
}

/* Some days of all years, or all days of one. */
static void fill_years(enum weather weather, bool one)
{
    uint64_t state = 1;
    if (one)
        fill(buffers.years, (size_t)YEAR * DAY_CELLS, weather, &state);
    for (size_t year = 0; !one && year < ROWS; year++)
        fill(buffers.years + year * YEAR_BYTES / sizeof(float), (size_t)DAYS * DAY_CELLS, weather,
             &state);
}

struct work {
    const struct cn_kernels *kernels;
    size_t days, cells;        /* of statistics over windows */
    size_t groups, group_days; /* of values of groups, of the cells of a day */
    size_t values;             /* of the others */
};

/* A statistic over the windows of all days, as one job with a pool, or as one for each day. */
static void run_windows(const struct work *work, size_t pool, size_t quantiles,
                        enum cn_statistic statistic)
{
    static const uint32_t shares[QUANTILES] = {100000, 500000, 900000};
    const struct cn_quantiles set = {.count = quantiles, .shares = shares};
    static const float *rows[MOST_DAYS * ROWS];
    static float *results[QUANTILES * DAYS * TARGETS];
    const size_t slots = pool > 1 ? work->days : 1, made = quantiles ? quantiles : 1;
    for (size_t day = 0; day < work->days; day += slots) {
        for (size_t i = 0; i < (slots + pool - 1) * ROWS; i++)
            rows[i] = buffers.years + i % ROWS * YEAR_BYTES / sizeof(float) +
                      (day + i / ROWS) * work->cells;
        for (size_t i = 0; i < made * slots * TARGETS; i++)
            results[i] = buffers.results + (day * made * TARGETS + i) * work->cells;
        const struct cn_window_job job = {.statistic = statistic,
                                          .rows = rows,
                                          .window = WINDOW,
                                          .targets = TARGETS,
                                          .slots = slots,
                                          .pool = pool,
                                          .min_values = 1,
                                          .cells = work->cells,
                                          .results = results,
                                          .quantiles = &set,
                                          .scratch = buffers.scratch};
        work->kernels->window_statistics(&job, 1);
    }
}

static void run_means(const struct work *work)
{
    run_windows(work, 1, 0, CN_MEAN);
}

static void run_pooled_means(const struct work *work)
{
    run_windows(work, 5, 0, CN_MEAN);
}

static void run_deviations(const struct work *work)
{
    run_windows(work, 1, 0, CN_STANDARD_DEVIATION);
}

static void run_pooled_deviations(const struct work *work)
{
    run_windows(work, 5, 0, CN_STANDARD_DEVIATION);
}

static void run_minima(const struct work *work)
{
    run_windows(work, 1, 0, CN_MINIMUM);
}

static void run_maxima(const struct work *work)
{
    run_windows(work, 1, 0, CN_MAXIMUM);
}

static void run_pooled_maxima(const struct work *work)
{
    run_windows(work, 5, 0, CN_MAXIMUM);
}

static void run_quantiles(const struct work *work)
{
    run_windows(work, 1, QUANTILES, CN_QUANTILE);
}

static void run_pooled_quantiles(const struct work *work)
{
    run_windows(work, 5, QUANTILES, CN_QUANTILE);
}

static void run_wide_quantiles(const struct work *work)
{
    run_windows(work, MOST_POOL, QUANTILES, CN_QUANTILE);
}

/* Groups of days of one year, which follow each other in memory. */
static void run_groups(const struct work *work, void (*value)(const struct cn_group_job *))
{
    const float *rows[YEAR];
    for (size_t group = 0; group < work->groups; group++) {
        for (size_t i = 0; i < work->group_days; i++)
            rows[i] = buffers.years + (group * work->group_days + i) * work->cells;
        const struct cn_group_job job = {.rows = rows,
                                         .days = work->group_days,
                                         .min_values = 1,
                                         .cells = work->cells,
                                         .threshold = 283.15,
                                         .results = buffers.results + group * work->cells};
        value(&job);
    }
}

static void run_group_means(const struct work *work)
{
    run_groups(work, work->kernels->group_means);
}

static void run_group_sums(const struct work *work)
{
    run_groups(work, work->kernels->group_sums);
}

static void run_group_minima(const struct work *work)
{
    run_groups(work, work->kernels->group_minima);
}

static void run_group_counts(const struct work *work)
{
    run_groups(work, work->kernels->group_counts_gt);
}

static void run_group_excesses(const struct work *work)
{
    run_groups(work, work->kernels->group_excesses);
}

static void run_unshuffle(const struct work *work)
{
    work->kernels->unshuffle_f32(buffers.values, buffers.bytes, work->values, 0, work->values);
}

static void run_shuffle(const struct work *work)
{
    work->kernels->shuffle_f32(buffers.bytes, buffers.values, work->values, 1e20f);
}

static void run_mask(const struct work *work)
{
    static const struct cn_float_missing missing = {-FLT_MAX, FLT_MAX, {1e20f}, 1};
    static const struct cn_float_range all = {-FLT_MAX, FLT_MAX};
    work->kernels->mask_f32(buffers.values, (const float *)(const void *)buffers.bytes,
                            work->values, &missing, &all);
}

/* Shuffled int16 to float32, as the decoder does it: in stretches that stay in cache. */
static void run_unpack(const struct work *work)
{
    enum { STRETCH = 512 };
    static const struct cn_unpacking rules = {.type = CN_INT16,
                                              .raw_min = -DBL_MAX,
                                              .raw_max = DBL_MAX,
                                              .missing = {-32768},
                                              .missing_count = 1,
                                              .packed = true,
                                              .scale = 0.01,
                                              .offset = 273.15,
                                              .min = -INFINITY,
                                              .max = INFINITY};
    static const struct cn_float_range all = {-FLT_MAX, FLT_MAX};
    const struct cn_raw raw = {buffers.bytes, work->values, 2, .shuffled = true};
    for (size_t i = 0; i < work->values; i += STRETCH) {
        const size_t count = work->values - i < STRETCH ? work->values - i : STRETCH;
        uint8_t values[2 * STRETCH];
        double unpacked[STRETCH];
        work->kernels->take_values(values, &raw, i, 1, count);
        work->kernels->unpack_f64(unpacked, values, count, &rules);
        work->kernels->narrow_f32(buffers.values + i, unpacked, count, &all);
    }
}

static void run_swap(const struct work *work)
{
    const struct cn_raw raw = {buffers.bytes, work->values, 4, .swapped = true};
    work->kernels->take_values((uint8_t *)buffers.values, &raw, 0, 1, work->values);
}

static void run_fletcher(const struct work *work)
{
    volatile uint32_t sum = work->kernels->fletcher32(buffers.bytes, work->values);
    (void)sum;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, (size_t)repeats, sizeof *values, by_size);
    return values[repeats / 2];
}

struct subject {
    const char *headline;
    void (*run)(const struct work *);
    enum weather weather;
    size_t value_bytes; /* read and written for a value; 0: a statistic or a group */
    size_t cells;       /* of a day, out of cache, of a statistic or a group */
    size_t pool, results;
    size_t group_days; /* 0: no group */
};

/* What is read and written once. */
static size_t bytes_of(const struct subject *subject, const struct work *work)
{
    if (subject->value_bytes)
        return work->values * subject->value_bytes;
    if (subject->group_days)
        return work->groups * (work->group_days + 1) * work->cells * sizeof(float);
    const size_t days = work->days + subject->pool - 1;
    return (days * ROWS + work->days * TARGETS * subject->results) * work->cells * sizeof(float);
}

static json_t *numbers(const double *values)
{
    json_t *array = json_array();
    for (int i = 0; i < repeats; i++)
        json_array_append_new(array, json_real(values[i]));
    return array;
}

static void add_to_list(const struct subject *subject, const char *isa, const char *where,
                        size_t bytes, const double *kernel, const double *copy)
{
    json_array_append_new(list,
                          json_pack("{ss ss ss sI so so}", "kernel", subject->headline, "isa", isa,
                                    "where", where, "bytes", (json_int_t)bytes, "gb_per_s",
                                    numbers(kernel), "copy_gb_per_s", numbers(copy)));
}

/* Kernel and memcpy take turns, so that other programs slow down both. The first turn warms up. */
static void measure(const struct subject *subject, const struct work *work, size_t bytes,
                    const char *where)
{
    double kernel[MAX_REPEATS], copy[MAX_REPEATS], share[MAX_REPEATS];
    const size_t least_bytes = (subject->pool > 1 ? 1 : 16) << 20; /* pools take long */
    const size_t calls = bytes < 1 << 20 ? least_bytes / bytes : 1;
    for (int turn = -1; turn < repeats; turn++) {
        const double start = now();
        for (size_t i = 0; i < calls; i++)
            subject->run(work);
        const double middle = now();
        for (size_t i = 0; i < calls; i++) {
            memcpy(buffers.bytes + bytes, buffers.bytes, bytes);
            __asm__ volatile("" ::: "memory"); /* else the compiler would make one copy */
        }
        if (turn < 0)
            continue;
        kernel[turn] = (double)(bytes * calls) / (middle - start) * 1e-9;
        copy[turn] = (double)(2 * bytes * calls) / (now() - middle) * 1e-9;
        share[turn] = kernel[turn] / copy[turn];
    }
    if (list) {
        add_to_list(subject, work->kernels->isa, where, bytes, kernel, copy);
        return;
    }
    printf("  %-12s %-9s %9.2f %9.2f %8.0f%%\n", where, work->kernels->isa, median(kernel),
           median(copy), 100 * median(share));
    fflush(stdout);
}

static void measure_all(const struct subject *subject)
{
    const char *only = getenv("CLIMNORM_ISA");
    if (!list)
        printf("%s\n", subject->headline);
    if (!subject->value_bytes)
        fill_years(subject->weather, subject->group_days > 0);
    for (int far = 0; far < 2; far++) {
        for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
            struct work work = {*each, 1, NEAR_CELLS, 1, subject->group_days, NEAR_VALUES};
            if (subject->pool > 1)
                work.days = DAYS, work.cells = 16;
            if (far)
                work = (struct work){.kernels = *each,
                                     .days = DAYS,
                                     .cells = subject->cells,
                                     .groups = subject->group_days == MONTH ? YEAR / MONTH : 1,
                                     .group_days = subject->group_days,
                                     .values = FAR_VALUES};
            if (!only || !*only || !strcmp(only, (*each)->isa))
                measure(subject, &work, bytes_of(subject, &work),
                        far ? "out of cache" : "in cache");
        }
    }
}

static void parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"repeats", required_argument, NULL, 'r'}, {0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'j')
            list = json_array();
        else if (option == 'r')
            repeats = atoi(optarg);
        if (option == '?' || repeats < 1 || repeats > MAX_REPEATS) {
            fputs("usage: bench_kernels [--json] [--repeats 1...25] [TEXT]\n", stderr);
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct subject subjects[] = {
        {"window_means: temperature", run_means, TEMPERATURE, 0, DAY_CELLS, 1, 1},
        {"window_means: temperature with gaps", run_means, TEMPERATURE_WITH_GAPS, 0, DAY_CELLS, 1,
         1},
        {"window_means: rain", run_means, RAIN, 0, DAY_CELLS, 1, 1},
        {"window_means: rain with traces of 1e-30", run_means, RAIN_WITH_TRACES, 0, DAY_CELLS, 1,
         1},
        {"window_means: 1e-30 beside 1e30", run_means, WILD, 0, DAY_CELLS, 1, 1},
        {"window_means: pool 5", run_pooled_means, TEMPERATURE, 0, SOME_CELLS, 5, 1},
        {"window_deviations", run_deviations, TEMPERATURE, 0, SOME_CELLS, 1, 1},
        {"window_deviations: pool 5", run_pooled_deviations, TEMPERATURE, 0, SOME_CELLS, 5, 1},
        {"window_deviations: pool 5, rain", run_pooled_deviations, RAIN, 0, SOME_CELLS, 5, 1},
        {"window_minima", run_minima, TEMPERATURE, 0, SOME_CELLS, 1, 1},
        {"window_maxima", run_maxima, TEMPERATURE, 0, SOME_CELLS, 1, 1},
        {"window_maxima: pool 5", run_pooled_maxima, TEMPERATURE, 0, SOME_CELLS, 5, 1},
        {"window_quantiles: 3", run_quantiles, TEMPERATURE, 0, SOME_CELLS, 1, QUANTILES},
        {"window_quantiles: 3, pool 5", run_pooled_quantiles, TEMPERATURE, 0, SOME_CELLS, 5,
         QUANTILES},
        {"window_quantiles: 3 with gaps, pool 5", run_pooled_quantiles, TEMPERATURE_WITH_GAPS, 0,
         SOME_CELLS, 5, QUANTILES},
        {"window_quantiles: 3, pool 61", run_wide_quantiles, TEMPERATURE, 0, SOME_CELLS / 8,
         MOST_POOL, QUANTILES},
        {"group_means: month", run_group_means, TEMPERATURE, 0, DAY_CELLS, .group_days = MONTH},
        {"group_means: year", run_group_means, TEMPERATURE, 0, DAY_CELLS, .group_days = YEAR},
        {"group_means: year, 16 cells", run_group_means, TEMPERATURE, 0, 16, .group_days = YEAR},
        {"group_sums: month, rain", run_group_sums, RAIN, 0, DAY_CELLS, .group_days = MONTH},
        {"group_sums: year, rain", run_group_sums, RAIN, 0, DAY_CELLS, .group_days = YEAR},
        {"group_minima: month", run_group_minima, TEMPERATURE, 0, DAY_CELLS, .group_days = MONTH},
        {"group_minima: year", run_group_minima, TEMPERATURE, 0, DAY_CELLS, .group_days = YEAR},
        {"group_counts_gt: month", run_group_counts, TEMPERATURE, 0, DAY_CELLS,
         .group_days = MONTH},
        {"group_counts_gt: year", run_group_counts, TEMPERATURE, 0, DAY_CELLS, .group_days = YEAR},
        {"group_excesses: month", run_group_excesses, TEMPERATURE, 0, DAY_CELLS,
         .group_days = MONTH},
        {"group_excesses: year", run_group_excesses, TEMPERATURE, 0, DAY_CELLS, .group_days = YEAR},
        {"unshuffle_f32", run_unshuffle, 0, 8},
        {"shuffle_f32", run_shuffle, 0, 8},
        {"mask_f32", run_mask, 0, 8},
        {"fletcher32", run_fletcher, 0, 1},
        {"unpack: shuffled int16", run_unpack, 0, 6},
        {"unpack: big-endian float32", run_swap, 0, 8},
    };
    parse(argc, argv);
    const size_t copied = (size_t)DAYS * DAY_CELLS * (ROWS + TARGETS) * sizeof(float);
    buffers.years = map(ROWS * YEAR_BYTES);
    buffers.results = map((size_t)TARGETS * DAYS * DAY_CELLS * sizeof(float));
    buffers.values = map((size_t)FAR_VALUES * sizeof(float));
    buffers.bytes = map(2 * copied);
    buffers.scratch = map(SCRATCH);
    memset(buffers.bytes, 1, 2 * copied); /* else all pages would be the one page of zeros */
    memset(buffers.values, 1, (size_t)FAR_VALUES * sizeof(float));

    if (!list) {
        printf("window %d, %d targets; medians of %d\n", WINDOW, TARGETS, repeats);
        printf("  %-12s %-9s %9s %9s %9s\n", "data", "isa", "GB/s", "copy", "share");
    }
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (optind == argc || strstr(subjects[i].headline, argv[optind]))
            measure_all(subjects + i);
    if (list)
        json_dumpf(list, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    json_decref(list);
    return 0;
}
