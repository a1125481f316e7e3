/*
 * Paths of open files: they lead to the file that was opened, whatever takes its place.
 */
#include "base/io.h"

#include "cn_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_a_path_leads_to_the_open_file_and_not_to_its_successor(void **state)
{
    (void)state;
    char folder[] = "/tmp/climnorm-test-XXXXXX", name[64], path[CN_DESCRIPTOR_PATH_BYTES];
    char text[8] = "";
    assert_non_null(mkdtemp(folder));
    snprintf(name, sizeof name, "%s/file", folder);
    int file = open(name, O_RDWR | O_CREAT, 0600);
    assert_true(cn_write_full(file, "first", 5));
    assert_int_equal(unlink(name), 0);
    assert_int_equal(mkfifo(name, 0600), 0); /* whose opening would wait */
    int again = open(cn_descriptor_path(file, name, path), O_RDONLY);
    assert_true(again >= 0);
    assert_int_equal(cn_pread_full(again, text, sizeof text, 0), 5);
    assert_string_equal(text, "first");
    close(again);
    close(file);
    unlink(name);
    rmdir(folder);
}

static void test_without_a_descriptor_the_path_stays(void **state)
{
    (void)state;
    char path[CN_DESCRIPTOR_PATH_BYTES];
    assert_string_equal(cn_descriptor_path(-1, "data.nc", path), "data.nc");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_path_leads_to_the_open_file_and_not_to_its_successor),
        cmocka_unit_test(test_without_a_descriptor_the_path_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
