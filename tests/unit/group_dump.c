/*
 * Prints groups of days with values of every kind, and what the kernels make of them, for
 * test_groups.py to judge: bits of floats in hexadecimal.
 *
 *     rows DAYS CELLS, then DAYS lines of a row each; "-" for a row that is absent
 *     KERNEL MIN_VALUES THRESHOLD RESULT ...
 *
 * Ends with 1 if two ISAs differ, or if a result is written beside its place.
 */
#include "window_trials.h"

static const struct {
    const char *name;
    size_t kernel; /* where it is in struct cn_kernels */
} KERNELS[] = {
    {"mean", offsetof(struct cn_kernels, group_means)},
    {"sum", offsetof(struct cn_kernels, group_sums)},
    {"min", offsetof(struct cn_kernels, group_minima)},
    {"max", offsetof(struct cn_kernels, group_maxima)},
    {"count_gt", offsetof(struct cn_kernels, group_counts_gt)},
    {"count_ge", offsetof(struct cn_kernels, group_counts_ge)},
    {"count_lt", offsetof(struct cn_kernels, group_counts_lt)},
    {"count_le", offsetof(struct cn_kernels, group_counts_le)},
    {"excess", offsetof(struct cn_kernels, group_excesses)},
    {"deficit", offsetof(struct cn_kernels, group_deficits)},
};
enum { MOST_DAYS = 366, MOST_CELLS = 40, KERNEL_COUNT = sizeof KERNELS / sizeof *KERNELS };

static float values[MOST_DAYS][MOST_CELLS + 1];
static const float *rows[MOST_DAYS];

/* The smallest sums that are halfway between floats, and a little more or less. */
static float tie(size_t day)
{
    static const float parts[] = {0x1p24F, 1, 0x1p-30F, -0x1p-60F, 3, 0x1p-140F};
    return random_bits() % 8 ? parts[day % 6] : -parts[random_bits() % 6];
}

/* Of three sizes, the larger two of which cancel. */
static float cancelling(size_t day)
{
    static const float parts[] = {0x1p100F, 0x1.8p55F, 0x3p-20F, -0x1.8p55F, -0x1p100F};
    return parts[day % 5];
}

static void fill(size_t pattern, size_t days, size_t cells)
{
    for (size_t day = 0; day < days; day++) {
        rows[day] = pattern % 3 == 1 && random_bits() % 8 == 0 ? NULL : values[day] + pattern % 2;
        for (size_t cell = 0; cell <= cells; cell++)
            values[day][cell] = pattern < PATTERNS        ? value_like((enum pattern)pattern, day)
                                : pattern == PATTERNS     ? tie(day)
                                : pattern == PATTERNS + 1 ? value_over((unsigned)(cell * 6))
                                : pattern == PATTERNS + 2 ? cancelling(day)
                                                          : (float)(random_bits() % 7) / 4;
    }
}

static bool run(size_t kernel, struct cn_group_job *job)
{
    float first[MOST_CELLS] = {0}, around[MARGIN + MOST_CELLS + MARGIN];
    for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
        for (size_t i = 0; i < MARGIN + MOST_CELLS + MARGIN; i++)
            around[i] = SENTINEL;
        job->results = around + MARGIN;
        void (*make)(const struct cn_group_job *);
        memcpy(&make, (const char *)*each + KERNELS[kernel].kernel, sizeof make);
        make(job);
        if (each == cn_kernels_available())
            memcpy(first, job->results, job->cells * sizeof *first);
        for (size_t i = 0; i < MARGIN; i++)
            if (around[i] != SENTINEL || job->results[job->cells + i] != SENTINEL)
                return false;
        if (memcmp(first, job->results, job->cells * sizeof *first) != 0)
            return false;
    }
    printf("%s %zu %a", KERNELS[kernel].name, job->min_values, job->threshold);
    for (size_t cell = 0; cell < job->cells; cell++)
        printf(" %x", bits_of(first[cell]));
    printf("\n");
    return true;
}

static bool run_all(size_t days, size_t cells)
{
    printf("rows %zu %zu\n", days, cells);
    for (size_t day = 0; day < days; day++) {
        for (size_t cell = 0; rows[day] && cell < cells; cell++)
            printf("%x ", bits_of(rows[day][cell]));
        printf(rows[day] ? "\n" : "-\n");
    }
    const float some = values[random_bits() % days][0];
    const double value = isnan(some) ? 1 : (double)some;
    const double thresholds[] = {value,
                                 value * (1 + 0x1p-40),
                                 305.3722222222222,
                                 273.15,
                                 0,
                                 -0.0,
                                 1e-3,
                                 -40,
                                 0x1p-1074,
                                 1e300,
                                 -1e300};
    for (size_t kernel = 0; kernel < KERNEL_COUNT; kernel++) {
        for (size_t i = 0; i < (kernel < 4 ? 1 : sizeof thresholds / sizeof *thresholds); i++) {
            struct cn_group_job job = {.rows = rows,
                                       .days = days,
                                       .min_values = 1 + random_bits() % 2 * (days / 2),
                                       .cells = cells,
                                       .threshold = thresholds[i]};
            if (!run(kernel, &job))
                return false;
        }
    }
    return true;
}

int main(void)
{
    static const size_t days[] = {1, 2, 3, 28, 30, 31, 90, 366};
    for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
        for (size_t pattern = 0; pattern < PATTERNS + 4; pattern++) {
            const size_t cells = days[d] > 100 ? 17 : 1 + (pattern * 7 + d) % (MOST_CELLS - 1);
            fill(pattern, days[d], cells);
            if (!run_all(days[d], cells)) {
                fprintf(stderr, "%zu days, pattern %zu: ISAs differ\n", days[d], pattern);
                return 1;
            }
        }
    }
    return 0;
}
