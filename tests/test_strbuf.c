/*
 * Text that is put together in memory: whole, or none.
 */
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { PIECE = 1 << 20 };

static void test_whole(void **state)
{
    (void)state;
    struct cn_strbuf writing;
    cn_strbuf_begin(&writing);
    for (int i = 0; i < 100000; i++)
        cn_strbuf_add(&writing, "%d ", i % 10);
    char *text = cn_strbuf_end(&writing);
    assert_non_null(text);
    assert_int_equal(strlen(text), 200000);
    free(text);
}

static void test_empty(void **state)
{
    (void)state;
    struct cn_strbuf writing;
    cn_strbuf_begin(&writing);
    char *text = cn_strbuf_end(&writing);
    assert_string_equal(text, "");
    free(text);
}

/* Pieces of a text larger than the address space may be, then one that finds room again. */
static void test_no_memory(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it needs all of the address space itself */
#endif
    struct rlimit before, narrow;
    char *piece = malloc(PIECE + 1);
    assert_non_null(piece);
    memset(piece, 'x', PIECE);
    piece[PIECE] = '\0';
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    narrow = before;
    narrow.rlim_cur = (rlim_t)512 << 20;
    struct cn_strbuf writing;
    cn_strbuf_begin(&writing);
    assert_int_equal(setrlimit(RLIMIT_AS, &narrow), 0);
    for (int i = 0; i < 600; i++)
        cn_strbuf_add(&writing, "%s", piece);
    cn_strbuf_add(&writing, "y");
    char *text = cn_strbuf_end(&writing);
    setrlimit(RLIMIT_AS, &before);
    free(piece);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
