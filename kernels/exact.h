/*
 * Exact sums of doubles, and floats that are rounded from them once. Slow: for the few sums whose
 * last digit is in doubt. Plain C, without words.
 */
#ifndef CLIMNORM_KERNELS_EXACT_H
#define CLIMNORM_KERNELS_EXACT_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An integer in units of 2^-1074, the last digit of the smallest doubles, lowest word first, as
 * two's complement. It holds the sum of any 2^16 doubles. */
enum { EXACT_WORDS = 34 };
struct exact {
    uint64_t words[EXACT_WORDS];
};

static void exact_add(struct exact *sum, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t exponent = bits >> 52 & 0x7ff, fraction = bits & 0xfffffffffffff;
    const uint64_t digits = exponent ? fraction | 1ULL << 52 : fraction;
    const size_t place = exponent ? exponent - 1 : 0, first = place / 64, shift = place % 64;
    const uint64_t parts[] = {digits << shift, shift ? digits >> (64 - shift) : 0};
    bool carry = false;
    for (size_t i = first; i < EXACT_WORDS && (carry || i < first + 2); i++) {
        const uint64_t part = i < first + 2 ? parts[i - first] : 0;
        bool over;
        if (bits >> 63) {
            over = __builtin_sub_overflow(sum->words[i], part, &sum->words[i]);
            carry = __builtin_sub_overflow(sum->words[i], (uint64_t)carry, &sum->words[i]) || over;
        } else {
            over = __builtin_add_overflow(sum->words[i], part, &sum->words[i]);
            carry = __builtin_add_overflow(sum->words[i], (uint64_t)carry, &sum->words[i]) || over;
        }
    }
}

/* -1, 0 or 1 */
static int exact_sign(const struct exact *sum)
{
    uint64_t all = 0;
    for (size_t i = 0; i < EXACT_WORDS; i++)
        all |= sum->words[i];
    return sum->words[EXACT_WORDS - 1] >> 63 ? -1 : all != 0;
}

/* The sign of sum - x. */
static int exact_compare(const struct exact *sum, double x)
{
    struct exact rest = *sum;
    exact_add(&rest, -x);
    return exact_sign(&rest);
}

/* A double near a sum that is not negative; INFINITY if there is none. */
static double exact_estimate(const struct exact *sum)
{
    size_t top = EXACT_WORDS - 1;
    while (top > 1 && !sum->words[top])
        top--;
    const double digits = (double)sum->words[top] * 0x1p64 + (double)sum->words[top - 1];
    return ldexp(digits, (int)(64 * (top - 1)) - 1074);
}

/* Halfway from a float up to the next one, as if there was one after FLT_MAX. */
static double halfway_up(float x)
{
    return x < FLT_MAX ? ((double)x + (double)nextafterf(x, INFINITY)) / 2 : 0x1.ffffffp127;
}

/* sum / n as float, rounded once to nearest, to even if two are; NaN if it is too large. A zero is
 * positive. The products with n, at most 2^16, are exact: halfway points have 25 bits. */
static float exact_quotient(struct exact sum, size_t n)
{
    const int sign = exact_sign(&sum);
    if (sign < 0) {
        const struct exact negative = sum;
        bool borrow = false;
        for (size_t i = 0; i < EXACT_WORDS; i++) {
            sum.words[i] = -negative.words[i] - borrow;
            borrow = borrow || negative.words[i];
        }
    }
    /* The estimate is one float away at most. */
    const float estimate = (float)(exact_estimate(&sum) / (double)n);
    float nearest = estimate <= FLT_MAX ? estimate : FLT_MAX;
    uint32_t bits;
    memcpy(&bits, &nearest, sizeof bits);
    const int is_odd = bits & 1;
    if (exact_compare(&sum, halfway_up(nearest) * (double)n) + is_odd > 0)
        nearest = nextafterf(nearest, INFINITY);
    else if (nearest > 0 &&
             exact_compare(&sum, halfway_up(nextafterf(nearest, 0)) * (double)n) - is_odd < 0)
        nearest = nextafterf(nearest, 0);
    if (nearest > FLT_MAX)
        return NAN;
    return sign < 0 && nearest > 0 ? -nearest : nearest;
}

#endif
