/*
 * Snapshots of the progress display: paces and estimates of what counters say, however strange.
 */
#include "progress/snapshot.h"

#include "cn_test.h"

static const uint64_t second_ns = 1000000000;

static void test_a_pace_follows_what_is_counted(void **state)
{
    (void)state;
    struct cn_rate_estimate pace = {0};
    for (int tick = 1; tick <= 3000; tick++) /* 10/s for five minutes */
        cn_rate_estimate_update(&pace, tick, tick * 0.1, 30);
    assert_float_equal(pace.per_second, 10, 1e-6);
    double before = pace.per_second;
    cn_rate_estimate_update(&pace, 3000, 300, 30); /* no time has passed */
    assert_float_equal(pace.per_second, before, 0);
    for (int tick = 1; tick <= 6000; tick++) /* then nothing for ten */
        cn_rate_estimate_update(&pace, 3000, 300 + tick * 0.1, 30);
    assert_true(pace.per_second > 0 && pace.per_second < 2);
    cn_rate_estimate_update(&pace, 0, 1000, 30); /* a value that falls is no negative rate */
    assert_true(pace.per_second >= 0);
}

/* Counters that a test sets, read through cn_snapshot_update. */
struct watched {
    struct cn_counters counters[3];
    struct cn_progress_row rows[3];
    struct cn_snapshot snapshot;
    struct cn_progress_view view;
};

static void set(struct watched *job, size_t variable, enum cn_counter counter, uint64_t value)
{
    atomic_store(&job->counters[variable].lines[0].values[counter], value);
}

static void watch_job(struct watched *job)
{
    static const char *const names[] = {"pr", "tas", "tasmax"};
    memset(job, 0, sizeof *job);
    for (size_t i = 0; i < 3; i++) {
        job->counters[i].name = names[i];
        set(job, i, CN_YEARS_TOTAL, 100);
        set(job, i, CN_NORMALS_TOTAL, 400);
        set(job, i, CN_BYTES_TO_READ, 1000);
        set(job, i, CN_BYTES_TO_ENCODE, 1000);
    }
    job->view = (struct cn_progress_view){
        .title = "t", .counters = job->counters, .count = 3, .threads = 2};
    cn_snapshot_begin(&job->snapshot, &job->view, job->rows);
}

static void test_estimates_become_true_in_steady_work(void **state)
{
    (void)state;
    struct watched *job = aligned_alloc(64, sizeof *job);
    assert_non_null(job);
    watch_job(job);
    cn_snapshot_update(&job->snapshot, &job->view, second_ns, second_ns);
    assert_true(job->snapshot.eta_s < 0); /* nothing was measured yet */

    atomic_store(&job->counters[0].state, CN_ACTIVE);
    atomic_store(&job->counters[0].started_ns, second_ns);
    double last_fraction = 0;
    for (uint64_t tenth = 1; tenth <= 500; tenth++) { /* steady work of two threads: 100 s in all */
        set(job, 0, CN_YEARS_READ, tenth / 10);
        set(job, 0, CN_BYTES_READ, tenth);
        set(job, 0, CN_NORMALS_COMPUTED, tenth * 4 / 10);
        set(job, 0, CN_BYTES_ENCODED, tenth);
        set(job, 0, CN_NORMALS_WRITTEN, tenth * 4 / 10);
        set(job, 0, CN_READ_NS, tenth * second_ns / 10);
        set(job, 0, CN_WRITE_NS, tenth * second_ns / 10);
        cn_snapshot_update(&job->snapshot, &job->view, second_ns,
                           second_ns + tenth * (second_ns / 10));
        assert_true(job->rows[0].fraction >= last_fraction);
        last_fraction = job->rows[0].fraction;
    }
    assert_float_equal(job->rows[0].fraction, 0.5, 0.02);
    assert_float_equal(job->rows[0].eta_s, 50, 3);
    assert_float_equal(job->snapshot.eta_s, 250, 10); /* and two variables of the same size */
    assert_float_equal(job->snapshot.elapsed_s, 50, 1e-6);

    atomic_store(&job->counters[0].state, CN_DONE);
    atomic_store(&job->counters[0].finished_ns, 101 * second_ns);
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++) /* this one has nothing left to do */
        job->rows[1].values[c] = 0;
    job->rows[1].values[CN_NORMALS_KEPT] = 400;
    cn_snapshot_update(&job->snapshot, &job->view, second_ns, 101 * second_ns);
    assert_float_equal(job->rows[0].fraction, 1, 0);
    assert_float_equal(job->rows[0].elapsed_s, 100, 1e-6);
    assert_float_equal(job->snapshot.eta_s, 100, 5);
    free(job);
}

/* Long before the first year is finished, bytes tell; but not more than a few years of them. */
static void test_an_early_estimate(void **state)
{
    (void)state;
    struct watched *job = aligned_alloc(64, sizeof *job);
    assert_non_null(job);
    watch_job(job);
    set(job, 0, CN_BYTES_TO_READ, 1000000);
    set(job, 0, CN_BYTES_TO_ENCODE, 0);
    set(job, 0, CN_NORMALS_TOTAL, 0);
    cn_snapshot_begin(&job->snapshot, &job->view, job->rows);
    atomic_store(&job->counters[0].state, CN_ACTIVE);
    atomic_store(&job->counters[0].started_ns, second_ns);
    for (uint64_t tenth = 1; tenth <= 50; tenth++) { /* 5 s of 100 */
        cn_count_in_line(&job->counters[0], tenth * 7, CN_BYTES_READ,
                         1000); /* as many threads do */
        set(job, 0, CN_READ_NS, tenth * second_ns / 5);
        cn_snapshot_update(&job->snapshot, &job->view, second_ns,
                           second_ns + tenth * (second_ns / 10));
    }
    assert_float_equal(job->rows[0].eta_s, 95, 8);
    cn_count(&job->counters[0], CN_BYTES_READ, 949999); /* no years yet: that is not believed */
    cn_snapshot_update(&job->snapshot, &job->view, second_ns, 7 * second_ns);
    assert_true(job->rows[0].fraction < 0.2);
    free(job);
}

static void test_strange_counters_give_no_strange_estimates(void **state)
{
    (void)state;
    struct watched *job = aligned_alloc(64, sizeof *job);
    assert_non_null(job);
    watch_job(job);
    set(job, 0, CN_YEARS_TOTAL, 0); /* all is kept */
    set(job, 0, CN_NORMALS_TOTAL, 0);
    set(job, 0, CN_NORMALS_KEPT, 400);
    atomic_store(&job->counters[0].state, CN_ACTIVE);
    atomic_store(&job->counters[0].started_ns, 5 * second_ns); /* after "now" */
    atomic_store(&job->counters[1].state, CN_FAILED);          /* never started */
    atomic_store(&job->counters[2].state, CN_ACTIVE);
    atomic_store(&job->counters[2].started_ns, second_ns);
    set(job, 2, CN_YEARS_READ, UINT64_MAX / 2);
    set(job, 2, CN_NORMALS_WRITTEN, 1000); /* more than asked for */
    set(job, 2, CN_NORMALS_COMPUTED, 1000);
    cn_snapshot_update(&job->snapshot, &job->view, second_ns, 2 * second_ns);
    for (size_t i = 0; i < 3; i++) {
        assert_true(job->rows[i].fraction >= 0 && job->rows[i].fraction <= 1);
        assert_true(job->rows[i].elapsed_s >= 0 && job->rows[i].elapsed_s <= 1);
        assert_true(job->rows[i].eta_s >= -1); /* no NaN */
    }
    assert_true(job->snapshot.eta_s >= -1);
    free(job);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pace_follows_what_is_counted),
        cmocka_unit_test(test_estimates_become_true_in_steady_work),
        cmocka_unit_test(test_an_early_estimate),
        cmocka_unit_test(test_strange_counters_give_no_strange_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
