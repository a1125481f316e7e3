/*
 * What tasks count about one variable. A counter is one row of this table, and a cn_count() where
 * it happens: screens, logs, JSON and docs/progress.md are made from the rows. Counting takes no
 * lock.
 */
#ifndef CLIMNORM_COUNTERS_H
#define CLIMNORM_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* ROW(constant, members of struct cn_counter_row in src/progress/counters.h), in the order of the
 * JSON keys. A row without a name is not in JSON. */
#define CN_COUNTER_TABLE(ROW)                                                                    \
    ROW(CN_PASSES, .name = "passes",                                                             \
        .meaning = "stretches of days or rows that are made one after another",                  \
        .texts = {[CN_IN_LINE_1] = "pass %p", [CN_IN_LOG] = "pass %p"})                          \
    ROW(CN_YEARS_READ, .name = "years_read", .total = CN_YEARS_TOTAL,                            \
        .meaning = "source years that are read, once in each pass",                              \
        .texts = {[CN_IN_LINE_1] = "read %y years", [CN_IN_LOG] = "read %y years"})              \
    ROW(CN_YEARS_FAILED, .name = "years_failed", .meaning = "source years that cannot be read",  \
        .texts = {[CN_IN_FAILURES] = "%n year%s unread"})                                        \
    ROW(CN_YEARS_TOTAL, .name = "years_total", .meaning = "source years to read, in each pass")  \
    ROW(CN_BYTES_READ, .name = "bytes_read", .is_bytes = true, .meaning = "of input files",      \
        .rate_name = "bytes_per_s", .rate_horizon_s = 5,                                         \
        .rate_meaning = "its rate: while active of the last seconds, else of all its time",      \
        .texts = {[CN_IN_LINE_1] = "%r/s", [CN_IN_LOG] = "%r/s"})                                \
    ROW(CN_CHUNKS_READ, .name = "chunks_read", .meaning = "distinct chunks that are decoded")    \
    ROW(CN_CHUNKS_DECODED, .name = "chunks_decoded",                                             \
        .meaning = "how many times a chunk is decoded, in all")                                  \
    ROW(CN_NORMALS_COMPUTED, .name = "normals_computed",                                         \
        .meaning = "whose values are computed, of `normals_total`",                              \
        .texts = {[CN_IN_LINE_2] = "%n normal%s computed"})                                      \
    ROW(CN_NORMALS_WRITTEN, .name = "normals_written", .total = CN_NORMALS_TOTAL,                \
        .meaning = "that have their final names, of `normals_total`", .rate_horizon_s = 30,      \
        .texts = {[CN_IN_LINE_2] = "%t made", [CN_IN_LOG] = "%t normals made"})                  \
    ROW(CN_NORMALS_FAILED, .name = "normals_failed",                                             \
        .meaning = "that cannot be made, of `normals_total`",                                    \
        .texts = {[CN_IN_FAILURES] = "%n normal%s failed"})                                      \
    ROW(CN_NORMALS_UNMADE, .name = "normals_unmade",                                             \
        .meaning = "whose windows are short of years, of `normals_total`",                       \
        .texts = {[CN_IN_FAILURES] = "%n normal%s not made"})                                    \
    ROW(CN_NORMALS_KEPT, .name = "normals_kept",                                                 \
        .meaning = "that were there already, and are as they should be",                         \
        .texts = {[CN_IN_NOTES] = "%n kept"})                                                    \
    ROW(CN_NORMALS_AGAIN, .name = "normals_again",                                               \
        .meaning = "that are made again, without a year that a later pass could not read",       \
        .texts = {[CN_IN_NOTES] = "%n made again"})                                              \
    ROW(CN_NORMALS_TOTAL, .name = "normals_total", .meaning = "to make; without `normals_kept`") \
    ROW(CN_ARENA_USED, .name = "arena_used_bytes", .is_bytes = true, .total = CN_ARENA_BOUND,    \
        .meaning = "in use, of the arena's memory", .texts = {[CN_IN_LINE_1] = "memory %t"})     \
    ROW(CN_ARENA_BOUND, .is_bytes = true, .meaning = "the most of the arena's memory")           \
    ROW(CN_BYTES_TO_READ, .is_bytes = true, .meaning = "estimate")                               \
    ROW(CN_YEARS_OF_PASS, .meaning = "of years_total, in each pass; 0: there is one pass")       \
    ROW(CN_PASSES_MADE, .meaning = "by an earlier run, of the passes")                           \
    ROW(CN_YEARS_FIRST, .meaning = "that are read before any normal is computed")                \
    ROW(CN_NORMALS_LAST, .meaning = "that are computed when all years are read")                 \
    ROW(CN_BYTES_ENCODED, .is_bytes = true, .meaning = "of means, before compression")           \
    ROW(CN_BYTES_TO_ENCODE, .is_bytes = true, .meaning = "of means, before compression")         \
    ROW(CN_SAMPLE_BYTES, .is_bytes = true, .meaning = "encoded to see how long it takes")        \
    ROW(CN_SAMPLE_NS, .meaning = "what that took")                                               \
    ROW(CN_READ_NS, .meaning = "of all threads: to read and decode")                             \
    ROW(CN_WAIT_NS, .meaning = "of these: to wait for the disk")                                 \
    ROW(CN_COMPUTE_NS, .meaning = "of all threads")                                              \
    ROW(CN_WRITE_NS, .meaning = "of all threads: to encode and write")

#define CN_COUNTER_CONSTANT(constant, ...) constant,
enum cn_counter { CN_COUNTER_TABLE(CN_COUNTER_CONSTANT) CN_COUNTERS };

enum cn_variable_state { CN_WAITING, CN_ACTIVE, CN_DONE, CN_FAILED };

/* What every task adds to is spread over so many cache lines, which the threads share evenly. */
enum { CN_COUNTER_LINES = 64 };

/* The counters of one variable. Zero-initialise, then set name and model. Totals are counted before
 * cn_counters_enter makes the variable active. */
struct cn_counters {
    const char *name;                 /* of the variable */
    const char *model;                /* with several models; else NULL */
    atomic_int state;                 /* enum cn_variable_state */
    atomic_uint_fast64_t started_ns;  /* CLOCK_MONOTONIC; 0: not started */
    atomic_uint_fast64_t finished_ns; /* the same */
    _Atomic(const char *) problem;    /* the first; NULL: none. It outlives the display */
    struct {
        _Alignas(64) atomic_uint_fast64_t values[CN_COUNTERS];
    } lines[CN_COUNTER_LINES];
};

/* Adds to a counter in the given line: for what all threads add to often. */
static inline void cn_count_in_line(struct cn_counters *counters, size_t line,
                                    enum cn_counter counter, uint64_t more)
{
    atomic_fetch_add_explicit(&counters->lines[line % CN_COUNTER_LINES].values[counter], more,
                              memory_order_relaxed);
}

/* Adds to a counter that goes up once for each file or year. */
static inline void cn_count(struct cn_counters *counters, enum cn_counter counter, uint64_t more)
{
    cn_count_in_line(counters, 0, counter, more);
}

/* Returns: the value of a counter. */
static inline uint64_t cn_counted(const struct cn_counters *counters, enum cn_counter counter)
{
    uint64_t sum = 0;
    for (size_t line = 0; line < CN_COUNTER_LINES; line++)
        sum += atomic_load_explicit(&counters->lines[line].values[counter], memory_order_relaxed);
    return sum;
}

#endif
