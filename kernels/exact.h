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

static void exact_negate(struct exact *sum)
{
    bool borrow = false;
    for (size_t i = 0; i < EXACT_WORDS; i++) {
        const uint64_t word = sum->words[i];
        sum->words[i] = -word - borrow;
        borrow = borrow || word;
    }
}

/* x without the digits after its first 26. */
static double first_digits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~(uint64_t)0x7ffffff;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

/* Adds a * b, of at most 52 digits each, whose last digits are not below 2^-500. */
static void exact_add_product(struct exact *sum, double a, double b)
{
    const double first_a = first_digits(a), rest_a = a - first_a;
    const double first_b = first_digits(b), rest_b = b - first_b;
    exact_add(sum, first_a * first_b);
    exact_add(sum, first_a * rest_b);
    exact_add(sum, rest_a * first_b);
    exact_add(sum, rest_a * rest_b);
}

/* Takes the square of x away, the sum of at most 2^16 floats. It is cut into numbers of 26 digits,
 * each less than 2^-24 of the one before: at most 13, as it has 294 bits. */
static void exact_subtract_square(struct exact *sum, struct exact x)
{
    double parts[16];
    size_t count = 0;
    for (int sign; count < 16 && (sign = exact_sign(&x)) != 0; count++) {
        struct exact positive = x;
        if (sign < 0)
            exact_negate(&positive);
        parts[count] = sign * first_digits(exact_estimate(&positive));
        exact_add(&x, -parts[count]);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            exact_add(sum, -parts[i] * parts[k]);
}

/* Which number is rounded: x with sum = x n, or x >= 0 with sum = x^2 n (n - 1). */
enum exact_form { EXACT_QUOTIENT, EXACT_ROOT };

/* The sign of the number minus x. The products are exact: halfway points have 25 bits, n is at most
 * 2^16. */
static int exact_compare(const struct exact *sum, size_t n, enum exact_form form, double x)
{
    struct exact rest = *sum;
    exact_add_product(&rest, -x * (double)n, form == EXACT_ROOT ? x * (double)(n - 1) : 1);
    return exact_sign(&rest);
}

/* The number, of a sum that is not negative, rounded once to nearest, to even if two are; infinite
 * if it is too large. The estimate is one float away at most. */
static float exact_round(const struct exact *sum, size_t n, enum exact_form form, float estimate)
{
    float nearest = estimate <= FLT_MAX ? estimate : FLT_MAX;
    uint32_t bits;
    memcpy(&bits, &nearest, sizeof bits);
    const int is_odd = bits & 1;
    if (exact_compare(sum, n, form, halfway_up(nearest)) + is_odd > 0)
        nearest = nextafterf(nearest, INFINITY);
    else if (nearest > 0 &&
             exact_compare(sum, n, form, halfway_up(nextafterf(nearest, 0))) - is_odd < 0)
        nearest = nextafterf(nearest, 0);
    return nearest;
}

/* sum / n as float, rounded once as above. A zero is positive. */
static float exact_quotient(struct exact sum, size_t n)
{
    const bool is_negative = exact_sign(&sum) < 0;
    if (is_negative)
        exact_negate(&sum);
    const float estimate = (float)(exact_estimate(&sum) / (double)n);
    const float nearest = exact_round(&sum, n, EXACT_QUOTIENT, estimate);
    return is_negative && nearest > 0 ? -nearest : nearest;
}

/* The standard deviation, with n - 1, of 2 … 2^16 values, rounded once as above: the root of
 * (n times the sum of x^2, minus the square of the sum of x) / n(n - 1). */
static float exact_deviation(const float *values, size_t n, float estimate)
{
    struct exact sum = {{0}}, squares = {{0}};
    for (size_t i = 0; i < n; i++) {
        const double x = (double)values[i];
        exact_add(&sum, x);
        exact_add_product(&squares, x * (double)n, x);
    }
    exact_subtract_square(&squares, sum);
    return exact_round(&squares, n, EXACT_ROOT, estimate);
}

#endif
