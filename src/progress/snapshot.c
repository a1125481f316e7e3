/*
 * Computes rates and estimates from counters. It does not know how they are shown.
 */
#include "progress/snapshot.h"

#include "progress/counters.h"

#include <math.h>

static const double longest_estimate_s = 100 * 86400.0;
static const double least_measured_s =
    0.5; /* of the first variable: an estimate from less would jump */

const char *cn_state_name(enum cn_variable_state state, bool over)
{
    static const char *const names[] = {[CN_WAITING] = "waiting",
                                        [CN_ACTIVE] = "active",
                                        [CN_DONE] = "done",
                                        [CN_FAILED] = "failed"};
    return over && state == CN_ACTIVE ? "stopped" : names[state];
}

static void read_counters(struct cn_progress_row *row, const struct cn_counters *counters)
{
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        row->values[c] = cn_counted(counters, c);
}

static double seconds_between(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? (double)(to_ns - from_ns) * 1e-9 : 0;
}

static void update_rate(struct cn_rate_estimate *rate, double value, double elapsed_s, bool over,
                        double horizon_s)
{
    if (over && horizon_s > 0)
        rate->per_second = elapsed_s > 0 ? value / elapsed_s : 0;
    else if (horizon_s > 0)
        cn_rate_estimate_update(rate, value, elapsed_s, horizon_s);
}

/* Of an active variable. others: those that are over. */
static void estimate_row(struct cn_progress_row *row, const struct cn_variable_pace *others)
{
    cn_pace_update(&row->pace, row->values, row->elapsed_s, others);
    double left_s = cn_pace_left(&row->pace, row->values);
    bool is_known = row->elapsed_s >= least_measured_s || others->cost[CN_WORK_READ].bytes > 0;
    if (!is_known || left_s < 0 || left_s > longest_estimate_s)
        return;
    row->eta_s = left_s;
    row->fraction = fmax(row->fraction, row->elapsed_s / (row->elapsed_s + left_s));
}

static void update_row(struct cn_progress_row *row, const struct cn_counters *counters,
                       uint64_t now_ns, struct cn_variable_pace *others)
{
    const bool was_over = row->state == CN_DONE || row->state == CN_FAILED;
    if (was_over) { /* nothing counts any more; and there may be hundreds of rows */
        cn_pace_add(others, &row->pace);
        return;
    }
    /* Pairs with the release in cn_counters_enter, after which the totals do not change. */
    row->state =
        (enum cn_variable_state)atomic_load_explicit(&counters->state, memory_order_acquire);
    row->eta_s = -1;
    if (row->state == CN_WAITING)
        return;
    read_counters(row, counters);
    row->problem = atomic_load_explicit(&counters->problem, memory_order_acquire);
    uint64_t started_ns = atomic_load_explicit(&counters->started_ns, memory_order_relaxed);
    uint64_t finished_ns = atomic_load_explicit(&counters->finished_ns, memory_order_relaxed);
    bool over = row->state != CN_ACTIVE;
    row->elapsed_s = started_ns ? seconds_between(started_ns, over ? finished_ns : now_ns) : 0;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        update_rate(&row->rates[c], (double)row->values[c], row->elapsed_s, over,
                    cn_counter_rows[c].rate_horizon_s);
    if (row->state == CN_ACTIVE)
        estimate_row(row, others);
    else if (row->state == CN_DONE)
        row->fraction = 1;
    cn_pace_add(others, &row->pace);
}

/* Seconds left: those of the active variable and of the waiting ones. */
static double job_left(const struct cn_snapshot *snapshot, const struct cn_variable_pace *known)
{
    double left_s = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        double row_s = 0;
        if (row->state == CN_ACTIVE)
            row_s = row->eta_s;
        else if (row->state == CN_WAITING)
            row_s = cn_pace_left(known, row->values);
        if (row_s < 0)
            return -1;
        left_s += row_s;
    }
    return left_s < longest_estimate_s ? left_s : -1;
}

void cn_snapshot_begin(struct cn_snapshot *snapshot, const struct cn_progress_view *view,
                       struct cn_progress_row *rows)
{
    *snapshot = (struct cn_snapshot){.title = view->title ? view->title : "",
                                     .threads = view->threads,
                                     .eta_s = -1,
                                     .arena_bytes = view->arena_bytes,
                                     .rows = rows,
                                     .count = view->count};
    for (size_t i = 0; i < view->count; i++) {
        rows[i].name = view->counters[i].name;
        rows[i].model = view->counters[i].model;
        rows[i].eta_s = -1;
        read_counters(&rows[i], &view->counters[i]);
    }
}

void cn_snapshot_update(struct cn_snapshot *snapshot, const struct cn_progress_view *view,
                        uint64_t start_ns, uint64_t now_ns)
{
    struct cn_variable_pace known = {.threads = view->threads};
    for (size_t i = 0; i < snapshot->count; i++)
        update_row(&snapshot->rows[i], &view->counters[i], now_ns, &known);
    snapshot->elapsed_s = seconds_between(start_ns, now_ns);
    snapshot->eta_s = job_left(snapshot, &known);
}
