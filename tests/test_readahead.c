/*
 * Reading ahead: so far and no farther, and on again after a file that nobody decodes. What tells
 * the kernel is replaced by a list.
 */
#include "engine/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { UNITS = 100, UNIT_BYTES = 16 << 20, THREADS = 2, AHEAD = 8 }; /* 64 MiB + 2 x 32 MiB */

static atomic_size_t announced[2]; /* of each file */
static const struct cn_file files[2] = {{.path = "/dev/null"}, {.path = "/dev/null"}};

uint64_t advise(const struct cn_read *read, int file, size_t unit) __asm__(
    "__wrap_cn_read_advise"); /* a name of that kind belongs to the compiler */
uint64_t advise(const struct cn_read *read, int file, size_t unit)
{
    assert_true(file >= 0);
    assert_true(unit < UNITS);
    atomic_fetch_add(&announced[read->file - files], 1);
    return UNIT_BYTES;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Waits until so many units were announced, and a little longer in case there are more. */
static void expect(size_t first, size_t second)
{
    for (int tries = 0; tries < 500; tries++) {
        if (atomic_load(&announced[0]) >= first && atomic_load(&announced[1]) >= second)
            break;
        pause_ms(10);
    }
    pause_ms(100);
    assert_int_equal(atomic_load(&announced[0]), first);
    assert_int_equal(atomic_load(&announced[1]), second);
}

static void it_keeps_its_distance(void **state)
{
    (void)state;
    struct cn_read reads[2] = {{.file = &files[0], .unit_count = UNITS},
                               {.file = &files[1], .unit_count = UNITS}};
    atomic_size_t units_done[2] = {0};
    struct cn_load_state loads[2] = {{.read_count = 1}, {.read_count = 1}};
    const struct cn_variable_plan variable = {.load_count = 2};
    struct cn_job job = {.variable = &variable, .loads = loads, .threads = THREADS};
    struct cn_error error;
    memset(announced, 0, sizeof announced);
    assert_int_equal(cn_readahead_start(&job, &error), CN_OK);
    cn_readahead_take(&job, &reads[0], &units_done[0]);
    expect(AHEAD, 0);
    atomic_store(&units_done[0], 10); /* they overtook it: what is behind them is left alone */
    expect(AHEAD + AHEAD, 0);
    cn_readahead_take(&job, &reads[1], &units_done[1]);
    expect(AHEAD + AHEAD, 0);
    atomic_store(&units_done[0], UNITS); /* the file failed: its tasks do nothing */
    expect(AHEAD + AHEAD, AHEAD);
    atomic_store(&units_done[1], 50);
    expect(AHEAD + AHEAD, AHEAD + AHEAD);
    cn_readahead_finish(&job); /* returns although there is more to announce */
    assert_null(job.readahead);
}

static void nothing_to_read_is_no_trouble(void **state)
{
    (void)state;
    const struct cn_variable_plan variable = {0};
    struct cn_job job = {.variable = &variable, .threads = THREADS};
    struct cn_error error;
    assert_int_equal(cn_readahead_start(&job, &error), CN_OK);
    cn_readahead_finish(&job);
    cn_readahead_finish(&job);
    assert_null(job.readahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_keeps_its_distance),
        cmocka_unit_test(nothing_to_read_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
