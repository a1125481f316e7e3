/*
 * Texts that are built in memory: complete, or none at all.
 */
#include "base/strbuf.h"

#include "cn_test.h"

#include <sys/resource.h>

enum { PART_BYTES = 1 << 20 };

static void test_a_long_text_is_complete(void **state)
{
    (void)state;
    struct cn_strbuf buffer = {0};
    for (int i = 0; i < 100000; i++)
        cn_strbuf_add(&buffer, "%d ", i % 10);
    char *text = cn_strbuf_detach(&buffer);
    assert_non_null(text);
    assert_int_equal(strlen(text), 200000);
    free(text);
}

static void test_a_buffer_without_text_gives_an_empty_one(void **state)
{
    (void)state;
    struct cn_strbuf buffer = {0};
    assert_string_equal(cn_strbuf_text(&buffer), "");
    char *text = cn_strbuf_detach(&buffer);
    assert_string_equal(text, "");
    free(text);
}

static void test_bytes_are_appended_and_cleared_and_moved_to_a_pool(void **state)
{
    (void)state;
    struct cn_strbuf buffer = {0};
    cn_strbuf_append(&buffer, "abcdef", 3);
    cn_strbuf_add(&buffer, "%s", "");
    cn_strbuf_append(&buffer, "", 0);
    cn_strbuf_add(&buffer, "-%d", 7);
    assert_string_equal(cn_strbuf_text(&buffer), "abc-7");
    cn_strbuf_clear(&buffer);
    assert_string_equal(cn_strbuf_text(&buffer), "");
    cn_strbuf_add(&buffer, "x");
    assert_string_equal(buffer.text, "x");
    cn_strbuf_free(&buffer);
    struct cn_pool *pool = cn_pool_new();
    cn_strbuf_add(&buffer, "in a pool");
    assert_string_equal(cn_strbuf_to_pool(&buffer, pool), "in a pool");
    assert_null(buffer.text);
    cn_pool_free(pool);
}

/* Parts of a text larger than the address space may be, then a small one that fits again. */
static void test_a_text_that_lacked_memory_once_is_none(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it needs all of the address space itself */
#endif
    struct rlimit before, narrow;
    char *part = malloc(PART_BYTES + 1);
    assert_non_null(part);
    memset(part, 'x', PART_BYTES);
    part[PART_BYTES] = '\0';
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    narrow = before;
    narrow.rlim_cur = (rlim_t)512 << 20;
    struct cn_strbuf buffer = {0};
    assert_int_equal(setrlimit(RLIMIT_AS, &narrow), 0);
    for (int i = 0; i < 600; i++)
        cn_strbuf_add(&buffer, "%s", part);
    cn_strbuf_add(&buffer, "y");
    char *text = cn_strbuf_detach(&buffer);
    setrlimit(RLIMIT_AS, &before);
    free(part);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_text_is_complete),
        cmocka_unit_test(test_a_buffer_without_text_gives_an_empty_one),
        cmocka_unit_test(test_bytes_are_appended_and_cleared_and_moved_to_a_pool),
        cmocka_unit_test(test_a_text_that_lacked_memory_once_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
