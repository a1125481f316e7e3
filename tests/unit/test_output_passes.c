/*
 * Output files made in several passes have the bytes of those made in one, however days and rows
 * are cut and wherever chunks wait.
 */
#include "sink_passes.h"

#include <unistd.h>

/* Instead of that of the C library: thousands of files are published here, and no power is cut. */
int fsync(int file)
{
    (void)file;
    return 0;
}

static void test_the_passes_do_not_show(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        struct work *work = new_work(kind & 1 ? MOST_TARGETS : 1, kind & 2);
        work->keeps_chunks = kind & 4;
        make_reference(work, "one/file.nc");
        for (int c = 0; c < CUTS; c++) {
            cut_work(work, &cuts[c]);
            struct cn_output_file *file = begin(work, "several/file.nc");
            assert_row(make_passes(work, file) == CN_PUT_COMPLETE, cuts[c].name);
            finish(work, file);
            sample_assert_equal("one/file.nc", "several/file.nc");
            assert_int_equal(sample_temporaries(), 0);
        }
        free_work(work);
    }
}

static void test_a_pass_may_have_one_day(void **state)
{
    (void)state;
    struct work *work = new_work(1, true);
    make_reference(work, "one/file.nc");
    for (size_t p = 0; p < SAMPLE_SLOTS; p++)
        work->stretches[p] = (struct cn_pass_stretch){p, 1, 0, GRID_LATS};
    work->pass_count = work->sample->file.pass_count = SAMPLE_SLOTS;
    work->sample->file.stretches = work->stretches;
    struct cn_output_file *file = begin(work, "several/file.nc");
    assert_int_equal(make_passes(work, file), CN_PUT_COMPLETE);
    finish(work, file);
    sample_assert_equal("one/file.nc", "several/file.nc");
    assert_int_equal(sample_temporaries(), 0);
    free_work(work);
}

static void test_a_target_that_no_pass_makes_is_left_out(void **state)
{
    (void)state;
    for (int c = 0; c < CUTS; c++)
        for (size_t gone = 0; gone < MOST_TARGETS; gone++) {
            struct work *work = new_work(MOST_TARGETS, true);
            for (size_t p = 0; p < MOST_PASSES; p++)
                work->not_made[gone][p] = true;
            make_reference(work, "one/file.nc");
            cut_work(work, &cuts[c]);
            struct cn_output_file *file = begin(work, "several/file.nc");
            assert_int_equal(make_passes(work, file), CN_PUT_COMPLETE);
            assert_int_equal(cn_output_targets_made(file), MOST_TARGETS - 1);
            finish(work, file);
            sample_assert_equal("one/file.nc", "several/file.nc");
            free_work(work);
        }
}

static void test_a_file_without_targets_leaves_nothing(void **state)
{
    (void)state;
    struct work *work = new_work(1, true);
    memset(work->not_made, true, sizeof work->not_made);
    cut_work(work, &cuts[1]);
    struct cn_output_file *file = begin(work, "nothing/file.nc");
    assert_int_equal(make_passes(work, file), CN_PUT_COMPLETE);
    assert_int_equal(cn_output_targets_made(file), 0);
    cn_output_free(file);
    assert_int_equal(sample_temporaries(), 0);
    free_work(work);
}

/* A source file is found damaged in a later pass. */
static void test_passes_of_different_years_are_stale(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (int c = 0; c < CUTS; c++)
            for (int odd = 0; odd < 2; odd++) {
                struct work *work = new_work(kind & 1 ? MOST_TARGETS : 1, kind & 2);
                cut_work(work, &cuts[c]);
                struct cn_output_file *file = begin(work, "stale/file.nc");
                work->is_stale = true;
                int outcome = CN_PUT_MORE;
                for (size_t p = 0; p < work->pass_count; p++) {
                    const bool is_odd = p == work->pass_count / 2;
                    work->sample->used[3] = !(is_odd && !odd);
                    for (size_t t = 0; t < work->target_count && odd; t++)
                        work->not_made[t][p] = is_odd && t == 0;
                    for (size_t t = 0; t < work->target_count && outcome == CN_PUT_MORE; t++)
                        outcome = make_share(work, file, t, p);
                }
                assert_row(outcome == CN_PUT_STALE, cuts[c].name);
                cn_output_free(file);
                assert_int_equal(sample_temporaries(), 0);
                free_work(work);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_passes_do_not_show),
        cmocka_unit_test(test_a_pass_may_have_one_day),
        cmocka_unit_test(test_a_target_that_no_pass_makes_is_left_out),
        cmocka_unit_test(test_a_file_without_targets_leaves_nothing),
        cmocka_unit_test(test_passes_of_different_years_are_stale),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
