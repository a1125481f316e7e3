/*
 * The lock of an output root: who holds it, what a child has of it, and what the next run removes
 * of one that was killed.
 */
#include "sink/lock.h"

#include "cn_test.h"
#include "sink_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const atomic_int nobody; /* asks to stop */
static const struct cn_shard whole = {0};

static void test_one_run_holds_the_lock(void **state)
{
    (void)state;
    int lock, second;
    struct cn_lock_found found;
    struct cn_error error = {0};
    assert_int_equal(
        cn_sink_lock(sample_below("made/on the way/"), &whole, &nobody, &lock, &found, &error),
        CN_OK);
    assert_int_equal(
        cn_sink_lock(sample_below("made/on the way"), &whole, &nobody, &second, &found, &error),
        CN_BAD_USAGE);
    char process[40];
    snprintf(process, sizeof process, "process %ld on ", (long)getpid());
    assert_non_null(strstr(error.text, process));
    cn_sink_unlock(lock, false);
    assert_int_equal(
        cn_sink_lock(sample_below("made/on the way"), &whole, &nobody, &lock, &found, &error),
        CN_OK);
    cn_sink_unlock(lock, false);
    sample_touch("no folder", "");
    assert_int_equal(
        cn_sink_lock(sample_below("no folder/out"), &whole, &nobody, &lock, &found, &error),
        CN_BAD_USAGE);
    assert_non_null(strstr(error.text, "Not a directory"));
}

static void test_a_lock_may_be_waited_for_without_a_stop_flag(void **state)
{
    (void)state;
    int lock, second;
    struct cn_lock_found found;
    struct cn_error error;
    assert_int_equal(cn_sink_lock(sample_root, &whole, NULL, &lock, &found, &error), CN_OK);
    assert_int_equal(cn_sink_lock(sample_root, &whole, NULL, &second, &found, &error),
                     CN_BAD_USAGE);
    assert_int_equal(second, -1);
    cn_sink_unlock(lock, false);
}

/* In a child: whether none of the locks is open, and to give back the last leaves a file alone that
 * has its descriptor now. */
static bool child_has_no_lock(const int locks[2])
{
    for (int k = 0; k < 2; k++)
        if (fcntl(locks[k], F_GETFD) >= 0)
            return false;
    sample_touch("victim", "precious");
    int victim = open(sample_below("victim"), O_RDWR);
    bool is_moved = dup2(victim, locks[1]) >= 0;
    cn_sink_unlock(locks[1], false);
    struct stat status;
    return is_moved && fstat(locks[1], &status) == 0 && status.st_size == 8;
}

static void test_children_have_no_lock_of_any_job(void **state)
{
    (void)state;
    int first, locks[2], status;
    struct cn_lock_found found;
    struct cn_error error;
    assert_int_equal(cn_sink_lock(sample_below("first"), &whole, NULL, &first, &found, &error),
                     CN_OK);
    assert_int_equal(cn_sink_lock(sample_below("second"), &whole, NULL, &locks[0], &found, &error),
                     CN_OK);
    assert_int_equal(cn_sink_lock(sample_below("third"), &whole, NULL, &locks[1], &found, &error),
                     CN_OK);
    cn_sink_unlock(first, false);
    pid_t child = fork();
    if (child == 0)
        _exit(!child_has_no_lock(locks));
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    for (int k = 0; k < 2; k++) {
        assert_true(fcntl(locks[k], F_GETFD) >= 0);
        cn_sink_unlock(locks[k], false);
    }
}

/* Makes files in folders that are there, or asks whether they are. */
static void touch_all(const char *const *names)
{
    for (; *names; names++)
        sample_touch(*names, "");
}

static size_t count_existing(const char *const *names)
{
    size_t count = 0;
    for (; *names; names++)
        count += sample_exists(*names);
    return count;
}

/* A run that is killed twice, the second time before it has removed what the first left. */
static void test_a_dead_run_is_cleaned_up(void **state)
{
    (void)state;
    static const char *const dead[] = {"dead/a/.climnorm-0-0.tmp", "dead/.climnorm-0-1.tmp",
                                       "dead/.climnorm-1a-ff.tmp", NULL};
    static const char *const others[] = {"dead/a/climnorm-0-2.tmp",
                                         "dead/.climnorm-0-2.tmp.nc",
                                         "dead/.climnorm-2-0.tmp", /* of a run that may live */
                                         "dead/.climnorm-1-0.tmp",
                                         "elsewhere/.climnorm-0-3.tmp",
                                         NULL};
    assert_int_equal(mkdir(sample_below("dead"), 0700), 0);
    assert_int_equal(mkdir(sample_below("dead/a"), 0700), 0);
    assert_int_equal(mkdir(sample_below("elsewhere"), 0700), 0);
    assert_int_equal(symlink("../elsewhere", sample_below("dead/link")), 0);
    assert_int_equal(symlink("dead", sample_below("alias")), 0);
    struct cn_error error = {0};
    int lock;
    struct cn_lock_found found;
    touch_all(dead);
    touch_all(others);
    sample_touch("dead/.climnorm.lock", "process 1 on run since ever\nrun 1a\nrun 0\n");
    assert_int_equal(cn_sink_lock(sample_below("alias"), &whole, &nobody, &lock, &found, &error),
                     CN_OK);
    assert_int_equal(count_existing(dead), 0);
    assert_int_equal(count_existing(others), 5);
    cn_sink_unlock(lock, false);
    touch_all(dead); /* nobody knows them any more */
    assert_int_equal(cn_sink_lock(sample_below("dead"), &whole, &nobody, &lock, &found, &error),
                     CN_OK);
    cn_sink_unlock(lock, false);
    assert_int_equal(count_existing(dead), 3);
    for (size_t k = 0; k < 3; k++)
        unlink(sample_below(dead[k]));
    for (size_t k = 0; k < 5; k++)
        unlink(sample_below(others[k]));
}

/* What the linker gives to the lock in place of cn_sync_folder. */
static int folder_reason;
static int folders_synced;
int counted_sync_folder(const char *folder) __asm__("__wrap_cn_sync_folder");

int counted_sync_folder(const char *folder)
{
    (void)folder;
    folders_synced++;
    return folder_reason;
}

/* It may have renamed files in any folder. A run that cannot sync them leaves that to the next. */
static void test_folders_of_a_killed_run_are_synced(void **state)
{
    (void)state;
    assert_int_equal(mkdir(sample_below("killed"), 0700), 0);
    assert_int_equal(mkdir(sample_below("killed/a"), 0700), 0);
    struct cn_error error = {0};
    struct cn_lock_found found;
    int lock;
    folders_synced = 0;
    assert_int_equal(cn_sink_lock(sample_below("killed"), &whole, &nobody, &lock, &found, &error),
                     CN_OK);
    cn_sink_unlock(lock, false);
    assert_int_equal(folders_synced, 0);
    sample_touch("killed/.climnorm.lock", "process 1 on run since ever\nrun 0\n");
    sample_touch("killed/a/.climnorm-0-0.tmp", "");
    folder_reason = EIO;
    assert_int_equal(cn_sink_lock(sample_below("killed"), &whole, &nobody, &lock, &found, &error),
                     CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "synced"));
    assert_int_equal(lock, -1);
    folder_reason = 0;
    folders_synced = 0;
    sample_touch("killed/a/.climnorm-0-1.tmp", "");
    assert_int_equal(cn_sink_lock(sample_below("killed"), &whole, &nobody, &lock, &found, &error),
                     CN_OK);
    assert_int_equal(folders_synced, 2);
    assert_false(sample_exists("killed/a/.climnorm-0-1.tmp"));
    cn_sink_unlock(lock, false);
}

/* What a run writes into the lock file is what the next one needs. */
static void test_a_killed_run_is_cleaned_up(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    struct cn_error error = {0};
    struct cn_lock_found found;
    int lock, status;
    char temporary[4096];
    sample_fill(s);
    s->file.path = "deep/down/killed.nc";
    pid_t child = fork();
    if (child == 0) {
        if (cn_sink_lock(sample_root, &whole, &nobody, &lock, &found, &error) == CN_OK &&
            sample_write(s, temporary, sizeof temporary, &error) == CN_OK)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(sample_temporaries(), 1);
    assert_int_equal(cn_sink_lock(sample_root, &whole, &nobody, &lock, &found, &error), CN_OK);
    assert_int_equal(sample_temporaries(), 0);
    cn_sink_unlock(lock, false);
    sample_free(s);
}

static const struct cn_shard first_of_two = {1, 2}, second_of_two = {2, 2}, third_of_five = {3, 5};

/* Who keeps whom out. */
static void test_shards_share_an_output_root(void **state)
{
    (void)state;
    char root[4096];
    snprintf(root, sizeof root, "%s", sample_below("shared"));
    int first, second, other, lock;
    struct cn_lock_found found;
    struct cn_error error = {0};
    assert_int_equal(cn_sink_lock(root, &first_of_two, NULL, &first, &found, &error), CN_OK);
    assert_int_equal(cn_sink_lock(root, &second_of_two, NULL, &second, &found, &error), CN_OK);
    assert_int_equal(cn_sink_lock(root, &third_of_five, NULL, &other, &found, &error), CN_OK);
    assert_false(found.killed_runs);
    assert_string_equal(found.holder, "");
    assert_int_equal(cn_sink_lock(root, &second_of_two, NULL, &lock, &found, &error), CN_BAD_USAGE);
    assert_non_null(strstr(found.holder, ", shard 2/2"));
    assert_non_null(strstr(error.text, ", shard 2/2"));
    cn_sink_unlock(first, false);
    cn_sink_unlock(second, false);
    assert_int_equal(cn_sink_lock(root, &whole, NULL, &lock, &found, &error), CN_BAD_USAGE);
    assert_non_null(strstr(found.holder, ", shard 3/5"));
    cn_sink_unlock(other, false);
    assert_int_equal(cn_sink_lock(root, &whole, NULL, &lock, &found, &error), CN_OK);
    assert_int_equal(cn_sink_lock(root, &first_of_two, NULL, &first, &found, &error), CN_BAD_USAGE);
    assert_null(strstr(found.holder, "shard"));
    assert_non_null(strstr(found.holder, "process"));
    cn_sink_unlock(lock, false);
    assert_int_equal(cn_sink_lock(root, &first_of_two, NULL, &first, &found, &error), CN_OK);
    assert_true(sample_exists("shared/.climnorm-1-of-2.lock"));
    cn_sink_unlock(first, false);
    assert_false(sample_exists("shared/.climnorm-1-of-2.lock"));
    assert_true(sample_exists("shared/.climnorm.lock"));
}

/* A killed shard, and a killed run without a shard. */
static void leave_killed(void)
{
    sample_touch("parts/.climnorm.lock", "process 1 on run since ever\nrun 0\n");
    sample_touch("parts/.climnorm-1-of-2.lock", "process 2 on run since ever\nrun 1a\nrun 2b\n");
    sample_touch("parts/.climnorm-0-0.tmp", "");
    sample_touch("parts/a/.climnorm-1a-0.tmp", "");
    sample_touch("parts/a/.climnorm-2b-0.tmp", "");
}

static bool are_left(bool of_shard, bool of_whole)
{
    return sample_exists("parts/.climnorm-0-0.tmp") == of_whole &&
           sample_exists("parts/a/.climnorm-1a-0.tmp") == of_shard &&
           sample_exists("parts/a/.climnorm-2b-0.tmp") == of_shard;
}

static void test_a_shard_removes_what_its_own_killed_runs_left(void **state)
{
    (void)state;
    char root[4096];
    snprintf(root, sizeof root, "%s", sample_below("parts"));
    int lock;
    struct cn_lock_found found;
    struct cn_error error = {0};
    assert_int_equal(mkdir(sample_below("parts"), 0700), 0);
    assert_int_equal(mkdir(sample_below("parts/a"), 0700), 0);
    leave_killed();
    folders_synced = 0;
    assert_int_equal(cn_sink_lock(root, &second_of_two, NULL, &lock, &found, &error), CN_OK);
    assert_true(found.killed_runs);
    assert_int_equal(folders_synced, 1 + 2); /* that above the root, for its name */
    assert_true(are_left(true, false));
    cn_sink_unlock(lock, false);
    assert_int_equal(cn_sink_lock(root, &first_of_two, NULL, &lock, &found, &error), CN_OK);
    assert_true(found.killed_runs);
    assert_true(are_left(false, false));
    cn_sink_unlock(lock, false);
    assert_int_equal(cn_sink_lock(root, &first_of_two, NULL, &lock, &found, &error), CN_OK);
    assert_false(found.killed_runs);
    cn_sink_unlock(lock, false);
}

static void test_a_run_without_a_shard_removes_what_killed_shards_left(void **state)
{
    (void)state;
    char root[4096];
    snprintf(root, sizeof root, "%s", sample_below("parts"));
    int lock, other;
    struct cn_lock_found found;
    struct cn_error error = {0};
    leave_killed();
    assert_int_equal(cn_sink_lock(root, &third_of_five, NULL, &other, &found, &error), CN_OK);
    sample_touch("parts/.climnorm-0-0.tmp", "");
    assert_int_equal(cn_sink_lock(root, &whole, NULL, &lock, &found, &error), CN_BAD_USAGE);
    assert_true(are_left(true, true));
    cn_sink_unlock(other, false);
    leave_killed();
    folder_reason = EIO;
    assert_int_equal(cn_sink_lock(root, &whole, NULL, &lock, &found, &error), CN_BAD_MACHINE);
    folder_reason = 0;
    assert_true(sample_exists("parts/.climnorm-1-of-2.lock")); /* the next run knows them */
    assert_int_equal(cn_sink_lock(root, &whole, NULL, &lock, &found, &error), CN_OK);
    assert_true(found.killed_runs);
    assert_true(are_left(false, false));
    assert_false(sample_exists("parts/.climnorm-1-of-2.lock"));
    cn_sink_unlock(lock, false);
}

/* Whatever somebody calls like a lock file. */
static void test_odd_lock_files_of_shards(void **state)
{
    (void)state;
    char root[4096];
    snprintf(root, sizeof root, "%s", sample_below("odd"));
    int lock;
    struct cn_lock_found found;
    struct cn_error error = {0};
    assert_int_equal(mkdir(sample_below("odd"), 0700), 0);
    assert_int_equal(mkdir(sample_below("odd/.climnorm-1-of-2.lock"), 0700), 0);
    assert_int_equal(symlink("/nowhere", sample_below("odd/.climnorm-2-of-2.lock")), 0);
    assert_int_equal(mkfifo(sample_below("odd/.climnorm-3-of-5.lock"), 0600), 0);
    sample_touch("odd/.climnorm-1-of-2.lock.nc", "process 2 on run since ever\nrun 1a\n");
    sample_touch("odd/.climnorm-1a-0.tmp", "");
    assert_int_equal(cn_sink_lock(root, &whole, NULL, &lock, &found, &error), CN_OK);
    assert_false(found.killed_runs);
    cn_sink_unlock(lock, false);
    assert_true(sample_exists("odd/.climnorm-1a-0.tmp"));
    assert_int_equal(symlink("/nowhere", sample_below("odd/.climnorm-2-of-2.lock")), -1);
    assert_int_equal(cn_sink_lock(root, &second_of_two, NULL, &lock, &found, &error), CN_BAD_USAGE);
    assert_non_null(strstr(error.text, ".climnorm-2-of-2.lock is not a plain file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_run_holds_the_lock),
        cmocka_unit_test(test_a_lock_may_be_waited_for_without_a_stop_flag),
        cmocka_unit_test(test_children_have_no_lock_of_any_job),
        cmocka_unit_test(test_a_dead_run_is_cleaned_up),
        cmocka_unit_test(test_folders_of_a_killed_run_are_synced),
        cmocka_unit_test(test_a_killed_run_is_cleaned_up),
        cmocka_unit_test(test_shards_share_an_output_root),
        cmocka_unit_test(test_a_shard_removes_what_its_own_killed_runs_left),
        cmocka_unit_test(test_a_run_without_a_shard_removes_what_killed_shards_left),
        cmocka_unit_test(test_odd_lock_files_of_shards),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
