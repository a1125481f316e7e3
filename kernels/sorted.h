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

/* Of the values of two sorted lists of `size` (8, 16 or 32), the lower half goes to `low`, the
 * upper half to `high`, both sorted. `low` may be `a`; `high` is the second list and the result. */
static ALWAYS_INLINE void merge_lists(float *low, const float *a, float *high, size_t size)
{
    _Alignas(64) float upper[CHUNK * VL];
    const size_t parts = size / 8;
    for (size_t i = 0; i < 8; i++) {
        vf x[4], y[4];
        for (size_t j = 0; j < parts; j++) {
            x[j] = vf_load(a + (i + 8 * j) * VL);
            y[j] = vf_load(high + (size - 1 - i - 8 * j) * VL);
            order(x + j, y + j);
        }
        if (parts == 4) {
            order(x, x + 2), order(x + 1, x + 3), order(y, y + 2), order(y + 1, y + 3);
            order(x + 2, x + 3), order(y + 2, y + 3);
        }
        if (parts > 1)
            order(x, x + 1), order(y, y + 1);
        for (size_t j = 0; j < parts; j++) {
            vf_store(low + (i + 8 * j) * VL, x[j]);
            vf_store(upper + (i + 8 * j) * VL, y[j]);
        }
    }
    for (size_t j = 0; j < parts; j++) {
        vf v[8];
        load_8(v, upper + 8 * j * VL);
        order_bitonic(v);
        store_8(high + 8 * j * VL, v); /* first: the next chunk waits for it */
    }
    for (size_t j = 0; j < parts; j++) {
        vf v[8];
        load_8(v, low + 8 * j * VL);
        order_bitonic(v);
        store_8(low + 8 * j * VL, v);
    }
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

static void sort_chunk(float *list)
{
    for (size_t i = 0; i < CHUNK; i += 8)
        sort_8(list + i * VL);
    for (size_t i = 0; i < CHUNK; i += 16)
        merge_lists(list + i * VL, list + i * VL, list + (i + 8) * VL, 8);
    merge_lists(list, list, list + 16 * VL, 16);
}

/* Merges list[count], sorted, and added[extra], sorted, into out[count + extra], which may be
 * `list`; counts are of chunks. A chunk that is added goes up along the list: at each chunk the
 * lower half of both stays, and the upper half goes on. No value of chunk k can come to rest below
 * place k * CHUNK. */
static void merge_into(float *out, const float *list, size_t count, const float *added,
                       size_t extra)
{
    enum { FLOATS = CHUNK * VL };
    const float *from = list;
    for (size_t k = 0; k < extra; k++) {
        float *carry = out + (count + k) * FLOATS;
        for (size_t i = 0; i < FLOATS; i += VL)
            vf_store(carry + i, vf_load(added + k * FLOATS + i));
        for (size_t c = k; c < count + k; c++)
            merge_lists(out + c * FLOATS, from + c * FLOATS, carry, CHUNK);
        from = out;
    }
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
