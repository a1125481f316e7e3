/*
 * Loops in plain C, for every CPU.
 */
#include "codec/inflate/forms.h"

#include <string.h>

enum { FROM_LITERALS = 8 };

struct byte_run {
    char none;
};

INLINE struct byte_run byte_run_of(const struct cn_codes *codes)
{
    (void)codes;
    return (struct byte_run){0};
}

INLINE uint64_t low_bits(uint64_t word, uint32_t count)
{
    return word & (((uint64_t)1 << (count & 63)) - 1);
}

INLINE void copy_match(unsigned char *to, const unsigned char *from, uint64_t distance,
                       uint64_t length)
{
    enum { WORD = 8 };
    if (distance - 1 < WORD - 1) /* not if it is 0 */
        for (uint64_t k = 0; k < length; k++)
            to[k] = from[k];
    else
        for (uint64_t k = 0; k < length; k += WORD)
            memcpy(to + k, from + k, WORD);
}

#include "codec/inflate/loops.h"

const struct cn_loops cn_loops_portable = {loop_one_without_runs, loop_two_without_runs};
