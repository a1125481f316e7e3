/*
 * How bytes repeat in matches that overlap themselves, for vectors of VECTOR bytes: 16 or 64.
 */
#ifndef CLIMNORM_CODEC_INFLATE_PERIODS_H
#define CLIMNORM_CODEC_INFLATE_PERIODS_H

/* k modulo d; k for d = 0 */
#define PLACE(d, k)    ((k) - (k) / ((d) + !(d)) * (d))
#define PLACES_4(d, k) PLACE(d, k), PLACE(d, (k) + 1), PLACE(d, (k) + 2), PLACE(d, (k) + 3)
#define PLACES_16(d, k) \
    PLACES_4(d, k), PLACES_4(d, (k) + 4), PLACES_4(d, (k) + 8), PLACES_4(d, (k) + 12)
/* the least multiple of d that is no less than VECTOR */
#define REPEAT(d) ((d) ? ((d) + VECTOR - 1) / ((d) + !(d)) * (d) : VECTOR)
#if VECTOR == 64
#define PLACES(d)                                                             \
    {                                                                         \
        PLACES_16(d, 0), PLACES_16(d, 16), PLACES_16(d, 32), PLACES_16(d, 48) \
    }
#else
#define PLACES(d)       \
    {                   \
        PLACES_16(d, 0) \
    }
#endif
#define FOR_4(f, d)  f(d), f((d) + 1), f((d) + 2), f((d) + 3)
#define FOR_16(f, d) FOR_4(f, d), FOR_4(f, (d) + 4), FOR_4(f, (d) + 8), FOR_4(f, (d) + 12)
#if VECTOR == 64
#define FOR_ALL(f) FOR_16(f, 0), FOR_16(f, 16), FOR_16(f, 32), FOR_16(f, 48)
#else
#define FOR_ALL(f) FOR_16(f, 0)
#endif

/* Of a match of distance d, byte k is byte places[d][k] of the d before it, and byte
 * k - repeats[d] from there on. The last row is of longer distances, too. */
static const unsigned char places[VECTOR + 1][VECTOR]
    __attribute__((aligned(VECTOR))) = {FOR_ALL(PLACES), PLACES(VECTOR)};
static const unsigned char repeats[VECTOR + 1] = {FOR_ALL(REPEAT), VECTOR};

static inline uint64_t places_row(uint64_t distance)
{
    return distance < VECTOR ? distance : VECTOR;
}

/* A whole number of periods, and at least a vector. */
static inline uint64_t repeat_of(uint64_t distance)
{
    const uint64_t repeat = repeats[places_row(distance)];
    return distance > repeat ? distance : repeat;
}

#endif
