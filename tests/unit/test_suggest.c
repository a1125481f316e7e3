/*
 * "Did you mean": what is near, and what is not.
 */
#include "base/suggest.h"

#include "cn_test.h"

static const char *among(const char *word, const char *const *candidates)
{
    struct cn_suggestion suggestion = {.word = word};
    for (; *candidates; candidates++)
        cn_suggest(&suggestion, *candidates);
    return suggestion.best;
}

static void test_a_word_with_few_errors_is_near(void **state)
{
    (void)state;
    static const char *const keys[] = {"threads", "compression", "model", "HI", "AK", NULL};
    static const struct {
        const char *word, *meant;
    } cases[] = {
        {"thread", "threads"},
        {"htreads", "threads"},
        {"threadss", "threads"},
        {"tread", ""},
        {"THREADS", "threads"},
        {"compresion", "compression"},
        {"comprseison", "compression"},
        {"modle", "model"},
        {"model", "model"},
        {"hi", "HI"},
        {"AL", "AK"},
        {"zz", ""},
        {"", ""},
        {"something else", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *best = among(cases[i].word, keys);
        assert_row(strcmp(best ? best : "", cases[i].meant) == 0, cases[i].word);
    }
}

static void test_the_nearest_wins_and_the_first_of_equals(void **state)
{
    (void)state;
    static const char *const keys[] = {"abcdeX", "abcdefg", "abcdef", "abcdeY", NULL};
    assert_string_equal(among("abcdef", keys), "abcdef");
    assert_string_equal(among("abcde_", keys), "abcdeX");
}

static void test_long_words_are_never_near(void **state)
{
    (void)state;
    char *word = calloc(1, 100001);
    assert_non_null(word);
    memset(word, 'a', 100000);
    const char *const keys[] = {word, "a", NULL};
    assert_null(among(word, keys));
    assert_null(among("a", (const char *const[]){word, NULL}));
    word[64] = '\0';
    assert_ptr_equal(among(word, keys), word);
    free(word);
}

static void test_the_hint_is_a_sentence_or_nothing(void **state)
{
    (void)state;
    char hint[CN_SUGGESTION_BYTES];
    struct cn_suggestion suggestion = {.word = "modle"};
    assert_string_equal(cn_suggestion_text(&suggestion, hint), "");
    cn_suggest(&suggestion, "model");
    assert_string_equal(cn_suggestion_text(&suggestion, hint), " (did you mean \"model\"?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_word_with_few_errors_is_near),
        cmocka_unit_test(test_the_nearest_wins_and_the_first_of_equals),
        cmocka_unit_test(test_long_words_are_never_near),
        cmocka_unit_test(test_the_hint_is_a_sentence_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
