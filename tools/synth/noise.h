/*
 * Random numbers without state: each is a hash of its seed, place and time. So it does not matter
 * in which order threads compute them.
 */
#ifndef CLIMNORM_SYNTH_NOISE_H
#define CLIMNORM_SYNTH_NOISE_H

#include <stdint.h>
#define XXH_INLINE_ALL /* a short input of known size: inlined, it is a few multiplications */
#include <xxhash.h>

/* Returns: a number, uniform in [-1, 1). */
static inline float cn_noise(uint64_t seed, int32_t x, int32_t y, int64_t time)
{
    const int64_t key[2] = {(int64_t)(((uint64_t)(uint32_t)x << 32) | (uint32_t)y), time};
    uint64_t bits = XXH3_64bits_withSeed(key, sizeof key, seed);
    return (float)(int32_t)(bits >> 32 & 0xffffff00) * 0x1p-31F; /* 24 bits: exact in a float */
}

#endif
