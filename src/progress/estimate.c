/*
 * The model. Each kind of work costs seconds of threads, in proportion to its size: bytes to read,
 * normals to compute, bytes to encode. What is left of all, divided by the threads that work at the
 * same time, is the time left. Two things hold it up. Nothing is computed before the years of the
 * first batch are read. And where threads wait for the disk, other work fills their time, until the
 * disk alone decides.
 */
#include "progress/estimate.h"

#include <math.h>
#include <stdbool.h>

enum { PARTLY_READ = 8 }; /* years that may be partly read */

static const double horizon_s = 5;
/* Before any work of a kind is done, its cost is a guess, which counts as much as this share. */
static const double guess_share = 0.01;
static const double guess_s = 3; /* the same for the number of threads that are busy */
/* Until something is measured: seconds of a thread per byte of values, and per normal. */
static const double encode_s_per_byte = 8e-9, compute_s_per_byte = 1.5e-9, file_s = 2e-3;
/* Means compress less well than the years of the sample, and take longer: measured, 1.1 times for
 * tas, 1.7 for pr. */
static const double mean_factor = 1.25;
/* From this share of waiting on, the disk decides. */
static const double disk_decides = 0.25;
static const double least_behind_s = 2; /* so long some files always wait */

void cn_rate_estimate_update(struct cn_rate_estimate *estimate, double value, double elapsed_s,
                             double horizon)
{
    double step_s = elapsed_s - estimate->last_s;
    if (!(step_s > 0))
        return;
    double memory_s = fmin(elapsed_s, fmax(horizon, elapsed_s / 2));
    double now = fmax(0, value - estimate->last_value) / step_s;
    estimate->per_second += (now - estimate->per_second) * fmin(1, step_s / memory_s);
    estimate->last_value = value;
    estimate->last_s = elapsed_s;
}

static double part_of(double part, double whole)
{
    return whole > 0 ? fmin(1, part / whole) : 1;
}

/* The share of the input that is read. Several years are read at the same time, so bytes show
 * progress sooner than years do. But the bytes that are read may differ from the size of the files.
 */
static double share_read(const uint64_t values[])
{
    double years = (double)values[CN_YEARS_READ] + (double)values[CN_YEARS_FAILED];
    double total = (double)values[CN_YEARS_TOTAL], to_read = (double)values[CN_BYTES_TO_READ];
    double bytes = to_read > 0 ? part_of((double)values[CN_BYTES_READ], to_read) : 0;
    return fmax(part_of(years, total), fmin(bytes, part_of(years + (double)PARTLY_READ, total)));
}

/* Normals that nobody waits for any more. */
static double missing_normals(const uint64_t values[])
{
    return (double)values[CN_NORMALS_FAILED] + (double)values[CN_NORMALS_UNMADE];
}

static double share_done(const uint64_t values[], enum cn_work work)
{
    double gone = missing_normals(values), total = (double)values[CN_NORMALS_TOTAL];
    if (work == CN_WORK_READ)
        return share_read(values);
    if (work == CN_WORK_COMPUTE)
        return part_of((double)values[CN_NORMALS_COMPUTED] + gone, total);
    return part_of((double)values[CN_BYTES_ENCODED], (double)values[CN_BYTES_TO_ENCODE]);
}

static double bytes_of(const uint64_t values[], enum cn_work work)
{
    return (double)values[work == CN_WORK_READ ? CN_BYTES_TO_READ : CN_BYTES_TO_ENCODE];
}

static double thread_s_of(const uint64_t values[], enum cn_work work)
{
    static const enum cn_counter counters[CN_WORKS] = {CN_READ_NS, CN_COMPUTE_NS, CN_WRITE_NS};
    return 1e-9 * (double)values[counters[work]];
}

/* What all the work of a kind would cost by other variables, else by a sample, else by a guess. */
static double guess_cost(const uint64_t values[], enum cn_work work,
                         const struct cn_variable_pace *others)
{
    double bytes = bytes_of(values, work), normals = (double)values[CN_NORMALS_TOTAL];
    if (others->cost[work].bytes > 0)
        return bytes * others->cost[work].thread_s / others->cost[work].bytes;
    if (work == CN_WORK_READ)
        return 0; /* not known */
    if (work == CN_WORK_COMPUTE)
        return bytes * compute_s_per_byte;
    double per_byte = encode_s_per_byte;
    if (values[CN_SAMPLE_BYTES] > 0)
        per_byte =
            mean_factor * 1e-9 * (double)values[CN_SAMPLE_NS] / (double)values[CN_SAMPLE_BYTES];
    return bytes * per_byte + normals * file_s;
}

static void measure_cost(struct cn_variable_pace *pace, const uint64_t values[], enum cn_work work,
                         const struct cn_variable_pace *others)
{
    double done = share_done(values, work), measured = 0;
    if (pace->share[work].per_second > 0)
        measured = pace->thread_s[work].per_second / pace->share[work].per_second;
    double guess = guess_cost(values, work, others);
    double weight = guess > 0 ? guess_share : 0;
    if (measured > 0)
        guess = (measured * done + guess * weight) / (done + weight);
    pace->cost[work] = (struct cn_work_cost){guess, bytes_of(values, work)};
}

/* Not after the end of reading: then these stay what they were. */
static void measure_disk(struct cn_variable_pace *pace)
{
    double read_s = pace->thread_s[CN_WORK_READ].per_second, wait_s = pace->wait_s.per_second;
    double read = pace->share[CN_WORK_READ].per_second;
    pace->disk_share = pace->threads > 0 ? fmin(1, wait_s / pace->threads / disk_decides) : 0;
    pace->wait_share = read_s > 0 ? fmin(1, wait_s / read_s) : 0;
    pace->read_wall_s = read > 0 ? 1 / read : 0;
}

/* Normals that are encoded and have no names yet: they wait for the disk. */
static double count_behind(const uint64_t values[])
{
    double encoded = share_done(values, CN_WORK_WRITE) * (double)values[CN_NORMALS_TOTAL];
    return encoded - (double)values[CN_NORMALS_WRITTEN] - missing_normals(values);
}

void cn_pace_update(struct cn_variable_pace *pace, const uint64_t values[CN_COUNTERS],
                    double elapsed_s, const struct cn_variable_pace *others)
{
    bool is_read = pace->share[CN_WORK_READ].last_value >= 1;
    double threads = 0;
    for (enum cn_work w = 0; w < CN_WORKS; w++) {
        cn_rate_estimate_update(&pace->share[w], share_done(values, w), elapsed_s, horizon_s);
        cn_rate_estimate_update(&pace->thread_s[w], thread_s_of(values, w), elapsed_s, horizon_s);
        threads += pace->thread_s[w].per_second;
        measure_cost(pace, values, w, others);
    }
    cn_rate_estimate_update(&pace->wait_s, 1e-9 * (double)values[CN_WAIT_NS], elapsed_s, horizon_s);
    pace->threads = (threads * elapsed_s + others->threads * guess_s) / (elapsed_s + guess_s);
    if (!is_read)
        measure_disk(pace);
    if (count_behind(values) >= 1)
        pace->publish_s += fmax(0, elapsed_s - pace->last_s);
    pace->last_s = elapsed_s;
}

void cn_pace_add(struct cn_variable_pace *sum, const struct cn_variable_pace *pace)
{
    for (enum cn_work w = 0; w < CN_WORKS; w++)
        if (pace->cost[w].bytes > 0 && pace->cost[w].thread_s > 0) {
            sum->cost[w].thread_s += pace->cost[w].thread_s;
            sum->cost[w].bytes += pace->cost[w].bytes;
        }
    if (!(pace->threads > 0))
        return;
    sum->threads = pace->threads;
    sum->disk_share = pace->disk_share;
    sum->wait_share = pace->wait_share;
    sum->read_wall_s += pace->read_wall_s;
}

/* The cost of a whole variable, of which `pace` need not be. */
static double cost_of(const struct cn_variable_pace *pace, const uint64_t values[],
                      enum cn_work work)
{
    const struct cn_work_cost *cost = &pace->cost[work];
    double bytes = bytes_of(values, work);
    return cost->bytes > 0 ? cost->thread_s * bytes / cost->bytes : guess_cost(values, work, pace);
}

/* Seconds for the disk to read a share of a variable. */
static double disk_s(const struct cn_variable_pace *pace, const uint64_t values[], double share)
{
    const struct cn_work_cost *cost = &pace->cost[CN_WORK_READ];
    double size = cost->bytes > 0 ? bytes_of(values, CN_WORK_READ) / cost->bytes : 1;
    return pace->disk_share * pace->read_wall_s * size * share;
}

/* Seconds until encoded normals have their names, at the pace of those that have. Where many wait,
 * this is the slowest part of the run, and decides about all. */
static double publish_s(const struct cn_variable_pace *pace, const uint64_t values[])
{
    double written = (double)values[CN_NORMALS_WRITTEN], behind = count_behind(values);
    double left = (double)values[CN_NORMALS_TOTAL] - written - missing_normals(values);
    double rate = pace->publish_s > 0 ? written / pace->publish_s : 0;
    if (!(rate > 0))
        return 0;
    return behind / rate > least_behind_s ? left / rate : fmax(0, behind / rate);
}

double cn_pace_left(const struct cn_variable_pace *pace, const uint64_t values[CN_COUNTERS])
{
    double done = share_read(values), years = (double)values[CN_YEARS_TOTAL];
    double read_left = 1 - done, first = part_of((double)values[CN_YEARS_FIRST], years) - done;
    double read_s = cost_of(pace, values, CN_WORK_READ);
    if (years > 0 && (!(read_s > 0) || !(pace->threads > 0)))
        return -1;
    if (!(pace->threads > 0))
        return 0;
    first = fmax(0, fmin(first, read_left));
    read_s *= (1 - pace->wait_share * pace->disk_share) / pace->threads;
    double make_s = 0, last_s = 0, normals = (double)values[CN_NORMALS_TOTAL];
    for (enum cn_work w = CN_WORK_COMPUTE; w < CN_WORKS; w++) {
        double all_s = cost_of(pace, values, w) / pace->threads;
        make_s += all_s * (1 - share_done(values, w));
        last_s += all_s * part_of((double)values[CN_NORMALS_LAST], normals);
    }
    last_s = fmin(last_s, make_s);
    double left_s = fmax(read_s * first, disk_s(pace, values, first)) + last_s +
                    fmax(read_s * (read_left - first) + make_s - last_s,
                         disk_s(pace, values, read_left - first));
    return fmax(left_s, publish_s(pace, values));
}
