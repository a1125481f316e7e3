/*
 * What a display shows of the phases before a run, and instead of one: a test asks for the state or
 * waits for the text, however long the thread takes. An alarm ends a test that hangs.
 */
#include "climnorm/progress.h"

#include "cn_test.h"

#include <jansson.h>
#include <locale.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { HANG_S = 60, MOST = 1 << 16 };

static struct display {
    struct cn_progress *progress;
    int fd;
    char text[MOST]; /* all that was written, after `reread` */
} display;

static void start(enum cn_progress_mode mode)
{
    alarm(HANG_S);
    display.fd = memfd_create("display", 0);
    assert_true(display.fd >= 0);
    assert_int_equal(cn_progress_start(mode, display.fd, &display.progress, NULL), CN_OK);
}

static const char *reread(void)
{
    ssize_t length = pread(display.fd, display.text, MOST - 1, 0);
    display.text[length > 0 ? length : 0] = '\0';
    return display.text;
}

static void wait_for(const char *text)
{
    while (!strstr(reread(), text))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Ends the display. Returns all that was written. */
static const char *stop(void)
{
    cn_progress_stop(display.progress, HANG_S);
    reread();
    close(display.fd);
    alarm(0);
    return display.text;
}

static void test_it_tells_its_count_when_asked(void **state)
{
    (void)state;
    static const enum cn_progress_mode modes[] = {CN_PROGRESS_PLAIN, CN_PROGRESS_NONE};
    for (size_t i = 0; i < 2; i++) {
        start(modes[i]);
        cn_progress_enter(display.progress, CN_PHASE_EXAMINING);
        cn_progress_count(display.progress, 3, 0);
        cn_progress_request_status(display.progress);
        wait_for("climnorm: examining files: 3 files\n");
        cn_progress_count(display.progress, 4, 40);
        cn_progress_request_status(display.progress);
        wait_for("climnorm: examining files: 4/40 files\n");
        stop();
        if (modes[i] == CN_PROGRESS_NONE) /* it says nothing else */
            assert_string_equal(display.text, "climnorm: examining files: 3 files\n"
                                              "climnorm: examining files: 4/40 files\n");
    }
}

/* The answer comes with the first count of whichever phase has one, and not twice. */
static void test_an_early_question_is_not_lost(void **state)
{
    (void)state;
    start(CN_PROGRESS_NONE);
    cn_progress_request_status(display.progress);
    cn_progress_enter(display.progress, CN_PHASE_NONE); /* returns after a tick */
    assert_string_equal(reread(), "");
    cn_progress_enter(display.progress, CN_PHASE_EXISTING);
    cn_progress_count(display.progress, 0, 7);
    wait_for("climnorm: looking at existing normals: 0/7 files\n");
    cn_progress_enter(display.progress, CN_PHASE_NONE);
    assert_string_equal(stop(), "climnorm: looking at existing normals: 0/7 files\n");
}

static void test_json(void **state)
{
    (void)state;
    json_error_t error;
    start(CN_PROGRESS_JSON);
    cn_progress_enter(display.progress, CN_PHASE_EXAMINING);
    cn_progress_count(display.progress, 4, 40);
    cn_progress_request_status(display.progress);
    wait_for("}\n");
    cn_progress_say(display.progress, "slow \xff");
    wait_for("slow");
    char *lines = strdup(stop()), *rest = lines;
    json_t *count = json_loads(strsep(&rest, "\n"), 0, &error);
    assert_non_null(count);
    assert_int_equal(json_object_size(count), 7);
    assert_string_equal(json_string_value(json_object_get(count, "event")), "preparing");
    assert_string_equal(json_string_value(json_object_get(count, "text")), "examining files");
    assert_int_equal(json_integer_value(json_object_get(count, "done")), 4);
    assert_int_equal(json_integer_value(json_object_get(count, "total")), 40);
    assert_true(json_is_real(json_object_get(count, "elapsed_s")));
    assert_true(json_is_null(json_object_get(count, "bytes")));
    char *last = strstr(rest, "\"slow");
    assert_non_null(last);
    while (last > rest && last[-1] != '\n')
        last--;
    json_t *said = json_loads(strtok(last, "\n"), 0, &error);
    assert_non_null(said);
    assert_string_equal(json_string_value(json_object_get(said, "event")), "preparing");
    assert_string_equal(json_string_value(json_object_get(said, "text")), "slow \xef\xbf\xbd");
    assert_true(json_is_null(json_object_get(said, "total")));
    json_decref(count);
    json_decref(said);
    free(lines);
}

/* The sentence about a wait comes at once, then only when asked. */
static void test_a_wait_is_told_once(void **state)
{
    (void)state;
    static const enum cn_progress_mode modes[] = {CN_PROGRESS_PLAIN, CN_PROGRESS_TTY};
    static const char line[] = "climnorm: waiting for process 7\n";
    setenv("TERM", "xterm", 1);
    for (size_t i = 0; i < 2; i++) {
        start(modes[i]);
        cn_progress_enter(display.progress, CN_PHASE_WAITING);
        cn_progress_note(display.progress, "waiting for process %d", 7);
        wait_for(line);
        cn_progress_note(display.progress, "waiting for process %d", 8);
        cn_progress_request_status(display.progress);
        wait_for("climnorm: waiting for process 8\n");
        stop();
        assert_null(strstr(strstr(display.text, line) + 1, line));
    }
    start(CN_PROGRESS_NONE);
    cn_progress_enter(display.progress, CN_PHASE_WAITING);
    cn_progress_note(display.progress, "waiting for process 7");
    cn_progress_say(display.progress, "nobody wants to know");
    cn_progress_enter(display.progress, CN_PHASE_NONE);
    assert_string_equal(stop(), "");
}

/* A frame, which is gone when the phase ends. */
static void test_a_terminal_is_clear_after_a_phase(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    start(CN_PROGRESS_TTY);
    cn_progress_enter(display.progress, CN_PHASE_SYNTHESIZING);
    cn_progress_count(display.progress, 3, 10);
    cn_progress_count_bytes(display.progress, 2048);
    wait_for("\033[?7lmaking files ");
    wait_for(" 3/10 files · 2.0 KiB");
    wait_for("\033[K\n\033[J\033[?7h\033[?25h");
    cn_progress_say(display.progress, "slow");
    wait_for("climnorm: slow\n\033[?7lmaking files");
    cn_progress_enter(display.progress, CN_PHASE_NONE);
    size_t length = strlen(reread());
    static const char clear[] = "\033[?7l\033[J\033[?7h\033[?25h"; /* an empty frame */
    assert_string_equal(display.text + length - strlen(clear), clear);
    assert_int_equal(strlen(stop()), length); /* nothing is drawn any more */
}

/* What was said before the run is no message of the run. */
static void test_a_run_begins_anew(void **state)
{
    (void)state;
    struct cn_progress_view view = {.title = "t", .threads = 2};
    start(CN_PROGRESS_PLAIN);
    cn_progress_enter(display.progress, CN_PHASE_EXAMINING);
    cn_progress_say(display.progress, "slow");
    cn_progress_enter(display.progress, CN_PHASE_NONE);
    cn_progress_show_run(display.progress, &view);
    cn_progress_say(display.progress, "! damaged");
    wait_for("! damaged\n");
    assert_string_equal(stop(), "climnorm: slow\nclimnorm: t, 2 threads\n! damaged\n");
}

static void test_no_display_is_needed(void **state)
{
    (void)state;
    cn_progress_enter(NULL, CN_PHASE_NONE);
    cn_progress_count(NULL, 1, 2);
    cn_progress_count_bytes(NULL, 3);
    cn_progress_note(NULL, "note");
    cn_progress_say(NULL, "message");
    cn_progress_show_run(NULL, NULL);
    cn_progress_request_status(NULL);
    cn_progress_halt(NULL);
    cn_progress_stop(NULL, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_tells_its_count_when_asked),
        cmocka_unit_test(test_an_early_question_is_not_lost),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_a_wait_is_told_once),
        cmocka_unit_test(test_a_terminal_is_clear_after_a_phase),
        cmocka_unit_test(test_a_run_begins_anew),
        cmocka_unit_test(test_no_display_is_needed),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
