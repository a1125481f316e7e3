/*
 * Folders and names that last: which errnos of a sync count, and that no thread relies on a folder
 * before its name is on disk.
 */
#include "base/publish.h"
#include "sink/temporary.h"

#include "cn_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What the linker gives to the module in place of fsync. */
int scripted_fsync(int file) __asm__("__wrap_fsync");
int true_fsync(int file) __asm__("__real_fsync");

static int folder_reason; /* errno of each sync of a folder; 0: it succeeds */
static bool is_slow;
static atomic_int folders_synced;

int scripted_fsync(int file)
{
    struct stat status;
    if (fstat(file, &status) || !S_ISDIR(status.st_mode))
        return true_fsync(file);
    if (is_slow)
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    atomic_fetch_add(&folders_synced, 1);
    errno = folder_reason;
    return folder_reason ? -1 : 0;
}

static char start[4096], root[] = "/tmp/climnorm-test-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    folder_reason = 0;
    is_slow = false;
    atomic_store(&folders_synced, 0);
    strcpy(root + sizeof root - 7, "XXXXXX");
    return getcwd(start, sizeof start) && mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    static const char *const names[] = {"a/b/c", "a/b", "a", "text", "file", ".climnorm-text.tmp"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        remove(names[k]);
    return chdir(start) || rmdir(root);
}

static bool is_text(const char *path, const char *expected)
{
    char found[100] = "";
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(found, 1, sizeof found - 1, file) : 0;
    if (file)
        fclose(file);
    return length == strlen(expected) && strcmp(found, expected) == 0;
}

static void test_a_sync_that_failed_is_told_from_one_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        int reason, expected;
    } cases[] = {
        {"EIO", EIO, EIO},       {"ENOSPC", ENOSPC, ENOSPC},
        {"EROFS", EROFS, EROFS}, /* of a disk that was given up */
        {"EINVAL", EINVAL, 0},   {"ENOTSUP", ENOTSUP, 0},
        {"ENOSYS", ENOSYS, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        folder_reason = cases[k].reason;
        assert_row(cn_sync_folder(root) == cases[k].expected, cases[k].row);
        assert_row(cn_publish_text("text", cases[k].row) == cases[k].expected, cases[k].row);
        assert_row(access("text", F_OK) == 0, cases[k].row);
        assert_row(cn_make_folders("a/b/") == !cases[k].expected, cases[k].row);
        rmdir("a/b");
        rmdir("a");
    }
    assert_int_equal(cn_sync_folder("nowhere"), ENOENT);
}

static void test_an_error_names_the_folder(void **state)
{
    (void)state;
    struct cn_error error;
    folder_reason = EIO;
    assert_int_equal(mkdir("a", 0700), 0);
    assert_int_equal(cn_temporary_sync_folder("a/.climnorm-0-0.tmp", &error), CN_BAD_MACHINE);
    assert_string_equal(error.text, "a: the folder cannot be synced: Input/output error; check the "
                                    "disk and run again; finished files are kept");
}

static void test_the_folder_of_a_path_is_synced(void **state)
{
    (void)state;
    assert_int_equal(mkdir("a", 0700), 0);
    assert_int_equal(cn_sync_folder_of("name"), 0);
    assert_int_equal(cn_sync_folder_of("/name"), 0);
    assert_int_equal(cn_sync_folder_of("a/name"), 0);
    assert_int_equal(atomic_load(&folders_synced), 3);
    assert_int_equal(cn_sync_folder_of("b/name"), ENOENT);
}

static void test_a_folder_is_synced_only_where_one_was_made(void **state)
{
    (void)state;
    assert_true(cn_make_folders("a/b/file"));
    assert_int_equal(atomic_load(&folders_synced), 2);
    assert_true(cn_make_folders("a/b/file"));
    assert_int_equal(atomic_load(&folders_synced), 2);
}

/* Enters "a" in the folder that is open, and closes it. */
static int enter_a(int here)
{
    const int folder = cn_enter_folder(here, "a");
    if (folder >= 0)
        close(folder);
    return folder >= 0 ? 0 : errno;
}

/* Whoever made it, it is not relied on before its name lasts. */
static void test_a_folder_of_another_process_is_synced_once(void **state)
{
    (void)state;
    const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdir("a", 0700), 0);
    folder_reason = EIO;
    assert_int_equal(enter_a(here), EIO);
    folder_reason = 0;
    assert_int_equal(enter_a(here), 0);
    assert_int_equal(atomic_load(&folders_synced), 2);
    assert_int_equal(enter_a(here), 0);
    assert_int_equal(atomic_load(&folders_synced), 2);
    assert_int_equal(rmdir("a"), 0);
    assert_int_equal(symlink(".", "a"), 0);
    assert_int_not_equal(enter_a(here), 0);
    assert_int_equal(unlink("a"), 0);
    close(here);
}

static void test_a_text_lasts(void **state)
{
    (void)state;
    assert_int_equal(cn_publish_text("text", "first"), 0);
    assert_int_equal(cn_publish_text("text", "second"), 0);
    assert_true(is_text("text", "second\n"));
    assert_int_equal(atomic_load(&folders_synced), 2);
    assert_int_not_equal(access(".climnorm-text.tmp", F_OK), 0);
}

static void *make_slowly(void *argument)
{
    (void)argument;
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_slow = true;
    assert_int_equal(enter_a(here), 0);
    close(here);
    return NULL;
}

static void test_a_folder_that_another_thread_makes_is_waited_for(void **state)
{
    (void)state;
    pthread_t maker;
    assert_int_equal(pthread_create(&maker, NULL, make_slowly, NULL), 0);
    while (access("a", F_OK))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(enter_a(here), 0);
    assert_int_equal(atomic_load(&folders_synced), 1);
    close(here);
    pthread_join(maker, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_sync_that_failed_is_told_from_one_that_cannot_be,
                                        make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_an_error_names_the_folder, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_the_folder_of_a_path_is_synced, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(test_a_folder_is_synced_only_where_one_was_made, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(test_a_folder_of_another_process_is_synced_once, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(test_a_text_lasts, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_a_folder_that_another_thread_makes_is_waited_for,
                                        make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
