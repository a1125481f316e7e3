/*
 * Comparing output files byte by byte.
 */
#ifndef CLIMNORM_TESTS_SINK_EQUAL_H
#define CLIMNORM_TESTS_SINK_EQUAL_H

#include "cn_test.h"
#include "sink_sample.h"

/* The bytes of a file below the root, malloc. Returns how many. */
static inline size_t sample_read(const char *name, char **bytes)
{
    FILE *in = fopen(sample_below(name), "rb");
    assert_non_null(in);
    *bytes = malloc(1 << 22);
    assert_non_null(*bytes);
    size_t size = fread(*bytes, 1, 1 << 22, in);
    fclose(in);
    return size;
}

static inline void sample_assert_equal(const char *name, const char *other)
{
    char *bytes, *others;
    size_t size = sample_read(name, &bytes), size_of_other = sample_read(other, &others);
    assert_int_equal(size, size_of_other);
    assert_memory_equal(bytes, others, size);
    free(bytes);
    free(others);
}

#endif
