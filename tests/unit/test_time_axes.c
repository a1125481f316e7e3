/*
 * The bound on all time axes of a catalog together: which files are left out depends on the files
 * alone, not on the order in which they were examined.
 */
#include "base/pool.h"
#include "catalog/time_axis.h"

#include "cn_test.h"

enum { FILES = 6 };

/* Two are longer than the others, and two of the longest are equal. */
static const size_t times[FILES] = {3, 7, 2, 7, 4, 1};

/* Adds all files in the order that `order` counts through; returns which of them remain, as bits.
 */
static unsigned add_in_order(size_t order, uint64_t limit)
{
    struct cn_pool *pool = cn_pool_new();
    struct cn_file files[FILES] = {0};
    struct cn_time_axes axes = {files, FILES, .limit = limit};
    unsigned remaining = 0;
    assert_non_null(pool);
    for (size_t added = 0; added < FILES; added++) {
        size_t index = order % (FILES - added), k = 0;
        order /= FILES - added;
        for (;; k++) /* the index-th file that is not there yet */
            if (!files[k].path && index-- == 0)
                break;
        int64_t *days = calloc(times[k], sizeof *days);
        assert_non_null(days);
        files[k] = (struct cn_file){
            .path = "/tas_2001.nc", .usable = true, .time_count = times[k], .days = days};
        assert_int_equal(cn_time_axes_add(&axes, pool, k, NULL), CN_OK);
        assert_in_range(axes.bytes, 0, limit);
    }
    for (size_t k = 0; k < FILES; k++) {
        assert_true(files[k].usable == !files[k].failure && files[k].usable == !!files[k].days);
        remaining |= (unsigned)files[k].usable << k;
        if (!files[k].usable)
            assert_non_null(strstr(files[k].failure, "/tas_2001.nc: its time axis has "));
    }
    cn_files_free(files, FILES);
    cn_pool_free(pool);
    return remaining;
}

static void test_the_longest_are_left_out_in_any_order(void **state)
{
    (void)state;
    const uint64_t day = sizeof(int64_t);
    for (size_t order = 0; order < 720; order++) { /* all permutations of six */
        assert_int_equal(add_in_order(order, 24 * day), 0x3f);
        assert_int_equal(add_in_order(order, 23 * day), 0x37); /* of equal ones the last goes */
        assert_int_equal(add_in_order(order, 17 * day), 0x37);
        assert_int_equal(add_in_order(order, 10 * day), 0x35);
        assert_int_equal(add_in_order(order, 9 * day), 0x25);
        assert_int_equal(add_in_order(order, 0), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_longest_are_left_out_in_any_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
