/*
 * Exact sums of float32 as one long fixed-point number, as wide as the type: no spread of values is
 * too large. Slow, in plain C; the vector kernels call it for the blocks that need it. Knows
 * nothing of vectors.
 */
#include "portable/exact.h"

#include <math.h>
#include <string.h>

/* sum of limbs[i] * 2^(32 i - 149): from the least subnormal to 2^139, beyond 1000 * FLT_MAX. A
 * limb takes less than 2^32 per value, so that no number of rows can overflow it. */
enum { LIMBS = 9, LEAST_EXPONENT = -149 };

struct total {
    int64_t limbs[LIMBS];
    int count;
};

/* times: 1 adds the value, -1 takes it away again. */
static void add(struct total *total, float value, int times)
{
    if (isnan(value))
        return;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t exponent = bits >> 23 & 0xff, place = exponent ? exponent - 1 : 0;
    uint64_t digits = (uint64_t)(bits & 0x7fffff) | (exponent ? 1 << 23 : 0);
    digits <<= place % 32;
    int64_t sign = bits >> 31 ? -times : times;
    total->limbs[place / 32] += sign * (int64_t)(digits & UINT32_MAX);
    total->limbs[place / 32 + 1] += sign * (int64_t)(digits >> 32);
    total->count += times;
}

/* To the nearest double, ties to even; +0 for zero. */
static double rounded(const int64_t limbs[LIMBS])
{
    uint32_t digits[2 + LIMBS] = {0}; /* two zeros below, so that three can always be taken */
    int64_t carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += limbs[i];
        digits[2 + i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry < 0) {
        int64_t opposite[LIMBS];
        for (size_t i = 0; i < LIMBS; i++)
            opposite[i] = -limbs[i];
        return -rounded(opposite);
    }
    int top = 1 + LIMBS;
    while (top > 2 && !digits[top])
        top--;
    if (!digits[top])
        return 0;
    /* 63 bits, of which the last also says whether any below is set: it can only break ties. */
    const int shift = __builtin_clz(digits[top]) + 31;
    const unsigned __int128 head =
        ((unsigned __int128)digits[top] << 64 | (uint64_t)digits[top - 1] << 32 | digits[top - 2])
        << shift;
    uint64_t below = (uint64_t)head;
    for (int i = 0; i < top - 2; i++)
        below |= digits[i];
    const int64_t kept = (int64_t)(head >> 64) | (below != 0);
    return ldexp((double)kept, 32 * (top - 2) - shift + LEAST_EXPONENT);
}

void cn_window_means_exact(const struct cn_window_job *job, size_t cell, const float *values,
                           size_t stride)
{
    struct total total = {0};
    for (size_t row = 0; row < job->window + job->targets - 1; row++) {
        if (row >= job->window)
            add(&total, values[(row - job->window) * stride], -1);
        add(&total, values[row * stride], 1);
        if (row + 1 < job->window)
            continue;
        const size_t target = row + 1 - job->window;
        if (job->means[target])
            job->means[target][cell] =
                total.count ? (float)(rounded(total.limbs) / total.count) : NAN;
        if (job->counts && job->counts[target])
            job->counts[target][cell] = (int16_t)total.count;
    }
}
