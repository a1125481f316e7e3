/*
 * Numbers that look random: of one seed the same on every machine. CLIMNORM_SEED gives another one.
 */
#ifndef CLIMNORM_TESTS_DICE_H
#define CLIMNORM_TESTS_DICE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state_of_dice = 1;

/* Begins a sequence of its own for each item, so that one item can be tried alone. */
static inline void seed_dice(uint64_t seed, uint64_t item)
{
    state_of_dice = (seed + 1) * 0x9E3779B97F4A7C15u + item * 0xD1B54A32D192ED03u;
}

/* CLIMNORM_SEED, or 1. Prints it, so that a failure can be repeated. */
static inline uint64_t seed_of_test(void)
{
    const char *text = getenv("CLIMNORM_SEED");
    const uint64_t seed = text ? strtoull(text, NULL, 10) : 1;
    printf("CLIMNORM_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* Knuth's MMIX generator. Returns a number from least to most. */
static inline int roll(int least, int most)
{
    state_of_dice = state_of_dice * 6364136223846793005u + 1442695040888963407u;
    return least + (int)((state_of_dice >> 33) % (uint64_t)(most - least + 1));
}

/* Whether a thing happens that does so once in `times`. */
static inline int one_in(int times)
{
    return roll(1, times) == 1;
}

/* One of `count` numbers. */
static inline int pick(const int *numbers, size_t count)
{
    return numbers[roll(0, (int)count - 1)];
}
#define PICK(...) pick((const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

#endif
