/*
 * Quantiles of samples of many days. Each day's values are a sorted list, in which a year replaces
 * another as the window moves. The lists of neighbouring days are merged, and most merged lists
 * serve several slots. Any number of quantiles is then looked up.
 */
#ifndef CLIMNORM_KERNELS_QUANTILE_H
#define CLIMNORM_KERNELS_QUANTILE_H

#include "samples.h"
#include "sorted.h"

/* A sorted list of the values of days, VL cells, with what fills each day. Two times -INFINITY lie
 * before the first value, and two times INFINITY behind the last. */
struct day_list {
    const float *values;
    size_t days;
};

/* A group of 2^level slots has pool - 2^level + 1 days in common. Of its two halves, the first has
 * in common also the 2^(level - 1) days before them, and the second as many behind them. So the
 * list of the common days of a half is merged from that of the group and that of a block of days,
 * and so on down to single slots. But the last, smallest blocks become lists that are the slot's
 * own: a quantile is found in both lists without merging them. */
struct quantile_lists {
    const struct window_batch *batch;
    struct list_sizes sizes;
    const float *block;  /* [days][years][LANES], from the first of the VL cells on */
    float *days, *pairs; /* lists of single days; of days 1 and 2, 3 and 4, … */
    float *numbers;      /* [days], how many are no fill */
    float *rest;         /* for the lists of a group */
    size_t first, cells; /* the cells of the job */
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
 * one i it is that. `a_most`, `b_most`: the values in each, at most. Two i are tried at a time; one
 * that is too many does no harm. */
static ALWAYS_INLINE void find_together(vf found[2], const float *a, size_t a_most, const float *b,
                                        size_t b_most, size_t k)
{
    const size_t first = k + 1 > b_most ? k + 1 - b_most : 0, last = least(k + 2, a_most);
    const float *x = a + ((ptrdiff_t)last - 1) * VL, *y = b + ((ptrdiff_t)k - (ptrdiff_t)last) * VL;
    vf here = vf_set(INFINITY), next = here, below = vf_load(y);
    for (size_t i = 0; i <= last - first; i += 2, x -= 2 * VL, y += 2 * VL) {
        const vf x0 = vf_load(x), x1 = vf_load(x - VL);
        const vf y0 = below, y1 = vf_load(y + VL), y2 = vf_load(y + 2 * VL);
        here = vf_min(here, vf_min(vf_max(x0, y0), vf_max(x1, y1)));
        next = vf_min(next, vf_min(vf_max(x0, y1), vf_max(x1, y2)));
        below = y2;
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
    bool is_one = true;
    for (size_t i = 0; i < VL; i++)
        is_one &= n[i] == n[0];
    if (is_one)
        return (size_t)n[0];
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

static ALWAYS_INLINE vf quantile_together(const struct rank rank, const float *a, size_t a_most,
                                          const float *b, size_t b_most)
{
    vf found[2];
    find_together(found, a, a_most, b, b_most, rank.k);
    const vd weight = vd_set(rank.weight);
    return between_ranks(found[0], found[1], weight, weight);
}

/* Of samples of n values. */
static vf quantile_alone(const struct cn_window_job *job, size_t share, const float n[VL],
                         const float *a, size_t a_most, const float *b, size_t b_most)
{
    double weight[VL] = {0};
    float here[VL] = {0}, next[VL] = {0};
    for (size_t i = 0; i < VL; i++) {
        if (n[i] < (float)job->min_values)
            continue;
        const struct rank rank = rank_of(job->quantiles, share, (size_t)n[i]);
        find_alone(here + i, next + i, a + i, a_most, b + i, b_most, rank.k);
        weight[i] = rank.weight;
    }
    return between_ranks(vf_load(here), vf_load(next), vd_load(weight), vd_load(weight + VL / 2));
}

static void put_quantiles(const struct quantile_lists *lists, size_t slot, size_t target,
                          struct day_list own, struct day_list common)
{
    const struct cn_window_job *job = lists->batch->job;
    const size_t place = place_of(lists->batch, slot, target);
    const float *a = own.values, *b = common.values;
    const size_t a_most = own.days * job->window, b_most = common.days * job->window;
    float n[VL];
    const size_t all = count_values(lists, slot, n);
    const bool together = all && least(a_most, b_most) <= MOST_TOGETHER;
    const vm enough = vf_le(vf_set((float)job->min_values), vf_load(n));
    for (size_t share = 0; share < job->quantiles->count; share++) {
        float *results = job->results[share * job->slots * job->targets + place];
        if (!results)
            continue;
        const vf result =
            together ? quantile_together(rank_of(job->quantiles, share, all), a, a_most, b, b_most)
                     : quantile_alone(job, share, n, a, a_most, b, b_most);
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

/* Marks the ends of a list of so many values. Returns: where its values are to be. */
static float *list_at(float *place, size_t values)
{
    vf_store(place, vf_set(-INFINITY));
    vf_store(place + VL, vf_set(-INFINITY));
    vf_store(place + (2 + values) * VL, vf_set(INFINITY));
    vf_store(place + (3 + values) * VL, vf_set(INFINITY));
    return place + (ptrdiff_t)2 * VL;
}

/* The floats of the list of so many days. */
static size_t list_floats(const struct quantile_lists *lists, size_t days)
{
    return (days * lists->sizes.day + LIST_ENDS) * VL;
}

static float *list_of_day(const struct quantile_lists *lists, size_t day)
{
    return lists->days + day * list_floats(lists, 1) + (ptrdiff_t)2 * VL;
}

/* The lists of a group's pairs take turns, so that they stay in cache. */
static float *pair_place(const struct quantile_lists *lists, size_t first_day)
{
    return lists->pairs + first_day / 2 % lists->sizes.pairs * list_floats(lists, 2);
}

/* Sorts the values of a day in the first window. */
static void sort_day(const struct quantile_lists *lists, size_t day)
{
    const size_t window = lists->batch->job->window, values = lists->sizes.day;
    float *list = list_at(lists->days + day * list_floats(lists, 1), values);
    vf number = vf_set(0);
    for (size_t i = 0; i < values; i++) {
        const vf x = i < window ? clean_value(lists, day, i) : vf_set(INFINITY);
        number = vf_add(number, is_number(x));
        vf_store(list + i * VL, x);
    }
    vf_store(lists->numbers + day * VL, number);
    for (size_t i = 0; i < values; i += CHUNK) {
        sort_chunk(list + i * VL);
        if (i) {
            merge(lists->rest, list + i * VL, 1, list, i / CHUNK);
            memcpy(list, lists->rest, (i + CHUNK) * VL * sizeof *list);
        }
    }
}

/* Moves the window of a day to the next target. */
static void move_day(const struct quantile_lists *lists, size_t day, size_t target)
{
    const vf old = clean_value(lists, day, target - 1);
    const vf new = clean_value(lists, day, target + lists->batch->job->window - 1);
    replace_in(list_of_day(lists, day), lists->batch->job->window, old, new);
    const vf number = vf_load(lists->numbers + day * VL);
    vf_store(lists->numbers + day * VL, vf_add(vf_sub(number, is_number(old)), is_number(new)));
}

/* Merges two lists at a place that neither takes. */
static struct day_list merge_days(const struct quantile_lists *lists, struct day_list a,
                                  struct day_list b, float *place)
{
    const size_t chunks = lists->sizes.day / CHUNK, days = a.days + b.days;
    float *list = list_at(place, days * lists->sizes.day);
    merge(list, a.values, a.days * chunks, b.values, b.days * chunks);
    return (struct day_list){list, days};
}

/* The list of days that follow each other, which is made at `place` if need be. Two days are a
 * pair: where slots have days in common, all blocks of more days than one begin at an odd day. */
static struct day_list list_of_days(const struct quantile_lists *lists, size_t day, size_t days,
                                    float *place)
{
    if (days == 1)
        return (struct day_list){list_of_day(lists, day), 1};
    if (days == 2)
        return (struct day_list){pair_place(lists, day) + (ptrdiff_t)2 * VL, 2};
    const size_t half = half_above(days);
    float *rest = place + list_floats(lists, days);
    const struct day_list b = list_of_days(lists, day + half, days - half, rest);
    const struct day_list a =
        list_of_days(lists, day, half, rest + list_floats(lists, days - half));
    return merge_days(lists, b, a, place);
}

/* The most days of a block that is merged into a list of a slot's own, not into a list of days
 * that slots have in common. */
static size_t own_days(size_t pool)
{
    return pool < 12 ? 1 : 2;
}

/* The quantiles of the first 2^level slots from `slot` on. */
static void put_slots(const struct quantile_lists *lists, size_t slot, size_t level, size_t target,
                      struct day_list own, struct day_list common, float *place)
{
    if (!level) {
        put_quantiles(lists, slot, target, own, common);
        return;
    }
    const size_t half = (size_t)1 << (level - 1), pool = lists->batch->job->pool;
    for (size_t i = 0; i < 2 && slot + i * half < lists->batch->slots; i++) {
        const size_t day = i ? slot + pool : slot + half - 1;
        struct day_list parts[] = {own, common};
        struct day_list *part = parts + (half > own_days(pool));
        const size_t days = part->days + half;
        float *rest = place + list_floats(lists, days);
        const struct day_list added = list_of_days(lists, day, half, rest);
        *part = part->days ? merge_days(lists, added, *part, place) : added;
        put_slots(lists, slot + i * half, level - 1, target, parts[0], parts[1], rest);
    }
}

/* The lists lie in the spare scratch. */
static struct quantile_lists make_lists(const struct window_batch *batch,
                                        const struct window_batch *largest)
{
    struct quantile_lists lists = {.batch = batch, .sizes = list_sizes_of(largest)};
    lists.days = batch->spare;
    lists.numbers = lists.days + largest->days * list_floats(&lists, 1);
    lists.pairs = lists.numbers + largest->days * VL;
    lists.rest = lists.pairs + lists.sizes.pairs * list_floats(&lists, 2);
    return lists;
}

/* Sorts the values of a day for a target, and makes the list of a pair that it completes. */
static void prepare_day(const struct quantile_lists *lists, size_t day, size_t target)
{
    if (target)
        move_day(lists, day, target);
    else
        sort_day(lists, day);
    if (lists->sizes.levels && day && day % 2 == 0)
        merge_days(lists, list_of_days(lists, day - 1, 1, NULL), list_of_days(lists, day, 1, NULL),
                   pair_place(lists, day - 1));
}

/* The quantiles of all slots of the batch. */
static void quantiles_of_target(const struct quantile_lists *lists, size_t target)
{
    const struct window_batch *batch = lists->batch;
    const size_t group = (size_t)1 << lists->sizes.levels, pool = batch->job->pool;
    size_t prepared = 0;
    for (size_t slot = 0; slot < batch->slots; slot += group) {
        while (prepared < least(batch->days, slot + group + pool - 1))
            prepare_day(lists, prepared++, target);
        const struct day_list none = {list_at(lists->rest, 0), 0};
        float *place = lists->rest + list_floats(lists, 0);
        const size_t days = pool - group + 1;
        const struct day_list common = list_of_days(lists, slot + group - 1, days, place);
        put_slots(lists, slot, lists->sizes.levels, target, none, common,
                  place + list_floats(lists, days));
    }
}

static void quantiles_of_samples(const struct samples *of, const struct window_batch *largest)
{
    struct quantile_lists lists = make_lists(of->batch, largest);
    for (size_t i = 0; i < of->cells; i += VL) {
        lists.first = of->first + i;
        lists.cells = least(of->cells - i, VL);
        lists.block = of->block + i;
        for (size_t target = 0; target < of->batch->targets; target++)
            quantiles_of_target(&lists, target);
    }
}

#endif
