/*
 * Output files that a run has left after some of their passes: the next run goes on with them, and
 * believes nothing of what was damaged, cut, forged, or left by another job.
 */
#include "job/unfinished.h"
#include "sink/unfinished.h"
#include "sink/waiting.h"
#include "sink_passes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Instead of that of the C library: thousands of files are published here, and no power is cut. */
int fsync(int file)
{
    (void)file;
    return 0;
}

/* Reads what is there, as the next run would. */
static struct cn_unfinished find_unfinished(struct work *work, struct cn_pool *pool)
{
    struct cn_normals_file planned = work->sample->file;
    struct cn_unfinished found;
    struct cn_error error = {.text = ""};
    planned.stretches = NULL;
    planned.pass_count = planned.passes_done = 0;
    if (cn_unfinished_read(&planned, true, pool, &found, &error))
        fail_msg("%s", error.text);
    return found;
}

/* How many passes the work has made before it was stopped, but the last of the file. */
static size_t passes_made(const struct work *work)
{
    size_t last = 0, made = 0;
    for (size_t p = 0; p < work->pass_count; p++)
        for (int k = 0; k < SAMPLE_CHUNKS; k++)
            last = rows_in_pass(work, p, k) ? p : last;
    while (made < last) {
        int rows = 0;
        for (int k = 0; k < SAMPLE_CHUNKS; k++)
            rows += rows_in_pass(work, made, k);
        for (size_t t = 0; t < work->target_count && rows; t++)
            if (!work->is_put[t][made])
                return made;
        made++;
    }
    return made;
}

/* Makes the work until it has made so many calls, and stops. Returns whether it was stopped. */
static bool make_and_stop(struct work *work, const char *path, int calls)
{
    memset(work->is_put, 0, sizeof work->is_put);
    work->sample->file.passes_done = 0;
    work->calls_left = calls;
    struct cn_output_file *file = begin(work, path);
    const bool is_stopped = make_passes(work, file) == STOPPED;
    work->calls_left = -1;
    cn_output_free(file);
    return is_stopped;
}

/* Goes on after so many passes. */
static void complete(struct work *work, const char *path, size_t passes_done)
{
    work->sample->file.passes_done = passes_done;
    struct cn_output_file *file = begin(work, path);
    assert_int_equal(make_passes(work, file), CN_PUT_COMPLETE);
    finish(work, file);
    sample_assert_equal("one/file.nc", path);
    assert_int_equal(sample_temporaries(), 0);
}

static void test_a_stopped_file_goes_on_with_its_next_pass(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        struct work *work = new_work(kind & 1 ? MOST_TARGETS : 1, kind & 2);
        work->keeps_chunks = kind & 4;
        make_reference(work, "one/file.nc");
        for (int c = 0; c < CUTS; c++) {
            cut_work(work, &cuts[c]);
            for (int calls = 0; make_and_stop(work, "resumed/file.nc", calls); calls += 2 + 2 * c) {
                struct cn_pool *pool = cn_pool_new();
                const struct cn_unfinished found = find_unfinished(work, pool);
                const size_t made = passes_made(work);
                assert_int_equal(found.count, found.passes_done ? work->pass_count : 0);
                for (size_t p = 0; p < found.count; p++)
                    assert_memory_equal(&found.stretches[p], &work->stretches[p],
                                        sizeof *found.stretches);
                if (calls == 0)
                    assert_int_equal(found.passes_done, 0); /* there is no file */
                else
                    assert_int_equal(found.passes_done, made);
                complete(work, "resumed/file.nc",
                         calls % 3 ? found.passes_done : found.passes_done / 2);
                cn_pool_free(pool);
            }
            cn_unfinished_remove(&work->sample->file); /* of the work that was not stopped */
        }
        free_work(work);
    }
}

static void test_a_file_may_be_stopped_many_times(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct work *work = new_work(kind & 1 ? MOST_TARGETS : 1, kind & 2);
        make_reference(work, "one/file.nc");
        cut_work(work, &cuts[2]);
        int times = 0;
        for (size_t done = 0;; times++) {
            work->sample->file.passes_done = done;
            work->calls_left = (int)(4 * work->target_count * work->fields);
            struct cn_output_file *file = begin(work, "often/file.nc");
            if (make_passes(work, file) == CN_PUT_COMPLETE) {
                finish(work, file);
                break;
            }
            cn_output_free(file);
            struct cn_pool *pool = cn_pool_new();
            const struct cn_unfinished found = find_unfinished(work, pool);
            assert_true(found.passes_done > done);
            done = found.passes_done;
            cn_pool_free(pool);
        }
        assert_true(times > 1);
        sample_assert_equal("one/file.nc", "often/file.nc");
        assert_int_equal(sample_temporaries(), 0);
        free_work(work);
    }
}

/* The path of one of the files of the work that waits. */
static const char *waiting_path(const struct work *work, int which)
{
    static char path[4096];
    struct cn_waiting waiting;
    cn_waiting_find(&work->sample->file, &waiting);
    assert_true(cn_temporary_path(sample_root, work->sample->file.path, waiting.names[which], path,
                                  sizeof path));
    return path;
}

/* The work that the tests of damage begin with, stopped in its fourth pass. */
static struct work *stopped_work(int kind, const char *path)
{
    struct work *work = new_work(kind & 1 ? 2 : 1, true);
    work->keeps_chunks = kind & 2;
    make_reference(work, "one/file.nc");
    cut_work(work, &cuts[kind & 1 ? 6 : 2]);
    for (int calls = 10; make_and_stop(work, path, calls); calls++) {
        if (passes_made(work) == 4)
            return work;
        cn_unfinished_remove(&work->sample->file);
    }
    fail_msg("it was not stopped");
    return NULL;
}

/* Completes the work, whatever is there, and stops it anew. Returns how many passes were found. */
static size_t complete_again(struct work *work, const char *path)
{
    struct cn_pool *pool = cn_pool_new();
    const struct cn_unfinished found = find_unfinished(work, pool);
    complete(work, path, found.passes_done);
    cn_pool_free(pool);
    return found.passes_done;
}

/* The bytes of the three files, to be put back. */
struct saved {
    char *bytes[CN_WAITING_FILES];
    size_t sizes[CN_WAITING_FILES];
};

static struct saved save_files(const struct work *work)
{
    struct saved saved = {0};
    for (int which = 0; which < CN_WAITING_FILES; which++) {
        const char *path = waiting_path(work, which);
        if (access(path, F_OK) == 0)
            saved.sizes[which] = sample_read(path + strlen(sample_root) + 1, &saved.bytes[which]);
    }
    return saved;
}

static void restore_files(const struct work *work, const struct saved *saved)
{
    for (int which = 0; which < CN_WAITING_FILES; which++) {
        const char *path = waiting_path(work, which);
        remove(path);
        if (!saved->bytes[which])
            continue;
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(saved->bytes[which], 1, saved->sizes[which], out),
                         saved->sizes[which]);
        fclose(out);
    }
}

static void free_saved(struct saved *saved)
{
    for (int which = 0; which < CN_WAITING_FILES; which++)
        free(saved->bytes[which]);
}

/* Damage costs passes, never a right value. Every byte of the journal is flipped, and bytes of the
 * other files that are no holes. */
static void test_damage_of_any_byte_is_noticed(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct work *work = stopped_work(kind, "damaged/file.nc");
        struct saved saved = save_files(work);
        int noticed = 0, tried = 0;
        for (int which = 0; which < CN_WAITING_FILES; which++)
            for (size_t at = 0; at < saved.sizes[which]; at += which != CN_WAITING_JOURNAL ? 97U
                                                               : at > 200                  ? 13U
                                                                                           : 1U) {
                unsigned char *byte = (unsigned char *)saved.bytes[which] + at;
                if (which != CN_WAITING_JOURNAL && !*byte)
                    continue;
                *byte = (unsigned char)(*byte ^ 1U << at % 8);
                restore_files(work, &saved);
                *byte = (unsigned char)(*byte ^ 1U << at % 8);
                tried++;
                noticed += complete_again(work, "damaged/file.nc") < 4;
            }
        assert_true(tried > 100 && noticed > tried / 2);
        free_saved(&saved);
        free_work(work);
    }
}

static void test_files_that_are_cut_are_noticed(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct work *work = stopped_work(kind, "cut/file.nc");
        const struct saved saved = save_files(work);
        for (int which = 0; which < CN_WAITING_FILES; which++)
            for (size_t size = 0; size < saved.sizes[which]; size += saved.sizes[which] / 25 + 1) {
                struct saved cut = saved;
                cut.sizes[which] = size;
                restore_files(work, &cut);
                complete_again(work, "cut/file.nc");
            }
        for (int which = 0; which < CN_WAITING_FILES; which++) { /* and one that is gone */
            restore_files(work, &saved);
            remove(waiting_path(work, which));
            assert_int_equal(complete_again(work, "cut/file.nc") == 4, !saved.bytes[which]);
        }
        restore_files(work, &saved);
        assert_int_equal(complete_again(work, "cut/file.nc"), 4);
        free_saved(&(struct saved){{saved.bytes[0], saved.bytes[1], saved.bytes[2]}, {0}});
        free_work(work);
    }
}

/* Links would lead to files of others; a FIFO would hold up the run. */
static void test_only_plain_files_are_read(void **state)
{
    (void)state;
    struct work *work = stopped_work(0, "links/file.nc");
    struct saved saved = save_files(work);
    for (int which = 0; which < CN_WAITING_FILES; which++)
        for (int form = 0; form < 4; form++) {
            char other[4096];
            restore_files(work, &saved);
            const char *path = waiting_path(work, which);
            snprintf(other, sizeof other, "%s/elsewhere", sample_root);
            remove(other);
            assert_int_equal(form == 1 ? link(path, other) : rename(path, other), 0);
            assert_int_equal(form == 0   ? symlink(other, path)
                             : form == 1 ? 0
                             : form == 2 ? mkfifo(path, 0600)
                                         : mkdir(path, 0700),
                             0);
            struct cn_pool *pool = cn_pool_new();
            assert_int_equal(find_unfinished(work, pool).passes_done, 0);
            cn_pool_free(pool);
            if (form == 3)
                rmdir(path);
            complete(work, "links/file.nc", 0);
            assert_true(sample_exists("elsewhere"));
        }
    free_saved(&saved);
    free_work(work);
}

/* Journals whose hashes are right and whose content is not. */
static void test_a_forged_journal_is_not_believed(void **state)
{
    (void)state;
    static const uint64_t odd[] = {0, 1, 4095, INT64_MAX, UINT64_MAX / 2 + 2, UINT64_MAX};
    static const struct cn_pass_stretch stretches[][3] = {
        {{0, 366, 0, 10}, {0, 366, 0, 10}},
        {{0, 100, 0, 10}, {200, 166, 0, 10}},
        {{0, 100, 0, 10}, {100, 266, 0, 6}},
        {{0, 100, 0, 10}, {100, SIZE_MAX - 50, 0, 10}},
        {{0, 366, 6, SIZE_MAX}, {0, 366, 5, SIZE_MAX}},
        {{0, 366, 0, 6}, {0, 366, 7, 3}},
        {{0, 0, 0, 10}, {0, 366, 0, 10}},
        {{SIZE_MAX, 2, 0, 10}, {1, 365, 0, 10}},
    };
    struct work *work = stopped_work(0, "forged/file.nc");
    struct saved saved = save_files(work);
    struct cn_pool *pool = cn_pool_new();
    struct cn_journal journal;
    for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++) {
        struct cn_normals_file file = work->sample->file;
        file.stretches = stretches[i];
        file.pass_count = 2;
        int out = open(waiting_path(work, CN_WAITING_JOURNAL), O_WRONLY | O_TRUNC);
        assert_true(out >= 0 && cn_journal_begin(out, &file, &journal));
        close(out);
        assert_int_equal(find_unfinished(work, pool).count, 0);
    }
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        for (int part = 0; part < 3; part++) {
            struct cn_journal_contents contents;
            struct cn_journal_record record;
            struct cn_normals_file *file = &work->sample->file;
            struct cn_error error;
            restore_files(work, &saved);
            int out = open(waiting_path(work, CN_WAITING_JOURNAL), O_RDWR);
            assert_int_equal(cn_journal_read(out, pool, file, &contents, &error), CN_OK);
            assert_true(cn_journal_record_alloc(pool, file, &record));
            assert_true(cn_journal_get(out, file, &contents, 3, 0, &record));
            if (part == 0)
                record.area_begin = odd[i];
            for (int k = 0; k < SAMPLE_CHUNKS && part > 0; k++) {
                record.shares[k].size = part == 1 ? odd[i] : record.shares[k].size;
                record.shares[k].hash = part == 2 ? odd[i] : record.shares[k].hash;
            }
            assert_true(cn_journal_append(out, file, &record, &contents.end));
            close(out);
            const struct cn_unfinished found = find_unfinished(work, pool);
            assert_int_equal(found.passes_done, part == 1 ? found.passes_done : 3);
            complete(work, "forged/file.nc", found.passes_done);
        }
    cn_pool_free(pool);
    free_saved(&saved);
    free_work(work);
}

/* Of another config, other inputs, another grid. */
static void test_what_another_job_left_is_not_used(void **state)
{
    (void)state;
    struct work *work = stopped_work(0, "other/file.nc");
    struct sample *s = work->sample;
    struct cn_pool *pool = cn_pool_new();
    assert_int_equal(find_unfinished(work, pool).passes_done, 4);
    s->config.output.compression = 2;
    assert_int_equal(find_unfinished(work, pool).passes_done, 0);
    s->config.output.compression = 1;
    s->files[4].mtime_ns++;
    assert_int_equal(find_unfinished(work, pool).passes_done, 0);
    s->files[4].mtime_ns--;
    s->cells.first_row++;
    assert_int_equal(find_unfinished(work, pool).passes_done, 0);
    s->cells.first_row--;
    work->targets[0].year--;
    assert_int_equal(find_unfinished(work, pool).passes_done, 0);
    work->targets[0].year++;
    assert_int_equal(find_unfinished(work, pool).passes_done, 4);
    cn_unfinished_remove(&s->file);
    assert_int_equal(sample_temporaries(), 0);
    cn_pool_free(pool);
    free_work(work);
}

/* A limit on file size stops writes as a full disk does. */
static void test_a_full_disk_costs_no_whole_pass(void **state)
{
    (void)state;
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    for (int kind = 0; kind < 2; kind++) {
        struct work *work = new_work(kind ? 2 : 1, true);
        make_reference(work, "one/file.nc");
        cut_work(work, &cuts[2]);
        work->may_fail = true;
        for (rlim_t size = 0; size < 400000; size += 5000 + size / 10) {
            memset(work->is_put, 0, sizeof work->is_put);
            work->sample->file.passes_done = 0;
            struct cn_output_file *file = begin(work, "full/file.nc");
            const struct rlimit limit = {size, before.rlim_max};
            setrlimit(RLIMIT_FSIZE, &limit);
            const int outcome = make_passes(work, file);
            setrlimit(RLIMIT_FSIZE, &before);
            cn_output_free(file);
            assert_int_not_equal(outcome, CN_PUT_MORE);
            struct cn_pool *pool = cn_pool_new();
            const struct cn_unfinished found = find_unfinished(work, pool);
            assert_int_equal(found.passes_done, sample_temporaries() ? passes_made(work) : 0);
            complete(work, "full/file.nc", found.passes_done);
            cn_pool_free(pool);
        }
        free_work(work);
    }
}

/* Another shard works on the same output. */
static void test_two_processes_do_not_share_files(void **state)
{
    (void)state;
    struct work *work = new_work(1, true);
    int ready[2], go[2];
    char byte = 0;
    make_reference(work, "one/file.nc");
    cut_work(work, &cuts[1]);
    assert_int_equal(pipe(ready) || pipe(go), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(go[1]);
        make_and_stop(work, "shared/file.nc", 12);
        (void)!write(ready[1], &byte, 1);
        (void)!read(go[0], &byte, 1);
        _exit(0);
    }
    close(ready[1]);
    close(go[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    const int others = sample_temporaries();
    assert_true(others > 0);
    work->sample->file.passes_done = 0;
    struct cn_output_file *file = begin(work, "shared/file.nc");
    assert_int_equal(make_passes(work, file), CN_PUT_COMPLETE);
    finish(work, file);
    sample_assert_equal("one/file.nc", "shared/file.nc");
    assert_int_equal(sample_temporaries(), others);
    file = begin(work, "shared/file.nc"); /* one that is not finished leaves nothing */
    work->calls_left = 12;
    assert_int_equal(make_passes(work, file), STOPPED);
    work->calls_left = -1;
    cn_output_free(file);
    assert_int_equal(sample_temporaries(), others);
    close(go[1]);
    waitpid(child, NULL, 0);
    assert_true(complete_again(work, "shared/file.nc") > 0);
    free_work(work);
}

static void test_only_what_nobody_wants_is_removed(void **state)
{
    (void)state;
    struct work *work = stopped_work(0, "kept/file.nc");
    const uint64_t number = cn_waiting_number(&work->sample->file);
    sample_touch("kept/.climnorm-pass-0123456789abcdef-0.tmp", "of another job");
    sample_touch("kept/.climnorm-pass-0123456789abcdef-2.tmp", "of another job");
    sample_touch("kept/.climnorm-pass-0123456789abcdef-3.tmp", "of somebody else");
    sample_touch("kept/.climnorm-pass-0123456789ABCDEF-2.tmp", "of somebody else");
    sample_touch("kept/.climnorm-123abc-0.tmp", "of another run");
    cn_unfinished_remove_others(sample_root, &number, 1);
    assert_false(sample_exists("kept/.climnorm-pass-0123456789abcdef-0.tmp"));
    assert_false(sample_exists("kept/.climnorm-pass-0123456789abcdef-2.tmp"));
    assert_true(sample_exists("kept/.climnorm-pass-0123456789abcdef-3.tmp"));
    assert_true(sample_exists("kept/.climnorm-pass-0123456789ABCDEF-2.tmp"));
    assert_true(sample_exists("kept/.climnorm-123abc-0.tmp"));
    remove(sample_below("kept/.climnorm-pass-0123456789abcdef-3.tmp"));
    remove(sample_below("kept/.climnorm-pass-0123456789ABCDEF-2.tmp"));
    remove(sample_below("kept/.climnorm-123abc-0.tmp"));
    assert_int_equal(complete_again(work, "kept/file.nc"), 4);
    free_work(work);
}

/* A plan with outputs that are alike, but for their paths. */
struct small_plan {
    struct cn_plan plan;
    struct cn_catalog catalog;
    struct cn_variable_plan variable;
    struct cn_output outputs[3];
};

static void make_plan(struct small_plan *small, struct work *work, const char *const *paths,
                      size_t count)
{
    static const size_t first;
    struct sample *s = work->sample;
    *small = (struct small_plan){
        .plan = {.pool = cn_pool_new(),
                 .config = &s->config,
                 .catalog = &small->catalog,
                 .variables = &small->variable,
                 .variable_count = 1},
        .variable = {.variable = &s->variable,
                     .layout = {.regions = &s->cells, .region_count = 1},
                     .results[CN_DAY] = {.regions = &s->cells, .region_count = 1},
                     .slots = SAMPLE_SLOTS,
                     .targets = work->targets,
                     .target_count = 1,
                     .outputs = small->outputs,
                     .output_count = count},
    };
    for (size_t o = 0; o < count; o++)
        small->outputs[o] = (struct cn_output){.path = paths[o],
                                               .product = &s->product,
                                               .targets = &first,
                                               .target_count = 1,
                                               .wanted = true};
}

/* Makes an unfinished output with so many passes. */
static void make_unfinished(struct work *work, const char *path, size_t passes)
{
    for (int calls = 1; make_and_stop(work, path, calls); calls++) {
        if (passes_made(work) == passes)
            return;
        cn_unfinished_remove(&work->sample->file);
    }
    fail_msg("it was not stopped");
}

static size_t find_passes(struct small_plan *small, bool is_run)
{
    const struct cn_resources resources = {.threads = 2};
    struct cn_error error = {.text = ""};
    if (cn_find_unfinished(&small->plan, &resources, is_run, NULL, &error))
        fail_msg("%s", error.text);
    return small->variable.resume.passes_done;
}

static void test_a_variable_goes_on_with_what_all_outputs_have(void **state)
{
    (void)state;
    static const char *const paths[] = {"plan/a/file.nc", "plan/b/file.nc", "plan/c/file.nc"};
    struct work *work = new_work(1, true);
    struct small_plan small;
    cut_work(work, &cuts[2]);
    make_plan(&small, work, paths, 3);
    assert_int_equal(find_passes(&small, true), 0);
    assert_int_equal(small.variable.resume.count, 0);
    make_unfinished(work, paths[0], 4);
    assert_int_equal(find_passes(&small, true), 0);
    make_unfinished(work, paths[1], 2);
    make_unfinished(work, paths[2], 3);
    for (int is_run = 0; is_run < 2; is_run++) {
        assert_int_equal(find_passes(&small, is_run), 2);
        assert_int_equal(small.variable.resume.count, work->pass_count);
        assert_memory_equal(small.variable.resume.stretches, work->stretches,
                            work->pass_count * sizeof *work->stretches);
    }
    small.outputs[1].wanted = false;
    assert_int_equal(find_passes(&small, true), 3);
    sample_touch("plan/a/.climnorm-pass-0123456789abcdef-2.tmp", "of another job");
    assert_true(cn_drop_unfinished(&small.plan, false));
    assert_true(sample_exists("plan/a/.climnorm-pass-0123456789abcdef-2.tmp"));
    work->sample->file.path = paths[1]; /* not wanted: there is a file, or will be none */
    assert_int_not_equal(access(waiting_path(work, CN_WAITING_JOURNAL), F_OK), 0);
    assert_true(cn_drop_unfinished(&small.plan, true));
    assert_false(sample_exists("plan/a/.climnorm-pass-0123456789abcdef-2.tmp"));
    assert_int_equal(find_passes(&small, true), 3);
    small.variable.resume = (struct cn_resume){0};
    assert_false(cn_drop_unfinished(&small.plan, false));
    assert_int_equal(sample_temporaries(), 0);
    cn_pool_free(small.plan.pool);
    free_work(work);
}

/* A later run may have more memory, and cut in another way. */
static void test_outputs_that_are_cut_in_two_ways_begin_anew(void **state)
{
    (void)state;
    static const char *const paths[] = {"plan/a/file.nc", "plan/b/file.nc"};
    struct work *work = new_work(1, true);
    struct small_plan small;
    make_plan(&small, work, paths, 2);
    cut_work(work, &cuts[2]);
    make_unfinished(work, paths[0], 3);
    cut_work(work, &cuts[0]);
    make_unfinished(work, paths[1], 2);
    assert_int_equal(find_passes(&small, true), 0);
    assert_false(cn_drop_unfinished(&small.plan, false));
    assert_int_equal(sample_temporaries(), 0);
    cn_pool_free(small.plan.pool);
    free_work(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stopped_file_goes_on_with_its_next_pass),
        cmocka_unit_test(test_a_file_may_be_stopped_many_times),
        cmocka_unit_test(test_damage_of_any_byte_is_noticed),
        cmocka_unit_test(test_files_that_are_cut_are_noticed),
        cmocka_unit_test(test_only_plain_files_are_read),
        cmocka_unit_test(test_a_forged_journal_is_not_believed),
        cmocka_unit_test(test_what_another_job_left_is_not_used),
        cmocka_unit_test(test_a_full_disk_costs_no_whole_pass),
        cmocka_unit_test(test_two_processes_do_not_share_files),
        cmocka_unit_test(test_only_what_nobody_wants_is_removed),
        cmocka_unit_test(test_a_variable_goes_on_with_what_all_outputs_have),
        cmocka_unit_test(test_outputs_that_are_cut_in_two_ways_begin_anew),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
