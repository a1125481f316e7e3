/*
 * Computes rates and estimates from counters. It does not know how they are shown.
 */
#include "progress/snapshot.h"

#include "progress/counters.h"

#include <math.h>

/* What the parts of the work cost, so that the estimate of the time is steady. Deflating a byte of
 * a normal costs 1.6 times as much as inflating a stored byte (docs/performance.md). The number of
 * normals alone would not do: it stays 0 until a window of years is read, and then rises fast. */
static const double compute_share = 0.05, write_cost = 1.6;
enum { PARTLY_READ = 8 };                  /* years that may be partly read */
static const double least_measured = 0.01; /* an estimate from less would jump */
static const double longest_estimate_s = 100 * 86400.0;

void cn_rate_estimate_update(struct cn_rate_estimate *estimate, double value, double elapsed_s,
                             double horizon_s)
{
    double step_s = elapsed_s - estimate->last_s;
    if (!(step_s > 0))
        return;
    double memory_s = fmin(elapsed_s, fmax(horizon_s, elapsed_s / 2));
    double now = fmax(0, value - estimate->last_value) / step_s;
    estimate->per_second += (now - estimate->per_second) * fmin(1, step_s / memory_s);
    estimate->last_value = value;
    estimate->last_s = elapsed_s;
}

const char *cn_state_name(enum cn_variable_state state, bool over)
{
    static const char *const names[] = {[CN_WAITING] = "waiting",
                                        [CN_ACTIVE] = "active",
                                        [CN_DONE] = "done",
                                        [CN_FAILED] = "failed"};
    return over && state == CN_ACTIVE ? "stopped" : names[state];
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 1 : fmin(1, (double)part / (double)whole);
}

/* The share of the input that is read. Several years are read at the same time, so bytes show
 * progress sooner than years do. But the bytes that are read may differ from the size of the files.
 */
static double read_done(const uint64_t values[])
{
    uint64_t years = values[CN_YEARS_READ] + values[CN_YEARS_FAILED];
    double most = ratio(years + PARTLY_READ, values[CN_YEARS_TOTAL]);
    double bytes =
        values[CN_BYTES_TO_READ] > 0 ? ratio(values[CN_BYTES_READ], values[CN_BYTES_TO_READ]) : 0;
    return fmax(ratio(years, values[CN_YEARS_TOTAL]), fmin(bytes, most));
}

static double work_done(const struct cn_progress_row *row)
{
    const uint64_t *values = row->values, total = values[CN_NORMALS_TOTAL],
                   failed = values[CN_NORMALS_FAILED];
    if (row->state == CN_DONE)
        return 1;
    if (row->state == CN_FAILED && values[CN_YEARS_TOTAL] + total == 0)
        return 0; /* it has not begun */
    double write_bytes = write_cost * (double)values[CN_BYTES_TO_WRITE];
    double bytes = (double)values[CN_BYTES_TO_READ] + write_bytes, left = 1 - compute_share;
    double write_share = left * (bytes > 0 ? write_bytes / bytes : 0.4);
    return (left - write_share) * read_done(values) +
           compute_share * ratio(values[CN_NORMALS_COMPUTED] + failed, total) +
           write_share * ratio(values[CN_NORMALS_WRITTEN] + failed, total);
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

static void update_row(struct cn_progress_row *row, const struct cn_counters *counters,
                       uint64_t now_ns)
{
    /* Pairs with the release in cn_counters_enter, after which the totals do not change. */
    row->state =
        (enum cn_variable_state)atomic_load_explicit(&counters->state, memory_order_acquire);
    row->eta_s = -1;
    if (row->state == CN_WAITING)
        return;
    read_counters(row, counters);
    row->problem = atomic_load_explicit(&counters->problem, memory_order_acquire);
    row->fraction = work_done(row);

    uint64_t started_ns = atomic_load_explicit(&counters->started_ns, memory_order_relaxed);
    uint64_t finished_ns = atomic_load_explicit(&counters->finished_ns, memory_order_relaxed);
    bool over = row->state != CN_ACTIVE;
    row->elapsed_s = started_ns ? seconds_between(started_ns, over ? finished_ns : now_ns) : 0;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        update_rate(&row->rates[c], (double)row->values[c], row->elapsed_s, over,
                    cn_counter_rows[c].rate_horizon_s);
    if (over)
        return;
    cn_rate_estimate_update(&row->fraction_rate, row->fraction, row->elapsed_s, 30);
    if (row->fraction < least_measured || !(row->fraction_rate.per_second > 0))
        return;
    double left_s = (1 - row->fraction) / row->fraction_rate.per_second;
    if (left_s < longest_estimate_s)
        row->eta_s = left_s;
}

/* The size of a variable; years and files count the same. 0: the totals are not known yet. */
static double weight(const struct cn_progress_row *row)
{
    return (double)row->values[CN_YEARS_TOTAL] + (double)row->values[CN_NORMALS_TOTAL];
}

/* Seconds left: those of the active variable, and for each waiting one the time that other
 * variables took for its size. */
static double job_left(const struct cn_snapshot *snapshot)
{
    double left_s = 0, spent_s = 0, spent_weight = 0;
    size_t measured = 0, waiting = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        waiting += row->state == CN_WAITING;
        bool active = row->state == CN_ACTIVE;
        if (active && row->eta_s < 0)
            return -1;
        if (active)
            left_s += row->eta_s;
        if ((active || row->state == CN_DONE) && weight(row) > 0) {
            spent_s += row->elapsed_s + fmax(0, row->eta_s);
            spent_weight += weight(row);
            measured++;
        }
    }
    if (waiting > 0 && measured == 0)
        return -1;
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        if (row->state != CN_WAITING)
            continue;
        bool known = weight(row) > 0 || row->values[CN_NORMALS_KEPT] > 0;
        left_s += spent_s * (known ? weight(row) / spent_weight : 1.0 / (double)measured);
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
        rows[i].eta_s = -1;
        read_counters(&rows[i], &view->counters[i]);
    }
}

void cn_snapshot_update(struct cn_snapshot *snapshot, const struct cn_progress_view *view,
                        uint64_t start_ns, uint64_t now_ns)
{
    for (size_t i = 0; i < snapshot->count; i++)
        update_row(&snapshot->rows[i], &view->counters[i], now_ns);
    snapshot->elapsed_s = seconds_between(start_ns, now_ns);
    snapshot->eta_s = job_left(snapshot);
}
