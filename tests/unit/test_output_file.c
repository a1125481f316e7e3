/*
 * Output files of several target years: the order in which normals are put does not show in the
 * bytes, a target that is not made is left out, and nothing is left of a file that is not finished.
 */
#include "sink_equal.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { TARGETS = 3, CHUNKS = 2 * SAMPLE_CHUNKS };

/* A sample whose file holds the normals of 1978, 1979 and 1980. The window's years are those of
 * the sample; of the values, only those of the last target are what sample_mean says. */
struct stack {
    struct sample *sample;
    struct cn_target targets[TARGETS];
    struct cn_encoded chunks[TARGETS][CHUNKS];
    uint64_t hashes[TARGETS][CHUNKS];
    const bool *years_used[TARGETS];
};

static float stacked_value(int target, int slot, int cell)
{
    return cell == SAMPLE_MISSING_CELL ? 1e20F
                                       : sample_mean(slot, cell) + 1000 * (float)(TARGETS - target);
}

static void encode_target(struct stack *stack, int target)
{
    static float means[SAMPLE_CHUNK_SLOTS * SAMPLE_CELLS];
    static int16_t counts[SAMPLE_CHUNK_SLOTS * SAMPLE_CELLS];
    const size_t values = sizeof means / sizeof *means;
    for (int chunk = 0; chunk < SAMPLE_CHUNKS; chunk++) {
        for (int v = 0; v < (int)values; v++) {
            int slot = chunk * SAMPLE_CHUNK_SLOTS + v / SAMPLE_CELLS;
            means[v] = slot < SAMPLE_SLOTS ? stacked_value(target, slot, v % SAMPLE_CELLS) : 1e20F;
            counts[v] = (int16_t)(target + 1);
        }
        struct cn_encoded *to = stack->chunks[target];
        to[2 * chunk] = sample_encode(means, values, sizeof *means, 1);
        to[2 * chunk + 1] = sample_encode(counts, values, sizeof *counts, 1);
    }
    for (size_t k = 0; k < CHUNKS; k++)
        stack->hashes[target][k] =
            cn_content_hash(stack->chunks[target][k].bytes, stack->chunks[target][k].size);
}

static int make_stack(void **state)
{
    static const size_t positions[TARGETS] = {0, 1, 2};
    struct stack *stack = calloc(1, sizeof *stack);
    if (!stack || !(stack->sample = sample_new(sample_root, 1)))
        return -1;
    for (int t = 0; t < TARGETS; t++) {
        stack->targets[t] = stack->sample->target;
        stack->targets[t].year = SAMPLE_LAST - TARGETS + 1 + t;
        stack->years_used[t] = stack->sample->used;
        encode_target(stack, t);
    }
    stack->sample->config.output.layout = CN_STACKED;
    stack->sample->file.all_targets = stack->targets;
    stack->sample->file.targets = positions;
    stack->sample->file.target_count = TARGETS;
    stack->sample->file.years_used = NULL;
    *state = stack;
    return 0;
}

static int free_stack(void **state)
{
    struct stack *stack = *state;
    for (int t = 0; t < TARGETS; t++)
        for (int k = 0; k < CHUNKS; k++)
            free((void *)stack->chunks[t][k].bytes);
    sample_free(stack->sample);
    free(stack);
    return 0;
}

static struct cn_output_file *begin(struct stack *stack, const char *path)
{
    stack->sample->file.path = path;
    struct cn_output_file *file = cn_output_new(&stack->sample->file, &stack->sample->skeleton);
    assert_non_null(file);
    return file;
}

static struct cn_put whole(const struct stack *stack, int target)
{
    return (struct cn_put){.target = (size_t)target,
                           .years_used = stack->years_used[target],
                           .chunk_count = SAMPLE_CHUNKS,
                           .chunks = stack->chunks[target],
                           .hashes = stack->hashes[target]};
}

/* Returns whether the file is complete. */
static bool put(struct stack *stack, struct cn_output_file *file, int target)
{
    struct cn_error error;
    enum cn_put_outcome outcome;
    const struct cn_put all = whole(stack, target);
    assert_int_equal(cn_output_put(file, &all, &outcome, &error), CN_OK);
    return outcome == CN_PUT_COMPLETE;
}

static void finish(struct stack *stack, struct cn_output_file *file)
{
    char temporary[4096];
    struct cn_error error = {.text = ""};
    if (cn_output_finish(file, temporary, sizeof temporary, &error))
        fail_msg("%s", error.text);
    cn_output_free(file);
    assert_int_equal(cn_temporary_publish(stack->sample->file.path, temporary, &error), CN_OK);
}

static void test_the_order_of_putting_does_not_show(void **state)
{
    struct stack *stack = *state;
    static const int orders[][TARGETS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                          {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    for (int i = 0; i < (int)(sizeof orders / sizeof *orders); i++) {
        char path[40];
        snprintf(path, sizeof path, "order%d/file.nc", i);
        struct cn_output_file *file = begin(stack, path);
        for (int k = 0; k < TARGETS; k++)
            assert_int_equal(put(stack, file, orders[i][k]), k == TARGETS - 1);
        finish(stack, file);
        sample_assert_equal("order0/file.nc", path);
    }
    assert_int_equal(sample_temporaries(), 0);
}

struct putting {
    struct stack *stack;
    struct cn_output_file *file;
    int target;
    bool is_complete;
};

static void *put_in_thread(void *argument)
{
    struct putting *putting = argument;
    putting->is_complete = put(putting->stack, putting->file, putting->target);
    return NULL;
}

static void test_threads_may_put_at_once(void **state)
{
    struct stack *stack = *state;
    for (int round = 0; round < 50; round++) {
        struct cn_output_file *file = begin(stack, "threads/file.nc");
        struct putting puttings[TARGETS];
        pthread_t threads[TARGETS];
        int complete = 0;
        for (int t = 0; t < TARGETS; t++) {
            puttings[t] = (struct putting){stack, file, TARGETS - 1 - t, false};
            assert_int_equal(pthread_create(&threads[t], NULL, put_in_thread, &puttings[t]), 0);
        }
        for (int t = 0; t < TARGETS; t++) {
            pthread_join(threads[t], NULL);
            complete += puttings[t].is_complete;
        }
        assert_int_equal(complete, 1);
        finish(stack, file);
        sample_assert_equal("order0/file.nc", "threads/file.nc");
    }
}

/* The values of a file, and its target years. */
static void assert_holds(const char *name, const int *targets, size_t count)
{
    static float means[TARGETS][SAMPLE_SLOTS][SAMPLE_CELLS];
    int id, variable, years[TARGETS], dim;
    size_t length;
    assert_int_equal(nc_open(sample_below(name), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_inq_dimid(id, "target_year", &dim), 0);
    assert_int_equal(nc_inq_dimlen(id, dim, &length), 0);
    assert_int_equal(length, count);
    assert_int_equal(nc_inq_varid(id, "target_year", &variable), 0);
    assert_int_equal(nc_get_var_int(id, variable, years), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax", &variable), 0);
    assert_int_equal(nc_get_var_float(id, variable, means[0][0]), 0);
    for (size_t t = 0; t < count; t++) {
        assert_int_equal(years[t], SAMPLE_LAST - TARGETS + 1 + targets[t]);
        for (int slot = 0; slot < SAMPLE_SLOTS; slot++)
            for (int cell = 0; cell < SAMPLE_CELLS; cell++)
                assert_float_equal(means[t][slot][cell], stacked_value(targets[t], slot, cell), 0);
    }
    nc_close(id);
}

static void test_a_target_that_is_not_made_is_left_out(void **state)
{
    struct stack *stack = *state;
    static const int all[] = {0, 1, 2}, without[TARGETS][2] = {{1, 2}, {0, 2}, {0, 1}};
    assert_holds("order0/file.nc", all, TARGETS);
    for (int gone = 0; gone < TARGETS; gone++) {
        stack->years_used[gone] = NULL;
        struct cn_output_file *file = begin(stack, "without.nc");
        for (int t = TARGETS - 1; t >= 0; t--)
            assert_int_equal(put(stack, file, t), t == 0);
        finish(stack, file);
        assert_holds("without.nc", without[gone], 2);
        stack->years_used[gone] = stack->sample->used;
    }
}

static void test_a_file_that_is_not_finished_leaves_nothing(void **state)
{
    struct stack *stack = *state;
    struct cn_output_file *file = begin(stack, "unfinished.nc");
    assert_false(put(stack, file, 1)); /* it waits for the first, and has made the temporary */
    assert_int_equal(sample_temporaries(), 1);
    assert_false(put(stack, file, 0));
    cn_output_free(file);
    assert_int_equal(sample_temporaries(), 0);
    assert_false(sample_exists("unfinished.nc"));
    cn_output_free(begin(stack, "never begun.nc"));
    cn_output_free(NULL);
}

/* Other threads go on for a while after a write has failed. */
static void test_a_file_with_a_failed_write_is_never_complete(void **state)
{
    struct stack *stack = *state;
    struct cn_output_file *file = begin(stack, "failed.nc");
    struct cn_encoded unreadable[CHUNKS];
    struct cn_error error;
    enum cn_put_outcome outcome;
    struct cn_put all = whole(stack, 0);
    all.chunks = memcpy(unreadable, stack->chunks[0], sizeof unreadable);
    unreadable[1].bytes = (void *)8; /* the system call refuses it */
    assert_int_equal(cn_output_put(file, &all, &outcome, &error), CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "failed.nc: cannot be written"));
    assert_int_equal(outcome, CN_PUT_MORE);
    assert_false(put(stack, file, 1));
    assert_false(put(stack, file, 2));
    cn_output_free(file);
    assert_int_equal(sample_temporaries(), 0);
}

/* The attributes are those of the newest file that was used, known only at the end. */
static void test_attributes_may_get_much_longer(void **state)
{
    struct stack *stack = *state;
    static char comment[60000];
    memset(comment, 'c', sizeof comment);
    struct cn_attribute attribute = {"comment", NC_CHAR, sizeof comment, comment};
    struct cn_file *older = &stack->sample->files[SAMPLE_WINDOW - 2];
    older->attributes = &attribute;
    older->attribute_count = 1;
    stack->sample->used[SAMPLE_WINDOW - 1] = false;
    struct cn_output_file *file = begin(stack, "longer.nc");
    for (int t = 0; t < TARGETS; t++)
        put(stack, file, t);
    finish(stack, file);
    static const int all[] = {0, 1, 2};
    assert_holds("longer.nc", all, TARGETS);
    int id, variable;
    size_t length;
    assert_int_equal(nc_open(sample_below("longer.nc"), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax", &variable), 0);
    assert_int_equal(nc_inq_attlen(id, variable, "comment", &length), 0);
    assert_int_equal(length, sizeof comment);
    nc_close(id);
}

/* A limit on file size stops writes as a full disk does. */
static void test_a_full_disk_is_reported_and_leaves_nothing(void **state)
{
    struct stack *stack = *state;
    struct rlimit before, limit;
    char temporary[4096];
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t size = 0; size < 200000; size += 3000) {
        struct cn_error error = {.text = ""};
        struct cn_output_file *file = begin(stack, "full.nc");
        enum cn_status status = CN_OK;
        limit.rlim_cur = size;
        setrlimit(RLIMIT_FSIZE, &limit);
        for (int t = 0; t < TARGETS && !status; t++) {
            enum cn_put_outcome outcome;
            const struct cn_put all = whole(stack, t);
            status = cn_output_put(file, &all, &outcome, &error);
        }
        if (!status)
            status = cn_output_finish(file, temporary, sizeof temporary, &error);
        setrlimit(RLIMIT_FSIZE, &before);
        cn_output_free(file);
        if (!status) {
            assert_true(size > 40000);
            unlink(temporary);
        } else {
            assert_int_equal(status, CN_BAD_MACHINE);
            assert_non_null(strstr(error.text, "full.nc: cannot be written: File too large"));
        }
        assert_int_equal(sample_temporaries(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_order_of_putting_does_not_show, make_stack,
                                        free_stack),
        cmocka_unit_test_setup_teardown(test_threads_may_put_at_once, make_stack, free_stack),
        cmocka_unit_test_setup_teardown(test_a_target_that_is_not_made_is_left_out, make_stack,
                                        free_stack),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_not_finished_leaves_nothing, make_stack,
                                        free_stack),
        cmocka_unit_test_setup_teardown(test_a_file_with_a_failed_write_is_never_complete,
                                        make_stack, free_stack),
        cmocka_unit_test_setup_teardown(test_attributes_may_get_much_longer, make_stack,
                                        free_stack),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_reported_and_leaves_nothing, make_stack,
                                        free_stack),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
