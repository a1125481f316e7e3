/*
 * Reading ahead: the right bytes, no more of them than there are buffers, and nothing that a decode
 * took for itself. Which bytes a decode needs is replaced: the d-th mebibyte of a file.
 */
#include "engine/job.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DECODES = 24, MIB = 1 << 20, BUFFERS = 6, ODD = 777 }; /* one thread: 1 x 2 + 4 buffers */

bool span(const struct cn_read *read, size_t first, size_t count, uint64_t *address,
          uint64_t *size) __asm__("__wrap_cn_read_span"); /* a name of that kind belongs to the
                                                             compiler */
bool span(const struct cn_read *read, size_t first, size_t count, uint64_t *address, uint64_t *size)
{
    assert_non_null(read);
    *address = first * MIB + ODD; /* the last one ends with the file, not with a block */
    *size = count * MIB;
    return true;
}

static unsigned char byte_at(uint64_t address)
{
    return (unsigned char)(address * 2654435761U >> 24);
}

/* A file that is not in the page cache; false: this file system cannot do without. */
static bool make_cold_file(const char *path)
{
    static unsigned char bytes[MIB];
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    for (uint64_t at = 0; at < (uint64_t)DECODES * MIB + ODD;) {
        size_t count = (size_t)DECODES * MIB + ODD - at < MIB ? ODD : MIB;
        for (size_t k = 0; k < count; k++)
            bytes[k] = byte_at(at + k);
        assert_int_equal(write(file, bytes, count), count);
        at += count;
    }
    assert_int_equal(fsync(file), 0);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    const struct iovec one = {bytes, 1};
    bool cold = preadv2(file, &one, 1, 10 * MIB, RWF_NOWAIT) != 1;
    close(file);
    return cold;
}

static size_t filled(const struct cn_decode *decodes)
{
    size_t count = 0;
    for (size_t d = 0; d < DECODES; d++)
        count += atomic_load(&decodes[d].state) == 2;
    return count;
}

static void wait_until_filled(const struct cn_decode *decodes, size_t count)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (int tries = 0; tries < 1000 && filled(decodes) < count; tries++)
        nanosleep(&pause, NULL);
    for (int tries = 0; tries < 5; tries++) /* and no more */
        nanosleep(&pause, NULL);
    assert_int_equal(filled(decodes), count);
}

static void expect_bytes(const struct cn_bytes_ahead *ahead, size_t decode)
{
    assert_non_null(ahead);
    assert_int_equal(ahead->address, decode * MIB + ODD);
    assert_int_equal(ahead->size, MIB);
    for (size_t k = 0; k < MIB; k++)
        if (ahead->bytes[k] != byte_at(ahead->address + k))
            fail_msg("byte %zu of decode %zu is wrong", k, decode);
}

static void read_ahead(const char *path, uint64_t bytes_to_read)
{
    const struct cn_file file = {.path = path};
    struct cn_read read = {.file = &file};
    struct cn_decode decodes[DECODES] = {0};
    atomic_bool failed = false;
    struct cn_load_state load = {.reads = &read,
                                 .failed = &failed,
                                 .read_count = 1,
                                 .decodes = decodes,
                                 .decode_count = DECODES};
    struct cn_variable_plan variable = {.load_count = 1, .bytes_to_read = bytes_to_read};
    const struct cn_plan plan = {.variables = &variable, .variable_count = 1};
    const struct cn_run_hooks hooks = {0};
    struct cn_job job = {
        .plan = &plan, .variable = &variable, .hooks = &hooks, .loads = &load, .threads = 1};
    struct cn_error error;
    for (size_t d = 0; d < DECODES; d++) {
        decodes[d].first_unit = d;
        decodes[d].unit_count = 1;
    }
    assert_null(cn_readahead_start(&job, &error) ? error.text : NULL);
    assert_null(cn_readahead_claim(&job, &decodes[1])); /* it came first */
    cn_readahead_take(&job, 0);
    wait_until_filled(decodes, BUFFERS);
    for (size_t d = 0; d < DECODES; d++) {
        const struct cn_bytes_ahead *ahead = cn_readahead_claim(&job, &decodes[d]);
        if (d != 1 && d <= BUFFERS)
            expect_bytes(ahead, d);
        else if (ahead)
            expect_bytes(ahead, d);
        cn_readahead_release(&job, &decodes[d]);
        if (d == 0)
            wait_until_filled(decodes, BUFFERS + 1); /* the state stays, the buffer goes on */
    }
    assert_null(decodes[1].buffer);
    cn_readahead_finish(&job);
    assert_null(job.readahead);
}

static void bytes_are_there_before_they_are_asked_for(void **state)
{
    (void)state;
    char path[] = "readahead-XXXXXX";
    close(mkstemp(path));
    bool cold = make_cold_file(path);
    if (cold)
        read_ahead(path, 0);
    if (cold && make_cold_file(path)) /* past the page cache */
        read_ahead(path, UINT64_MAX);
    unlink(path);
    if (!cold)
        skip();
}

static void what_is_in_memory_or_failed_is_left_alone(void **state)
{
    (void)state;
    const struct cn_file file = {.path = "/proc/self/exe"};
    struct cn_read read = {.file = &file};
    struct cn_decode decode = {.unit_count = 1};
    atomic_bool failed = true;
    struct cn_load_state load = {
        .reads = &read, .failed = &failed, .decodes = &decode, .decode_count = 1};
    struct cn_variable_plan variable = {.load_count = 1};
    const struct cn_plan plan = {.variables = &variable, .variable_count = 1};
    const struct cn_run_hooks hooks = {0};
    struct cn_job job = {
        .plan = &plan, .variable = &variable, .hooks = &hooks, .loads = &load, .threads = 1};
    struct cn_error error;
    assert_int_equal(cn_readahead_start(&job, &error), CN_OK);
    cn_readahead_take(&job, 0);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(atomic_load(&decode.state), 0);
    assert_null(cn_readahead_claim(&job, &decode));
    cn_readahead_release(&job, &decode);
    cn_readahead_finish(&job);
    cn_readahead_finish(&job);
    assert_null(job.readahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_there_before_they_are_asked_for),
        cmocka_unit_test(what_is_in_memory_or_failed_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
