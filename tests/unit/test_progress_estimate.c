/*
 * The time left, in runs that are simulated: threads that read, compute and write in virtual time,
 * with a disk of a given speed. What is shown must be true within a factor of 1.3 from a tenth of
 * the time on.
 */
#include "progress/snapshot.h"

#include "cn_test.h"

#include <math.h>

enum { MOST_VARIABLES = 4, TICKS_PER_S = 50, BATCH = 5, WINDOW = 30 };
static const double tick_s = 1.0 / (double)TICKS_PER_S, accuracy = 1.3;
static const double year_bytes = 1e6, normal_bytes = 1e5;

/* A run, by what its parts cost: seconds of a thread. */
struct shape {
    const char *name;
    int variables, threads;
    int years, normals_per_target;
    int targets;         /* the last ones of years - WINDOW + 1 */
    double decode_s;     /* of a year */
    double disk_s;       /* in which the disk delivers a year, whatever the threads do */
    double compute_s;    /* of a normal */
    double write_s;      /* of a normal, with its file */
    double sample_error; /* what the sample says, of the true cost */
    double cold_years;   /* so many years take four times as long at first */
    double publish_s;    /* of a normal, one after another; 0: at once */
    double accuracy;     /* 0: 1.3; a slow start cannot be known at once */
};

/* What is left of one variable. */
struct simulated {
    const struct shape *shape;
    struct cn_counters *counters;
    double read, computed, encoded, published; /* years, normals */
};

static double all_normals(const struct shape *shape)
{
    return (double)shape->targets * shape->normals_per_target;
}

static int years_needed(const struct shape *shape)
{
    return shape->targets + WINDOW - 1 < shape->years ? shape->targets + WINDOW - 1 : shape->years;
}

static void reach(struct cn_counters *counters, enum cn_counter counter, double value)
{
    atomic_store(&counters->lines[0].values[counter], (uint64_t)value);
}

static void spend(struct cn_counters *counters, enum cn_counter counter, double seconds)
{
    cn_count(counters, counter, (uint64_t)(seconds * 1e9));
}

static void count_totals(const struct shape *shape, struct cn_counters *counters)
{
    reach(counters, CN_YEARS_TOTAL, years_needed(shape));
    reach(counters, CN_YEARS_FIRST, fmin(WINDOW + BATCH - 1, years_needed(shape)));
    reach(counters, CN_BYTES_TO_READ, years_needed(shape) * year_bytes);
    reach(counters, CN_NORMALS_TOTAL, all_normals(shape));
    reach(counters, CN_NORMALS_LAST, fmin(BATCH, shape->targets) * shape->normals_per_target);
    reach(counters, CN_BYTES_TO_ENCODE, all_normals(shape) * normal_bytes);
}

/* Normals whose batch has all its years. */
static double possible_normals(const struct simulated *run)
{
    double years = floor(run->read + 1e-9);
    if (years >= years_needed(run->shape))
        return all_normals(run->shape);
    double targets = fmax(0, floor((years - (double)WINDOW + 1) / (double)BATCH) * (double)BATCH);
    return fmin(targets, run->shape->targets) * run->shape->normals_per_target;
}

/* Spends thread seconds on normals that can be made. Returns what is not needed. */
static double make_normals(struct simulated *run, double thread_s)
{
    const struct shape *shape = run->shape;
    double compute = fmin(possible_normals(run) - run->computed, thread_s / shape->compute_s);
    run->computed += compute;
    spend(run->counters, CN_COMPUTE_NS, compute * shape->compute_s);
    thread_s -= compute * shape->compute_s;
    double write = fmin(run->computed - run->encoded, thread_s / shape->write_s);
    run->encoded += write;
    spend(run->counters, CN_WRITE_NS, write * shape->write_s);
    return thread_s - write * shape->write_s;
}

/* Spends thread seconds on reading; threads that have nothing to decode wait for the disk. */
static void read_years(struct simulated *run, double thread_s)
{
    const struct shape *shape = run->shape;
    double slow = run->read < shape->cold_years ? 4 : 1;
    double left = years_needed(shape) - run->read;
    double by_disk = shape->disk_s > 0 ? tick_s / shape->disk_s / slow : left;
    double by_threads = thread_s / shape->decode_s / slow;
    double read = fmin(left, fmin(by_disk, by_threads));
    run->read += read;
    double busy_s = read * shape->decode_s * slow;
    double wait_s = left > read ? thread_s - busy_s : 0;
    spend(run->counters, CN_READ_NS, busy_s + wait_s);
    spend(run->counters, CN_WAIT_NS, wait_s);
}

/* Half of the threads make normals where there are any, and all where no year is left. */
static void run_tick(struct simulated *run)
{
    const struct shape *shape = run->shape;
    struct cn_counters *counters = run->counters;
    double thread_s = shape->threads * tick_s;
    bool reads = run->read < years_needed(shape) - 1e-9;
    double makes_s = reads ? thread_s / 2 : thread_s;
    double rest_s = make_normals(run, makes_s);
    if (reads)
        read_years(run, thread_s - makes_s + rest_s);
    if (reads && cn_counted(counters, CN_SAMPLE_BYTES) == 0 && run->read >= 1) {
        reach(counters, CN_SAMPLE_BYTES, normal_bytes);
        reach(counters, CN_SAMPLE_NS, shape->write_s * 0.8 * shape->sample_error * 1e9);
    }
    double publish = run->encoded - run->published;
    if (shape->publish_s > 0)
        publish = fmin(publish, tick_s / shape->publish_s);
    run->published += publish;
    reach(counters, CN_YEARS_READ, run->read + 1e-9);
    reach(counters, CN_BYTES_READ, run->read * year_bytes);
    reach(counters, CN_NORMALS_COMPUTED, run->computed + 1e-9);
    reach(counters, CN_BYTES_ENCODED, run->encoded * normal_bytes);
    reach(counters, CN_NORMALS_WRITTEN, run->published + 1e-9);
}

static bool is_finished(const struct simulated *run)
{
    return run->published >= all_normals(run->shape) - 1e-6;
}

/* What was said of the whole job, by tick. */
struct said {
    double *eta_s;
    size_t count;
};

static void simulate(const struct shape *shape, struct cn_counters *counters, struct said *said)
{
    static const char *const names[MOST_VARIABLES] = {"pr", "tas", "tasmax", "tasmin"};
    struct cn_progress_row rows[MOST_VARIABLES] = {0};
    struct cn_snapshot snapshot;
    struct cn_progress_view view = {.title = "",
                                    .counters = counters,
                                    .count = (size_t)shape->variables,
                                    .threads = shape->threads};
    const uint64_t start_ns = 1000000000;
    uint64_t now_ns = start_ns;
    memset(counters, 0, MOST_VARIABLES * sizeof *counters);
    for (int v = 0; v < shape->variables; v++) {
        counters[v].name = names[v];
        count_totals(shape, &counters[v]);
    }
    cn_snapshot_begin(&snapshot, &view, rows);
    for (int v = 0; v < shape->variables; v++) {
        struct simulated run = {.shape = shape, .counters = &counters[v]};
        atomic_store(&counters[v].started_ns, now_ns);
        atomic_store(&counters[v].state, CN_ACTIVE);
        while (!is_finished(&run)) {
            run_tick(&run);
            now_ns += (uint64_t)(tick_s * 1e9);
            double fraction = rows[v].fraction;
            cn_snapshot_update(&snapshot, &view, start_ns, now_ns);
            assert_true(rows[v].fraction >= fraction && rows[v].fraction <= 1);
            said->eta_s = reallocarray(said->eta_s, said->count + 1, sizeof *said->eta_s);
            assert_non_null(said->eta_s);
            said->eta_s[said->count++] = snapshot.eta_s;
        }
        atomic_store(&counters[v].finished_ns, now_ns);
        atomic_store(&counters[v].state, CN_DONE);
    }
}

static const struct shape shapes[] = {
    {"reading alone", 1, 2, 151, 5, 121, 0.2, 0, 0.001, 0.002, 1, 0, 0, 0},
    {"writing alone", 1, 2, 151, 5, 121, 0.02, 0, 0.001, 0.1, 1, 0, 0, 0},
    {"half and half", 1, 2, 151, 5, 121, 0.2, 0, 0.005, 0.05, 1, 0, 0, 0},
    {"a low sample", 1, 2, 151, 5, 121, 0.2, 0, 0.005, 0.05, 0.75, 0, 0, 0},
    {"a high sample", 1, 2, 151, 5, 121, 0.2, 0, 0.005, 0.05, 1.35, 0, 0, 0},
    {"a slow disk", 1, 4, 151, 5, 121, 0.1, 0.4, 0.001, 0.01, 1, 0, 0, 0},
    {"a slow disk, and much to write", 1, 4, 151, 5, 121, 0.1, 0.4, 0.01, 0.15, 1, 0, 0, 0},
    {"many threads", 1, 56, 151, 5, 121, 3, 0, 0.1, 0.5, 1, 0, 0, 0},
    {"many threads and a disk", 1, 56, 151, 5, 121, 3, 0.3, 0.1, 0.5, 1, 0, 0, 0},
    {"a slow start", 1, 2, 151, 5, 121, 0.3, 0, 0.001, 0.02, 1, 2, 0, 1.4},
    {"four variables", 4, 2, 151, 5, 121, 0.1, 0, 0.001, 0.02, 1, 0, 0, 0},
    {"four variables and a disk", 4, 4, 151, 5, 121, 0.05, 0.2, 0.001, 0.02, 1, 0, 0, 0},
    {"many kept", 1, 2, 151, 5, 8, 0.5, 0, 0.002, 0.1, 1, 0, 0, 0},
    {"few years", 1, 2, 51, 4, 22, 0.5, 0, 0.01, 0.3, 1, 0, 0, 0},
    {"slow names", 1, 2, 151, 5, 121, 0.05, 0, 0.001, 0.01, 1, 0, 0.1, 1.6},
};

static void judge(const struct shape *shape, const struct said *said)
{
    const double most = shape->accuracy > 0 ? shape->accuracy : accuracy;
    double all_s = (double)said->count * tick_s;
    for (size_t k = 0; k < said->count; k++) {
        double passed_s = (double)(k + 1) * tick_s, left_s = all_s - passed_s;
        double ratio = said->eta_s[k] / left_s;
        if (passed_s < all_s / 10 || left_s < fmax(1, all_s / 50))
            continue;
        if (ratio > most || ratio < 1 / most)
            fail_msg("%s: after %.1f of %.1f s: %.1f s left, not %.1f", shape->name, passed_s,
                     all_s, said->eta_s[k], left_s);
    }
}

static void test_the_time_left_is_true_in_runs_of_every_shape(void **state)
{
    (void)state;
    struct cn_counters *counters = aligned_alloc(64, MOST_VARIABLES * sizeof *counters);
    assert_non_null(counters);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct said said = {0};
        simulate(&shapes[i], counters, &said);
        judge(&shapes[i], &said);
        free(said.eta_s);
    }
    free(counters);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_time_left_is_true_in_runs_of_every_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
