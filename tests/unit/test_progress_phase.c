/*
 * How a phase other than the run is shown: at every width, with and without each of its numbers.
 */
#include "progress/phase.h"

#include "cn_test.h"

#include <locale.h>

static const struct cn_phase_state making = {.text = "making files",
                                             .unit = "file",
                                             .done = 120,
                                             .total = 604,
                                             .bytes = 246415360,
                                             .bytes_per_s = 12582912,
                                             .eta_s = 12.2};

static struct cn_text draw_phase(const struct cn_phase_state *state, size_t columns, size_t rows,
                                 bool utf8)
{
    struct cn_text out = {0};
    struct cn_screen screen = {columns, rows, utf8, false};
    cn_render_tty_phase(&out, state, &screen);
    assert_false(out.buffer.failed);
    return out;
}

static void assert_phase(size_t columns, size_t rows, bool utf8, const char *expected)
{
    struct cn_text frame = draw_phase(&making, columns, rows, utf8);
    char shown[1024] = "";
    for (const char *at = frame.buffer.text; *at; at++)
        if (strncmp(at, "\033[K", 3) == 0)
            at += 2;
        else
            strncat(shown, at, 1);
    assert_string_equal(shown, expected);
    cn_text_free(&frame);
}

static void test_a_phase_takes_as_many_lines_as_it_needs(void **state)
{
    (void)state;
    assert_phase(120, 24, true,
                 "making files ━━━━━━━╸──────────────────────────────── "
                 "120/604 files · 235 MiB · 12.0 MiB/s · ~00:12 left\n");
    assert_phase(80, 24, true,
                 "making files ━━╸──────────── 120/604 files · 235 MiB · 12.0 MiB/s · ~00:12 left"
                 "\n");
    assert_phase(60, 24, true,
                 "making files ━━━━━━━╸────────────────────────────────\n"
                 "  120/604 files · 235 MiB · 12.0 MiB/s · ~00:12 left\n");
    assert_phase(60, 24, false,
                 "making files =======>--------------------------------\n"
                 "  120/604 files - 235 MiB - 12.0 MiB/s - ~00:12 left\n");
    assert_phase(20, 24, true,
                 "making files ━─────\n"
                 "  120/604 files\n"
                 "  235 MiB\n"
                 "  12.0 MiB/s\n"
                 "  ~00:12 left\n");
    assert_phase(20, 5, true,
                 "making files ━─────\n"
                 "  120/604 files\n");
}

static void test_a_phase_fits_every_screen(void **state)
{
    (void)state;
    for (size_t columns = 1; columns <= 200; columns++)
        for (int k = 0; k < 32; k++) {
            struct cn_phase_state some = making;
            some.total = k & 1 ? UINT64_MAX : 0;
            some.bytes = k & 2 ? UINT64_MAX : 0;
            some.eta_s = k & 4 ? 1e300 : -1;
            some.unit = k & 8 ? "file" : NULL;
            some.done = UINT64_MAX;
            struct cn_text frame = draw_phase(&some, columns, 24, k & 16);
            size_t lines = 0;
            for (const char *at = frame.buffer.text; *at; at++)
                lines += *at == '\n';
            assert_true(lines <= 1 + CN_PARTS_MOST);
            if (columns > 1)
                assert_int_equal(cn_text_screen_rows(frame.buffer.text, columns - 1, k & 16),
                                 lines);
            cn_text_free(&frame);
        }
}

static void test_a_line_says_what_is_known(void **state)
{
    (void)state;
    static const struct {
        struct cn_phase_state state;
        const char *line;
    } rows[] = {
        {{"examining files", "file", 3, 0, 0, 0, -1}, "climnorm: examining files: 3 files\n"},
        {{"examining files", "file", 0, 1, 0, 0, -1}, "climnorm: examining files: 0/1 file\n"},
        {{"verifying files", "file", 1, 4, 2048, 0, 3},
         "climnorm: verifying files: 1/4 files, 2.0 KiB, ~00:03 left\n"},
        {{"waiting for process 7", NULL, 0, 0, 0, 0, -1}, "climnorm: waiting for process 7\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cn_text out = {.utf8 = true};
        cn_render_plain_phase(&out, &rows[i].state);
        assert_string_equal(out.buffer.text, rows[i].line);
        cn_text_free(&out);
    }
}

/* Steady work, of which the first file takes its time: never wrong by more than 1.3 times. */
static void test_the_time_left_is_true(void **state)
{
    (void)state;
    struct cn_phase_pace pace = {0};
    for (int tenth = 0; tenth < 1000; tenth++) { /* 100 s, 200 files */
        struct cn_phase_state now = {
            .unit = "file", .done = (uint64_t)tenth / 5, .total = 200, .bytes = 1};
        cn_phase_estimate(&now, &pace, tenth * 0.1);
        double left_s = 100 - tenth * 0.1;
        if (tenth >= 100 && tenth < 980)
            assert_true(now.eta_s < 1.3 * left_s && now.eta_s > left_s / 1.3);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_phase_takes_as_many_lines_as_it_needs),
        cmocka_unit_test(test_a_phase_fits_every_screen),
        cmocka_unit_test(test_a_line_says_what_is_known),
        cmocka_unit_test(test_the_time_left_is_true),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
