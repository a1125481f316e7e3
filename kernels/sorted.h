/*
 * Sorted lists of floats, VL of them side by side: list[n][VL]. All is compared and moved without a
 * branch on a value, so that the lists of all lanes are sorted together. No value is NaN or -0.
 */
#ifndef CLIMNORM_KERNELS_SORTED_H
#define CLIMNORM_KERNELS_SORTED_H

#include "words.h"

static ALWAYS_INLINE void order(vf *a, vf *b)
{
    const vf low = vf_min(*a, *b);
    *b = vf_max(*a, *b);
    *a = low;
}

/* Sorts 8 values that rise and then fall, or that do so when they are rotated (Batcher). */
static ALWAYS_INLINE void order_bitonic(vf v[8])
{
    order(v, v + 4), order(v + 1, v + 5), order(v + 2, v + 6), order(v + 3, v + 7);
    order(v, v + 2), order(v + 1, v + 3), order(v + 4, v + 6), order(v + 5, v + 7);
    order(v, v + 1), order(v + 2, v + 3), order(v + 4, v + 5), order(v + 6, v + 7);
}

/* Sorts 4 such values. */
static ALWAYS_INLINE void order_4(vf v[4])
{
    order(v, v + 2), order(v + 1, v + 3), order(v, v + 1), order(v + 2, v + 3);
}

static ALWAYS_INLINE void load_8(vf v[8], const float *from)
{
    for (size_t i = 0; i < 8; i++)
        v[i] = vf_load(from + i * VL);
}

static ALWAYS_INLINE void store_8(float *to, const vf v[8])
{
    for (size_t i = 0; i < 8; i++)
        vf_store(to + i * VL, v[i]);
}

/* The power of two that is half of `count`, more than 1, or of the next larger power of two. */
static size_t half_above(size_t count)
{
    size_t half = 1;
    while (2 * half < count)
        half *= 2;
    return half;
}

/* A chunk of a list, from its first or its last value on. */
struct list_chunk {
    const float *from;
    ptrdiff_t step;
};

/* Chunk c of the values of `a`, from the last to the first, and those of `b` behind them. */
static struct list_chunk chunk_of(const float *a, size_t a_count, const float *b, size_t c)
{
    if (c < a_count)
        return (struct list_chunk){a + ((a_count - c) * CHUNK - 1) * VL, -(ptrdiff_t)VL};
    return (struct list_chunk){b + (c - a_count) * CHUNK * VL, VL};
}

/* Sorts the values of chunks, 1, 2 or 4, that are bitonic as above. */
static ALWAYS_INLINE void order_parts(float *to, const struct list_chunk *from, size_t chunks)
{
    for (size_t i = 0; i < 8; i++) {
        vf v[16];
        for (size_t k = 0; k < 4 * chunks; k++)
            v[k] = vf_load(from[k / 4].from + (ptrdiff_t)(i + k % 4 * 8) * from[k / 4].step);
        for (size_t k = 0; chunks == 4 && k < 8; k++)
            order(v + k, v + 8 + k);
        for (size_t k = 0; k < 4 * chunks; k += 8)
            if (chunks == 1)
                order_4(v);
            else
                order_bitonic(v + k);
        for (size_t k = 0; k < 4 * chunks; k++)
            vf_store(to + (i + k * 8) * VL, v[k]);
    }
    for (size_t k = 0; k < 4 * chunks; k++) {
        vf v[8];
        load_8(v, to + k * 8 * VL);
        order_bitonic(v);
        store_8(to + k * 8 * VL, v);
    }
}

static void order_few(float *to, const struct list_chunk *from, size_t chunks)
{
    if (chunks == 1)
        order_parts(to, from, 1);
    else if (chunks == 2)
        order_parts(to, from, 2);
    else
        order_parts(to, from, 4);
}

/* The same of any number of chunks that fall and then rise. As if INFINITY followed up to a power
 * of two, which no step would move. */
static void order_list(float *list, size_t chunks)
{
    enum { FLOATS = CHUNK * VL };
    if (chunks < 5 && chunks != 3) {
        const struct list_chunk parts[] = {
            {list, VL}, {list + FLOATS, VL}, {list + 2 * FLOATS, VL}, {list + 3 * FLOATS, VL}};
        order_few(list, parts, chunks);
        return;
    }
    const size_t half = half_above(chunks);
    float *upper = list + half * FLOATS;
    for (size_t i = 0; i < (chunks - half) * FLOATS; i += VL) {
        vf x = vf_load(list + i), y = vf_load(upper + i);
        order(&x, &y);
        vf_store(list + i, x);
        vf_store(upper + i, y);
    }
    order_list(list, half);
    order_list(upper, chunks - half);
}

/* Merges two sorted lists into a third, which lies elsewhere; counts are of chunks. The values of
 * `a` from the last to the first, and then those of `b`, fall and then rise. */
static void merge(float *to, const float *a, size_t a_count, const float *b, size_t b_count)
{
    enum { FLOATS = CHUNK * VL };
    const size_t count = a_count + b_count, half = half_above(count);
    if (count == 2 || count == 4) {
        struct list_chunk parts[4];
        for (size_t c = 0; c < count; c++)
            parts[c] = chunk_of(a, a_count, b, c);
        order_few(to, parts, count);
        return;
    }
    for (size_t c = 0; c < half; c++) {
        const struct list_chunk low = chunk_of(a, a_count, b, c),
                                high = chunk_of(a, a_count, b, c + half);
        float *lower = to + c * FLOATS, *upper = lower + half * FLOATS;
        for (size_t i = 0; i < CHUNK; i++) {
            vf x = vf_load(low.from + (ptrdiff_t)i * low.step);
            if (c + half < count) {
                vf y = vf_load(high.from + (ptrdiff_t)i * high.step);
                order(&x, &y);
                vf_store(upper + i * VL, y);
            }
            vf_store(lower + i * VL, x);
        }
    }
    order_list(to, half);
    order_list(to + half * FLOATS, count - half);
}

/* Sorts 8 values in 19 steps (Knuth, The Art of Computer Programming 3, 5.3.4). */
static ALWAYS_INLINE void sort_8(float *list)
{
    vf v[8];
    load_8(v, list);
    order(v, v + 2), order(v + 1, v + 3), order(v + 4, v + 6), order(v + 5, v + 7);
    order(v, v + 4), order(v + 1, v + 5), order(v + 2, v + 6), order(v + 3, v + 7);
    order(v, v + 1), order(v + 2, v + 3), order(v + 4, v + 5), order(v + 6, v + 7);
    order(v + 2, v + 4), order(v + 3, v + 5);
    order(v + 1, v + 4), order(v + 3, v + 6);
    order(v + 1, v + 2), order(v + 3, v + 4), order(v + 5, v + 6);
    store_8(list, v);
}

/* Merges two sorted lists of `size`, 8 or 16, behind each other into one that lies elsewhere. */
static ALWAYS_INLINE void merge_small(float *to, const float *from, size_t size)
{
    for (size_t i = 0; i < 8; i++) {
        const float *first = from + i * VL, *last = from + (2 * size - 1 - i) * VL;
        vf v[4] = {vf_load(first), vf_load(last)};
        if (size == 16) {
            v[2] = v[1];
            v[1] = vf_load(first + (ptrdiff_t)8 * VL);
            v[3] = vf_load(last - (ptrdiff_t)8 * VL);
            order_4(v);
        } else {
            order(v, v + 1);
        }
        for (size_t j = 0; 4 * j < size; j++)
            vf_store(to + (i + 8 * j) * VL, v[j]);
    }
    for (size_t i = 0; i < 2 * size; i += 8) {
        vf v[8];
        load_8(v, to + i * VL);
        order_bitonic(v);
        store_8(to + i * VL, v);
    }
}

static void sort_chunk(float *list)
{
    _Alignas(64) float merged[CHUNK * VL];
    for (size_t i = 0; i < CHUNK; i += 8)
        sort_8(list + i * VL);
    for (size_t i = 0; i < CHUNK; i += 16)
        merge_small(merged + i * VL, list + i * VL, 8);
    merge_small(list, merged, 16);
}

/* In a sorted list, replaces one value that equals `old` by `new`. With `new` in place, the value
 * at i would be the middle one of list[i - 1], list[i] and `new`; from `old` on, all move down. */
static void replace_in(float *list, size_t count, vf old, vf new)
{
    vf before = vf_load(list), kept = vf_min(before, new);
    for (size_t i = 1; i < count; i++) {
        const vf here = vf_load(list + i * VL), next = vf_min(here, vf_max(before, new));
        vf_store(list + (i - 1) * VL, vf_if(vf_le(old, kept), next, kept));
        before = here;
        kept = next;
    }
    const vf next = vf_max(before, new);
    vf_store(list + (count - 1) * VL, vf_if(vf_le(old, kept), next, kept));
}

#endif
