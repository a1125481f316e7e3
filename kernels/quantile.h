/*
 * Quantiles of samples of many days. Each day's values are a sorted list, in which a year replaces
 * another as the window moves. The lists of neighbouring days are merged, and most merged lists
 * serve several slots. Any number of quantiles is then looked up.
 */
#ifndef CLIMNORM_KERNELS_QUANTILE_H
#define CLIMNORM_KERNELS_QUANTILE_H

#include "lanes.h"
#include "sorted.h"

/* A group of q slots has pool - q + 1 days in common. The sample of its slot i is the union of two
 * lists: `lower` has the q - 1 - i days before the common ones. It is made once for each i, from
 * the last slot to the first, one day more each time. `upper` has the other days. It grows by one
 * day from each slot to the next. So a slot costs two merges of a day into a list. Both are lists
 * of VL cells, with two times -INFINITY before the first value and INFINITY after the last. */
struct quantile_lists {
    const struct window_batch *batch;
    const float *block;    /* [days][years][LANES], from the first of the VL cells on */
    size_t values, chunks; /* of a day's list, with what fills it */
    float *days;           /* [days][values] */
    float *numbers;        /* [days], how many are no fill */
    float *lower, *upper;  /* [group][0 … values * pool], [values * pool] */
    size_t first, cells;   /* the cells of the job */
};

/* Rank k + weight in a sorted list: (1 - weight) * list[k] + weight * list[k + 1]. */
struct rank {
    size_t k;
    double weight;
};

static struct rank rank_of(const struct cn_quantiles *quantiles, size_t share, size_t count)
{
    const uint64_t n = count, s = quantiles->shares[share], whole = CN_WHOLE_SHARE;
    if (quantiles->method == CN_QUANTILE_LINEAR)
        return (struct rank){(n - 1) * s / whole, (double)((n - 1) * s % whole) / (double)whole};
    const uint64_t place = (3 * n + 1) * s; /* 3 * (h + 2 / 3), in shares, where h is from 0 */
    if (place <= 2 * whole)
        return (struct rank){0, 0};
    const uint64_t rest = (place - 2 * whole) % (3 * whole);
    return (struct rank){(place - 2 * whole) / (3 * whole), (double)rest / (double)(3 * whole)};
}

/* The values of rank k and k + 1 in the union of two lists, the same k in all lanes. With i of the
 * lower ones from a, and the others from b, the largest is at least the value of rank k, and for
 * one i it is that. `a_most`, `b_most`: the values in each, at most. */
static ALWAYS_INLINE void find_together(vf found[2], const float *a, size_t a_most, const float *b,
                                        size_t b_most, size_t k)
{
    const size_t first = k + 1 > b_most ? k + 1 - b_most : 0, last = least(k + 2, a_most);
    vf here = vf_set(INFINITY), next = here;
    vf above = vf_load(b + (ptrdiff_t)(k + 1 - first) * VL);
    for (size_t i = first; i <= last; i++) {
        const vf x = vf_load(a + ((ptrdiff_t)i - 1) * VL);
        const vf y = vf_load(b + ((ptrdiff_t)k - (ptrdiff_t)i) * VL);
        here = vf_min(here, vf_max(x, y));
        next = vf_min(next, vf_max(x, above));
        above = y;
    }
    found[0] = here;
    found[1] = next;
}

/* The same for one lane: a, b are its values, VL apart. */
static void find_alone(float *here, float *next, const float *a, size_t a_most, const float *b,
                       size_t b_most, size_t k)
{
    size_t low = k + 1 > b_most ? k + 1 - b_most : 0, high = least(k + 1, a_most);
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const bool more = a[middle * VL] < b[(k - middle) * VL];
        low = more ? middle + 1 : low;
        high = more ? high : middle;
    }
    const float x[] = {a[((ptrdiff_t)low - 1) * VL], a[low * VL]};
    const float y[] = {b[((ptrdiff_t)k - (ptrdiff_t)low) * VL], b[(k + 1 - low) * VL]};
    *here = x[0] > y[0] ? x[0] : y[0];
    *next = x[1] < y[1] ? x[1] : y[1];
}

/* Where there is no next value, its weight is 0. */
static ALWAYS_INLINE vf between_ranks(vf here, vf next, vd low_weight, vd high_weight)
{
    next = vf_if(vf_le(next, vf_set(FLT_MAX)), next, here);
    const vd low = vd_low(here), high = vd_high(here);
    return vf_narrow(vd_add(low, vd_mul(low_weight, vd_sub(vd_low(next), low))),
                     vd_add(high, vd_mul(high_weight, vd_sub(vd_high(next), high))));
}

/* The sizes of the samples of a slot, of lanes. Returns: that of all lanes that have a result; 0 if
 * they differ. */
static size_t count_values(const struct quantile_lists *lists, size_t slot, float n[VL])
{
    const struct cn_window_job *job = lists->batch->job;
    vf sum = vf_set(0);
    for (size_t day = slot; day < slot + job->pool; day++)
        sum = vf_add(sum, vf_load(lists->numbers + day * VL));
    vf_store(n, sum);
    float most = 0;
    for (size_t i = 0; i < VL; i++)
        most = n[i] > most ? n[i] : most;
    for (size_t i = 0; i < VL; i++)
        if (n[i] < most && n[i] >= (float)job->min_values)
            return 0;
    return (size_t)most;
}

/* Most candidates of find_together. More are slower than find_alone in each lane. */
enum { MOST_TOGETHER = 192 };

static void put_quantiles(const struct quantile_lists *lists, size_t slot, size_t target,
                          const float *a, size_t a_days)
{
    const struct cn_window_job *job = lists->batch->job;
    const size_t place = place_of(lists->batch, slot, target);
    const size_t a_most = a_days * job->window, b_most = (job->pool - a_days) * job->window;
    float n[VL];
    const size_t common = count_values(lists, slot, n);
    for (size_t share = 0; share < job->quantiles->count; share++) {
        float *results = job->results[share * job->slots * job->targets + place];
        if (!results)
            continue;
        double weight[VL] = {0};
        float pair[2][VL] = {{0}};
        if (common && least(a_most, b_most) <= MOST_TOGETHER) {
            const struct rank rank = rank_of(job->quantiles, share, common);
            vf found[2];
            find_together(found, a, a_most, lists->upper, b_most, rank.k);
            vf_store(pair[0], found[0]);
            vf_store(pair[1], found[1]);
            for (size_t i = 0; i < VL; i++)
                weight[i] = rank.weight;
        } else {
            for (size_t i = 0; i < VL; i++) {
                if (n[i] < (float)job->min_values)
                    continue;
                const struct rank rank = rank_of(job->quantiles, share, (size_t)n[i]);
                find_alone(pair[0] + i, pair[1] + i, a + i, a_most, lists->upper + i, b_most,
                           rank.k);
                weight[i] = rank.weight;
            }
        }
        const vf result = between_ranks(vf_load(pair[0]), vf_load(pair[1]), vd_load(weight),
                                        vd_load(weight + VL / 2));
        const vm enough = vf_le(vf_set((float)job->min_values), vf_load(n));
        const vf put = vf_if(enough, result, vf_set(NAN));
        put_vectors(results + lists->first, lists->cells, &put, 1);
    }
    uint16_t *counts = job->counts ? job->counts[place] : NULL;
    for (size_t i = 0; counts && i < lists->cells; i++)
        counts[lists->first + i] = (uint16_t)n[i];
}

/* A missing value is INFINITY, and a zero is positive. */
static ALWAYS_INLINE vf clean_value(const struct quantile_lists *lists, size_t day, size_t year)
{
    const vf x = vf_load(lists->block + (day * lists->batch->years + year) * LANES);
    return vf_if(vf_le(x, x), vf_add(x, vf_set(0)), vf_set(INFINITY));
}

static ALWAYS_INLINE vf is_number(vf x) /* 1 or 0 */
{
    return vf_if(vf_le(x, vf_set(FLT_MAX)), vf_set(1), vf_set(0));
}

/* Sorts the values of a day in the first window. */
static void sort_day(const struct quantile_lists *lists, size_t day)
{
    const size_t window = lists->batch->job->window;
    float *list = lists->days + day * lists->values * VL;
    _Alignas(64) float chunk[CHUNK * VL];
    vf number = vf_set(0);
    for (size_t c = 0; c < lists->chunks; c++) {
        for (size_t i = 0; i < CHUNK; i++) {
            const bool is_used = c * CHUNK + i < window;
            const vf x = is_used ? clean_value(lists, day, c * CHUNK + i) : vf_set(INFINITY);
            number = vf_add(number, is_number(x));
            vf_store(chunk + i * VL, x);
        }
        sort_chunk(chunk);
        merge_into(list, list, c, chunk, 1);
    }
    vf_store(lists->numbers + day * VL, number);
}

/* Moves the window of a day to the next target. */
static void move_day(const struct quantile_lists *lists, size_t day, size_t target)
{
    const vf old = clean_value(lists, day, target - 1);
    const vf new = clean_value(lists, day, target + lists->batch->job->window - 1);
    replace_in(lists->days + day * lists->values * VL, lists->values, old, new);
    const vf number = vf_load(lists->numbers + day * VL);
    vf_store(lists->numbers + day * VL, vf_add(vf_sub(number, is_number(old)), is_number(new)));
}

/* The lower list of so many days. */
static float *lower_list(const struct quantile_lists *lists, size_t days)
{
    return lists->lower + (lower_values(lists->values, days) + 2) * VL;
}

static void put_group(const struct quantile_lists *lists, size_t slot, size_t slots, size_t target)
{
    const size_t pool = lists->batch->job->pool, step = lists->values * VL, chunks = lists->chunks;
    const float *days = lists->days + slot * step;
    for (size_t i = 1; i < slots; i++)
        merge_into(lower_list(lists, i), lower_list(lists, i - 1), (i - 1) * chunks,
                   days + (slots - 1 - i) * step, chunks);
    size_t count = 0;
    for (size_t i = 0; i < slots; i++) {
        for (; count < pool - slots + 1 + i; count++)
            merge_into(lists->upper, lists->upper, count * chunks,
                       days + (slots - 1 + count) * step, chunks);
        vf_store(lists->upper + count * step, vf_set(INFINITY));
        put_quantiles(lists, slot + i, target, lower_list(lists, slots - 1 - i), slots - 1 - i);
    }
}

/* The lists lie in the spare scratch. */
static struct quantile_lists make_lists(const struct window_batch *batch,
                                        const struct window_batch *largest)
{
    const struct list_sizes sizes = list_sizes_of(largest);
    struct quantile_lists lists = {
        .batch = batch, .values = sizes.day, .chunks = sizes.day / CHUNK};
    lists.days = batch->spare;
    lists.numbers = lists.days + largest->days * sizes.day * VL;
    lists.upper = lists.numbers + (largest->days + 2) * VL;
    lists.lower = lists.upper + (batch->job->pool * sizes.day + 1) * VL;
    for (size_t i = 1; i <= 2; i++)
        vf_store(lists.upper - i * VL, vf_set(-INFINITY));
    for (size_t days = 0; days < sizes.group; days++) {
        float *list = lower_list(&lists, days);
        vf_store(list - 2 * (ptrdiff_t)VL, vf_set(-INFINITY));
        vf_store(list - (ptrdiff_t)VL, vf_set(-INFINITY));
        vf_store(list + days * sizes.day * VL, vf_set(INFINITY));
    }
    return lists;
}

/* Of LANES cells of all slots of a batch: block[days][years][LANES]. */
static void quantiles_of_slots(const struct window_batch *batch, const struct window_batch *largest,
                               size_t first, size_t cells, const float *block)
{
    const size_t group = even_part(batch->slots, list_sizes_of(largest).group);
    struct quantile_lists lists = make_lists(batch, largest);
    for (size_t i = 0; i < cells; i += VL) {
        lists.first = first + i;
        lists.cells = least(cells - i, VL);
        lists.block = block + i;
        for (size_t target = 0; target < batch->targets; target++) {
            for (size_t day = 0; day < batch->days; day++)
                if (target)
                    move_day(&lists, day, target);
                else
                    sort_day(&lists, day);
            for (size_t slot = 0; slot < batch->slots; slot += group)
                put_group(&lists, slot, least(batch->slots - slot, group), target);
        }
    }
}

#endif
