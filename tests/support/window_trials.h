/*
 * What the tests of statistics over windows share: jobs with values of every kind, run with every
 * ISA that this CPU has, whole and in parts, and judged sample by sample.
 */
#ifndef TEST_WINDOW_TRIALS_H
#define TEST_WINDOW_TRIALS_H

#include "kernels_common.h"

static inline float uniform(float low, float high)
{
    return low + (high - low) * (float)random_bits() * 0x1p-32F;
}

/* Kinds of values. */
enum pattern {
    TEMPERATURE,
    GAPS,
    RAIN,
    DRIZZLE,
    STRAY_1E10,
    STRAY_1E30,
    CANCELLING,
    HUGE_LEAVES,
    SUBNORMAL,
    EQUAL,
    NOTHING,
    ZEROS,
    SMALLEST_MEANS,
    ANY_FLOAT,
    EXTREMES,
    PATTERNS
};

static inline float value_like(enum pattern pattern, size_t row)
{
    const uint32_t dice = random_bits() % 100;
    const float sign = random_bits() & 1 ? 1.0F : -1.0F;
    switch (pattern) {
    case TEMPERATURE:
        return uniform(230, 320);
    case GAPS:
        return dice < 30 ? (dice & 1 ? NAN : -NAN) : uniform(-40, 40);
    case RAIN:
        return dice < 40 ? 0 : uniform(0, 1e-3F) * powf(10, -uniform(0, 8));
    case DRIZZLE:
        return dice < 50 ? uniform(1e-12F, 2e-12F) : uniform(1e-3F, 2e-3F);
    case STRAY_1E10:
        return dice < 2 ? sign * 1e10F : uniform(1e-9F, 1e-3F);
    case STRAY_1E30:
        return dice < 2 ? sign * 1e30F : dice < 10 ? NAN : uniform(1e-12F, 1e-3F);
    case CANCELLING:
        return dice < 40 ? sign * 1000 : uniform(-1e-9F, 1e-9F);
    case HUGE_LEAVES:
        return row == 1 ? sign * 3e38F : uniform(1, 2);
    case SUBNORMAL:
        return float_of(random_bits() & 0x807fffff);
    case EQUAL:
        return 273.15F;
    case NOTHING:
        return NAN;
    case ZEROS:
        return dice < 30 ? NAN : sign * 0.0F;
    case SMALLEST_MEANS:
        return dice < 90 ? 0 : sign * FLT_TRUE_MIN;
    case ANY_FLOAT: {
        const float any = float_of(random_bits());
        return isinf(any) ? NAN : any;
    }
    default:
        return dice < 50 ? FLT_MAX : -FLT_MAX;
    }
}

/* Values that sum to much and then leave or cancel, down to the last digit of the least: of three
 * sizes over `spread` powers of two, with signs and sizes in runs. The larger two are always the
 * same, and where a double ends that adds up the largest, the digits of the middle one lie. The
 * spread decides which method of summing is exact. */
static inline float value_over(unsigned spread)
{
    static unsigned size, sign, left;
    if (!left--) {
        left = random_bits() % 40;
        size = random_bits() % 3;
        sign = random_bits() % 3; /* 2: both signs */
    }
    const uint32_t chosen = random_bits() % 4 ? size : 0;
    const uint32_t exponents[] = {0, spread < 40 ? spread / 2 : spread - 40, spread};
    const uint32_t digits[] = {random_bits() & 0x7fffff, 0x2aaaab, 0x7fffff};
    const uint32_t negative = sign == 2 ? random_bits() & 1 : sign;
    return float_of(negative << 31 | ((254 - spread) / 2 + exponents[chosen]) << 23 |
                    digits[chosen]);
}

/* One job with unused floats around each row of results. */
struct trial {
    struct cn_window_job job;
    size_t days, years, results; /* results: values that are made of each sample */
    float **rows, **made;        /* made[results][slots][targets] */
    uint16_t **counts;
};

/* A statistic that is tested. */
struct statistic {
    enum cn_statistic statistic;
    /* Whether this is result number `which` of these values, at least one. Asked for all results
     * of a sample in turn. */
    bool (*is_right)(float result, const float *values, size_t count, size_t which);
};

enum { MARGIN = 16 };
static const float SENTINEL = -12345;

static inline void *reserve(size_t count, size_t size)
{
    void *at = calloc(count + 1, size);
    assert_non_null(at);
    return at;
}

/* job: its sizes. offset: floats by which rows and results miss an alignment. */
static inline struct trial trial_of(struct cn_window_job job, size_t results, size_t offset)
{
    struct trial trial = {.days = job.slots + job.pool - 1,
                          .years = job.window + job.targets - 1,
                          .results = results};
    const size_t samples = job.slots * job.targets;
    trial.rows = reserve(trial.days * trial.years, sizeof(float *));
    trial.made = reserve(results * samples, sizeof(float *));
    trial.counts = reserve(samples, sizeof(uint16_t *));
    for (size_t row = 0; row < trial.days * trial.years; row++)
        trial.rows[row] = (float *)reserve(job.cells + offset, sizeof(float)) + offset;
    const size_t around = MARGIN + offset + job.cells + MARGIN;
    for (size_t i = 0; i < results * samples; i++)
        trial.made[i] = (float *)reserve(around, sizeof(float)) + MARGIN + offset;
    for (size_t i = 0; i < samples; i++)
        trial.counts[i] = (uint16_t *)reserve(around, sizeof(uint16_t)) + MARGIN + offset;
    trial.job = job;
    trial.job.rows = (const float *const *)trial.rows;
    trial.job.results = trial.made;
    trial.job.counts = trial.counts;
    trial.job.scratch = reserve(cn_window_scratch_bytes(&job), 1);
    return trial;
}

/* Of one slot without a pool. */
static inline struct trial trial_new(size_t window, size_t targets, size_t cells, size_t offset)
{
    return trial_of((struct cn_window_job){.window = window,
                                           .targets = targets,
                                           .slots = 1,
                                           .pool = 1,
                                           .min_values = 1,
                                           .cells = cells},
                    1, offset);
}

static inline void trial_free(struct trial *trial, size_t offset)
{
    const size_t samples = trial->job.slots * trial->job.targets;
    for (size_t row = 0; row < trial->days * trial->years; row++)
        if (trial->rows[row])
            free(trial->rows[row] - offset);
    for (size_t i = 0; i < trial->results * samples; i++)
        free(trial->made[i] - MARGIN - offset);
    for (size_t i = 0; i < samples; i++)
        free(trial->counts[i] - MARGIN - offset);
    free(trial->rows);
    free(trial->made);
    free(trial->counts);
    free(trial->job.scratch);
}

static inline void trial_fill(struct trial *trial, enum pattern pattern)
{
    for (size_t row = 0; row < trial->days * trial->years; row++)
        for (size_t cell = 0; trial->rows[row] && cell < trial->job.cells; cell++)
            trial->rows[row][cell] = value_like(pattern, row);
}

static inline void trial_clear(struct trial *trial)
{
    const size_t samples = trial->job.slots * trial->job.targets;
    const size_t around = MARGIN + trial->job.cells + MARGIN;
    for (size_t i = 0; i < around; i++) {
        for (size_t k = 0; k < trial->results * samples; k++)
            trial->made[k][i - MARGIN] = SENTINEL;
        for (size_t k = 0; k < samples; k++)
            trial->counts[k][i - MARGIN] = 54321;
    }
}

/* Nothing was written around the results. */
static inline void trial_check_margins(const struct trial *trial)
{
    const size_t samples = trial->job.slots * trial->job.targets, cells = trial->job.cells;
    for (size_t k = 0; k < trial->results * samples; k++)
        for (size_t i = 0; i < MARGIN; i++)
            assert_true(trial->made[k][(ptrdiff_t)i - MARGIN] == SENTINEL &&
                        trial->made[k][cells + i] == SENTINEL);
    for (size_t k = 0; k < samples; k++)
        for (size_t i = 0; i < MARGIN; i++)
            assert_true(trial->counts[k][(ptrdiff_t)i - MARGIN] == 54321 &&
                        trial->counts[k][cells + i] == 54321);
}

/* The values of a sample of one cell. Returns how many; Owns: values[window * pool], the caller. */
static inline size_t sample_of(const struct trial *trial, size_t slot, size_t target, size_t cell,
                               float *values)
{
    size_t count = 0;
    for (size_t day = slot; day < slot + trial->job.pool; day++) {
        for (size_t year = target; year < target + trial->job.window; year++) {
            const float *row = trial->rows[day * trial->years + year];
            if (row && !isnan(row[cell]))
                values[count++] = row[cell];
        }
    }
    return count;
}

/* Runs a job in parts of so many slots and targets. */
static inline void trial_run(const struct trial *trial, const struct cn_kernels *kernels,
                             size_t slots, size_t targets)
{
    const struct cn_window_job *job = &trial->job;
    if (slots >= job->slots && targets >= job->targets) {
        kernels->window_statistics(job, 1);
        return;
    }
    const size_t samples = job->slots * job->targets;
    const float **rows = reserve(trial->days * trial->years, sizeof *rows);
    float **made = reserve(trial->results * samples, sizeof *made);
    uint16_t **counts = reserve(samples, sizeof *counts);
    for (size_t slot = 0; slot < job->slots; slot += slots) {
        for (size_t target = 0; target < job->targets; target += targets) {
            struct cn_window_job part = *job;
            part.rows = rows;
            part.results = made;
            part.counts = counts;
            part.slots = job->slots - slot < slots ? job->slots - slot : slots;
            part.targets = job->targets - target < targets ? job->targets - target : targets;
            const size_t days = part.slots + job->pool - 1, years = job->window + part.targets - 1;
            for (size_t i = 0; i < days * years; i++)
                rows[i] = trial->rows[(slot + i / years) * trial->years + target + i % years];
            for (size_t i = 0; i < trial->results * part.slots * part.targets; i++) {
                const size_t sample = i % (part.slots * part.targets);
                const size_t place =
                    (slot + sample / part.targets) * job->targets + target + sample % part.targets;
                made[i] = trial->made[i / (part.slots * part.targets) * samples + place];
                counts[sample] = trial->counts[place];
            }
            kernels->window_statistics(&part, 1);
        }
    }
    free(rows);
    free(made);
    free(counts);
}

/* Judges every result of every cell. */
static inline void trial_judge(const struct trial *trial, const char *isa,
                               const struct statistic *statistic)
{
    const struct cn_window_job *job = &trial->job;
    float *values = reserve(job->window * job->pool, sizeof *values);
    for (size_t i = 0; i < job->slots * job->targets * job->cells; i++) {
        const size_t place = i / job->cells, cell = i % job->cells;
        const size_t slot = place / job->targets, target = place % job->targets;
        const size_t count = sample_of(trial, slot, target, cell, values);
        assert_int_equal(trial->counts[place][cell], count);
        for (size_t which = 0; which < trial->results; which++) {
            const float made = trial->made[which * job->slots * job->targets + place][cell];
            const bool is_right = count < job->min_values
                                      ? bits_of(made) == bits_of(NAN)
                                      : statistic->is_right(made, values, count, which);
            if (!is_right)
                fail_msg("%s: window %zu, pool %zu, slot %zu of %zu, target %zu of %zu, cell %zu "
                         "of %zu, result %zu: %a of %zu values is wrong",
                         isa, job->window, job->pool, slot, job->slots, target, job->targets, cell,
                         job->cells, which, made, count);
        }
    }
    free(values);
}

/* Judges the results of the first ISA, whole; those of all others, and those of jobs of so many
 * slots and targets, must be the same bits. */
static inline void trial_check(struct trial *trial, const struct statistic *statistic, size_t slots,
                               size_t targets)
{
    const struct cn_window_job *job = &trial->job;
    const size_t samples = job->slots * job->targets, row = job->cells * sizeof(float);
    float *first = reserve(trial->results * samples * job->cells, sizeof *first);
    uint16_t *counts = reserve(samples * job->cells, sizeof *counts);
    trial->job.statistic = statistic->statistic;
    for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
        const bool is_first = each == cn_kernels_available();
        trial_clear(trial);
        trial_run(trial, *each, is_first ? SIZE_MAX : slots, is_first ? SIZE_MAX : targets);
        trial_check_margins(trial);
        if (is_first)
            trial_judge(trial, (*each)->isa, statistic);
        for (size_t i = 0; i < trial->results * samples; i++) {
            if (is_first)
                memcpy(first + i * job->cells, trial->made[i], row);
            for (size_t cell = 0; cell < job->cells; cell++)
                if (bits_of(trial->made[i][cell]) != bits_of(first[i * job->cells + cell]))
                    fail_msg("%s: window %zu, pool %zu, place %zu, cell %zu: %a, but %a before",
                             (*each)->isa, job->window, job->pool, i, cell, trial->made[i][cell],
                             first[i * job->cells + cell]);
        }
        for (size_t i = 0; i < samples; i++) {
            if (is_first)
                memcpy(counts + i * job->cells, trial->counts[i], job->cells * sizeof *counts);
            assert_memory_equal(trial->counts[i], counts + i * job->cells,
                                job->cells * sizeof *counts);
        }
    }
    free(first);
    free(counts);
}

#endif
