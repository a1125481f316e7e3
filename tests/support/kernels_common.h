/*
 * What the tests of the kernels share: bits of floats, repeatable random numbers, and buffers whose
 * end is the end of mapped memory.
 */
#ifndef TEST_KERNELS_H
#define TEST_KERNELS_H

#include "kernels.h"

#include "cn_test.h"

#include <float.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t random_bits(void) /* the same in every run */
{
    static uint64_t random_state = 1;
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 32);
}

/* A buffer at the end of mapped memory: a read or write behind it crashes. */
struct guarded {
    uint8_t *at, *pages;
    size_t mapped;
};

static inline struct guarded guarded_new(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (bytes + page - 1) / page * page;
    struct guarded guarded = {.mapped = used + page};
    guarded.pages =
        mmap(NULL, guarded.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guarded.pages != MAP_FAILED);
    assert_int_equal(mprotect(guarded.pages + used, page, PROT_NONE), 0);
    guarded.at = guarded.pages + used - bytes;
    return guarded;
}

static inline void guarded_free(struct guarded *guarded)
{
    munmap(guarded->pages, guarded->mapped);
}

#endif
