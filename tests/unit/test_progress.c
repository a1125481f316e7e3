/*
 * What the renderers of the progress display make of snapshots at every width, in every state, with
 * hostile names and absurd numbers.
 */
#include "progress/render.h"

#include "cn_test.h"

#include <locale.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

/* A job of four: one done, one active, two waiting. */
struct job {
    struct cn_progress_row rows[4];
    struct cn_snapshot snapshot;
};

static void make_job(struct job *job)
{
    *job = (struct job){.rows = {{.name = "pr",
                                  .state = CN_DONE,
                                  .elapsed_s = 51,
                                  .rates[CN_NORMALS_WRITTEN].per_second = 11.9,
                                  .fraction = 1,
                                  .values[CN_NORMALS_TOTAL] = 605,
                                  .values[CN_NORMALS_WRITTEN] = 605,
                                  .values[CN_YEARS_TOTAL] = 151,
                                  .eta_s = -1},
                                 {.name = "tas",
                                  .state = CN_ACTIVE,
                                  .elapsed_s = 26,
                                  .fraction = 0.5,
                                  .values[CN_NORMALS_TOTAL] = 605,
                                  .values[CN_NORMALS_WRITTEN] = 287,
                                  .values[CN_NORMALS_COMPUTED] = 312,
                                  .values[CN_NORMALS_FAILED] = 2,
                                  .values[CN_NORMALS_KEPT] = 40,
                                  .values[CN_YEARS_READ] = 98,
                                  .values[CN_YEARS_TOTAL] = 151,
                                  .rates[CN_BYTES_READ].per_second = 1.9e9,
                                  .rates[CN_NORMALS_WRITTEN].per_second = 4.2,
                                  .eta_s = 24,
                                  .values[CN_ARENA_USED] = UINT64_C(4402341478)},
                                 {.name = "tasmax", .values[CN_NORMALS_TOTAL] = 605, .eta_s = -1},
                                 {.name = "tasmin", .values[CN_NORMALS_TOTAL] = 605, .eta_s = -1}},
                        .snapshot = {.title = "NorESM2-LM ssp245 · CONUS AK",
                                     .threads = 12,
                                     .elapsed_s = 102,
                                     .eta_s = 190,
                                     .arena_bytes = UINT64_C(12) << 30,
                                     .count = 4}};
    job->snapshot.rows = job->rows;
    for (size_t i = 0; i < 4; i++)
        job->rows[i].values[CN_ARENA_BOUND] = job->snapshot.arena_bytes;
}

static struct cn_text draw(const struct cn_snapshot *snapshot, size_t columns, size_t rows,
                           bool utf8, bool color)
{
    struct cn_text out = {0};
    struct cn_screen screen = {columns, rows, utf8, color};
    cn_render_tty(&out, snapshot, &screen);
    assert_false(out.buffer.failed);
    return out;
}

/* The frame without "ESC[K", so that screens can be written down. */
static void assert_frame(const struct cn_text *frame, const char *expected)
{
    char shown[4096];
    size_t length = 0;
    for (const char *at = frame->buffer.text; *at && length + 1 < sizeof shown;) {
        if (strncmp(at, "\033[K", 3) == 0)
            at += 3;
        else
            shown[length++] = *at++;
    }
    shown[length] = '\0';
    assert_string_equal(shown, expected);
}

/* Every line fits, and there are at most `rows` of them. */
static void assert_fits(const struct cn_text *frame, size_t columns, size_t rows, bool utf8)
{
    size_t lines = 0;
    for (const char *at = frame->buffer.text; *at; at++) {
        lines += *at == '\n';
        if (!utf8)
            assert_true((unsigned char)*at < 0x80);
    }
    assert_true(lines <= rows);
    assert_int_equal(cn_text_screen_rows(frame->buffer.text, columns - 1, utf8), lines);
}

static void test_a_screen_of_80_columns_tells_all(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    job.snapshot.message = "! tas 1987: chunk 211 does not inflate (tas_day_1987.nc); left out";
    job.snapshot.messages = 1;
    struct cn_text frame = draw(&job.snapshot, 80, 24, true, false);
    assert_frame(&frame,
                 "climnorm · NorESM2-LM ssp245 · CONUS AK · 12 threads · 01:42, ~03:10 left\n"
                 "  pr     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  605/605  done        12/s     00:51\n"
                 "  tas    ━━━━━━━━━━━━━━━━╸────────────────     50 %  active     4.2/s    ~00:24\n"
                 "    read 98/151 years · 1.8 GiB/s · memory 4.1/12.0 GiB\n"
                 "    312 normals computed · 287/605 made · 2 normals failed · 40 kept\n"
                 "  tasmax ─────────────────────────────────    0/605  waiting                   \n"
                 "  tasmin ─────────────────────────────────    0/605  waiting                   \n"
                 "  ! tas 1987: chunk 211 does not inflate (tas_day_1987.nc); left out\n");
    cn_text_free(&frame);
}

/* Nothing is lost at 60 columns: what does not fit in one line takes two. */
static void test_without_utf8_the_frame_is_ascii(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    job.rows[0].state = CN_FAILED;
    job.rows[0].fraction = 0.25;
    job.rows[0].values[CN_NORMALS_WRITTEN] = 100;
    job.rows[0].problem = "pr: /a very long/folder name/indeed/pr_1950.nc: unit K beside mm";
    job.snapshot.message =
        "! /data/NorESM2-LM/tas_day_1987.nc: chunk 211 of tas is spoilt; left out";
    job.snapshot.messages = 7;
    struct cn_text frame = draw(&job.snapshot, 60, 24, false, false);
    assert_frame(&frame, "climnorm - NorESM2-LM ssp245 - CONUS AK\n"
                         "  12 threads - 01:42, ~03:10 left\n"
                         "  pr     ===----------  100/605  failed      12/s     00:51\n"
                         "    pr: a very long/folder name/indeed/pr_1950.nc: unit K ~\n"
                         "  tas    ======>------     50 %  active     4.2/s    ~00:24\n"
                         "    read 98/151 years - 1.8 GiB/s - memory 4.1/12.0 GiB\n"
                         "    312 normals computed - 287/605 made - 2 normals failed\n"
                         "    40 kept\n"
                         "  tasmax -------------    0/605  waiting                   \n"
                         "  tasmin -------------    0/605  waiting                   \n"
                         "  7 messages, the last: ! tas_day_1987.nc: chunk 211 of ta~\n");
    cn_text_free(&frame);
}

static void test_a_low_screen_drops_the_least_lines(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    struct cn_text frame = draw(&job.snapshot, 60, 8, false, false);
    assert_frame(&frame, "climnorm - NorESM2-LM ss~ - 12 threads - 01:42, ~03:10 left\n"
                         "  pr     =============  605/605  done        12/s     00:51\n"
                         "  tas    ======>------     50 %  active     4.2/s    ~00:24\n"
                         "    read 98/151 years - 1.8 GiB/s - memory 4.1/12.0 GiB\n"
                         "  tasmax -------------    0/605  waiting                   \n"
                         "  tasmin -------------    0/605  waiting                   \n");
    cn_text_free(&frame);
}

/* A title of many scenarios and regions goes on below, part by part. */
static void test_a_long_title_goes_on_below(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    job.snapshot.count = 0;
    job.snapshot.title = "NorESM2-LM ssp126 ssp245 ssp370 ssp585 · CONUS AK HI PRVI GU";
    struct cn_text frame = draw(&job.snapshot, 60, 24, true, false);
    assert_frame(&frame, "climnorm · NorESM2-LM ssp126 ssp245 ssp370 ssp585\n"
                         "  CONUS AK HI PRVI GU · 12 threads · 01:42, ~03:10 left\n");
    cn_text_free(&frame);
}

static void test_colors_appear_only_where_they_are_wanted(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    struct cn_text frame = draw(&job.snapshot, 120, 24, true, true);
    assert_non_null(strstr(frame.buffer.text, "\033[36m━"));
    cn_text_free(&frame);
    frame = draw(&job.snapshot, 200, 24, true, false);
    assert_null(strstr(frame.buffer.text, "\033[3")); /* no color; "ESC[K" alone */
    cn_text_free(&frame);
}

static void test_the_last_frame_shows_every_row(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    job.snapshot.last = true;
    job.snapshot.message = "something";
    job.rows[2].state = CN_DONE;
    job.rows[2].values[CN_NORMALS_TOTAL] = 0; /* a run again: all is there */
    job.rows[2].values[CN_NORMALS_KEPT] = 605;
    struct cn_text frame = draw(&job.snapshot, 60, 3, true, false); /* all rows, however few fit */
    assert_frame(&frame, "climnorm · NorESM2-LM ssp245 · CONUS AK\n"
                         "  12 threads · 01:42\n"
                         "  pr     ━━━━━━━━━━━━   605/605  done        12/s     00:51\n"
                         "  tas    ━━━━━━──────   287/605  stopped    4.2/s     00:26\n"
                         "    2 normals failed · 40 kept\n"
                         "  tasmax ━━━━━━━━━━━━  605 kept  done                      \n"
                         "  tasmin ────────────     0/605  waiting                   \n");
    cn_text_free(&frame);
}

static void test_rows_that_do_not_fit_are_counted(void **state)
{
    (void)state;
    struct cn_progress_row rows[40];
    for (size_t i = 0; i < 40; i++)
        rows[i] = (struct cn_progress_row){.name = "v",
                                           .state = i == 3   ? CN_FAILED
                                                    : i < 20 ? CN_DONE
                                                             : CN_WAITING};
    rows[20].state = CN_ACTIVE;
    struct cn_snapshot snapshot = {.title = "", .count = 40, .rows = rows, .message = "m"};
    struct cn_text frame = draw(&snapshot, 80, 12, true, false);
    assert_fits(&frame, 80, 11, true);
    assert_non_null(strstr(frame.buffer.text, "  19 done\033[K"));
    assert_non_null(strstr(frame.buffer.text, " failed "));
    assert_non_null(strstr(frame.buffer.text, "  19 waiting: 0 normals to make\033[K"));
    assert_non_null(strstr(frame.buffer.text, "    read 0/0"));
    cn_text_free(&frame);
    for (size_t height = 1; height < 60; height++) {
        frame = draw(&snapshot, 80, height, true, false);
        assert_fits(&frame, 80, height > 4 ? height - 1 : 3, true);
        assert_non_null(
            strstr(frame.buffer.text, "    read 0/0")); /* the active one is always there */
        cn_text_free(&frame);
    }
}

enum { MODELS = 35, VARIABLES = 4 };

/* A run of 35 models of 4 variables: so many are over, of which some have failed. */
static void make_models(struct cn_progress_row rows[MODELS * VARIABLES], size_t over, size_t failed)
{
    static const char *const models[] = {"ACCESS-CM2", "EC-Earth3-Veg-LR", "MIROC6", "CanESM5",
                                         "KIOST-ESM"};
    static const char *const names[VARIABLES] = {"pr", "tas", "tasmax", "tasmin"};
    for (size_t i = 0; i < MODELS * VARIABLES; i++) {
        rows[i] = (struct cn_progress_row){.name = names[i % VARIABLES],
                                           .model = models[i / VARIABLES % 5],
                                           .state = i < over ? CN_DONE : CN_WAITING,
                                           .values[CN_NORMALS_TOTAL] = 605,
                                           .eta_s = -1};
        rows[i].values[CN_NORMALS_WRITTEN] = i < over ? 605 : 0;
        if (i >= over - failed && i < over) {
            rows[i].state = CN_FAILED;
            rows[i].values[CN_NORMALS_WRITTEN] = 0;
            rows[i].elapsed_s = 3;
            rows[i].problem = "none of its files can be used";
        }
    }
    rows[over].state = CN_ACTIVE;
    rows[over].fraction = 0.25;
    rows[over].elapsed_s = 60;
    rows[over].eta_s = 180;
}

static void test_many_models_fold_into_few_lines(void **state)
{
    (void)state;
    struct cn_progress_row rows[MODELS * VARIABLES];
    struct cn_snapshot snapshot = {.title = "35 models ssp245 · CONUS",
                                   .threads = 8,
                                   .rows = rows,
                                   .count = MODELS * VARIABLES};
    snapshot.eta_s = 5400;
    make_models(rows, 70, 1);
    struct cn_text frame = draw(&snapshot, 80, 24, true, false);
    assert_frame(&frame,
                 "climnorm · 35 models ssp245 · CONUS · 8 threads · 00:00, ~1:30:00 left\n"
                 "  69 done: 41745 normals made\n"
                 "  MIROC6 tas              ────────────────    0/605  failed               00:03\n"
                 "    none of its files can be used\n"
                 "  MIROC6 tasmax           ━━━━────────────     25 %  active              ~03:00\n"
                 "    read 0/0 years · 0 B/s · memory 0/0 B\n"
                 "    0 normals computed · 0/605 made\n"
                 "  69 waiting: 41745 normals to make\n");
    cn_text_free(&frame);
    make_models(rows, 70, 40); /* more failures than lines: the newest stay */
    frame = draw(&snapshot, 80, 24, true, false);
    assert_fits(&frame, 80, 23, true);
    assert_non_null(strstr(frame.buffer.text, "  30 done: 18150 normals made\033[K"));
    assert_non_null(strstr(frame.buffer.text, "  24 more with failures\033[K"));
    assert_non_null(strstr(frame.buffer.text, "  MIROC6 tas "));
    assert_non_null(strstr(frame.buffer.text, "  MIROC6 tasmax "));
    cn_text_free(&frame);
    frame = draw(&snapshot, 60, 24, true, false); /* the model is cut, the variable stays */
    assert_fits(&frame, 60, 23, true);
    assert_non_null(strstr(frame.buffer.text, "  EC-Earth3-Ve… tasmax"));
    cn_text_free(&frame);
    snapshot.last = true; /* each failure has its row, whatever the height */
    frame = draw(&snapshot, 80, 10, true, false);
    assert_non_null(strstr(frame.buffer.text, "  30 done: 18150 normals made\033[K"));
    size_t failures = 0;
    for (const char *at = frame.buffer.text; (at = strstr(at, " failed  ")); at++)
        failures++;
    assert_int_equal(failures, 40);
    cn_text_free(&frame);
}

static void test_the_plain_state_of_many_models_is_short(void **state)
{
    (void)state;
    struct cn_progress_row rows[MODELS * VARIABLES];
    struct cn_snapshot snapshot = {
        .title = "t", .threads = 8, .rows = rows, .count = MODELS * VARIABLES, .eta_s = -1};
    struct cn_text out = {.utf8 = true};
    make_models(rows, 70, 1);
    cn_render_plain_state(&out, &snapshot);
    assert_string_equal(
        out.buffer.text,
        "climnorm: t, 8 threads\n"
        "[00:00] MIROC6 tas: failed after 00:03, read 0/0 years, 0/605 normals made\n"
        "[00:00] MIROC6 tasmax: read 0/0 years, 0/605 normals made, ~03:00 left\n"
        "[00:00] 69 done: 41745 normals made\n"
        "[00:00] 69 waiting: 41745 normals to make\n");
    cn_text_clear(&out);
    cn_render_json(&out, &snapshot, "asked");
    assert_non_null(strstr(out.buffer.text, "\"name\":\"tas\",\"state\":\"failed\""));
    assert_non_null(strstr(out.buffer.text, "\"model\":\"MIROC6\""));
    cn_text_free(&out);
}

/* Every width from 1 to 200, every state, UTF-8 or not, with names and numbers at their worst. */
static void test_no_row_is_wider_than_the_screen(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        "tas",
                                        "日本語の変数名前",
                                        "a_very_long_variable_name_that_nobody_would_want",
                                        "\xff\xfe\x9b\x31m",
                                        "e\u0301\u202e\u200d\033[2J\n"};
    static const uint64_t numbers[] = {0, 605, UINT64_MAX};
    for (size_t columns = 1; columns <= 200; columns++)
        for (size_t n = 0; n < 6; n++)
            for (size_t k = 0; k < 3; k++)
                for (int s = 0; s < 8; s++) {
                    uint64_t number = numbers[k];
                    struct cn_progress_row row = {.name = names[n],
                                                  .state = (enum cn_variable_state)(s % 4),
                                                  .elapsed_s = (double)number,
                                                  .eta_s = k == 1 ? -1 : (double)number,
                                                  .fraction = k == 1 ? 0.37 : 1,
                                                  .rates[CN_BYTES_READ].per_second = (double)number,
                                                  .rates[CN_NORMALS_WRITTEN].per_second =
                                                      (double)number,
                                                  .values[CN_YEARS_READ] = number,
                                                  .values[CN_YEARS_FAILED] = number,
                                                  .values[CN_YEARS_TOTAL] = number,
                                                  .values[CN_BYTES_READ] = number,
                                                  .values[CN_NORMALS_COMPUTED] = number,
                                                  .values[CN_NORMALS_WRITTEN] = number,
                                                  .values[CN_NORMALS_FAILED] = number,
                                                  .values[CN_NORMALS_KEPT] = number,
                                                  .values[CN_NORMALS_TOTAL] = number,
                                                  .values[CN_ARENA_USED] = number,
                                                  .values[CN_ARENA_BOUND] = number,
                                                  .problem = names[n]};
                    struct cn_snapshot snapshot = {.title = names[n],
                                                   .threads = 56,
                                                   .elapsed_s = (double)number,
                                                   .eta_s = (double)number,
                                                   .arena_bytes = number,
                                                   .rows = &row,
                                                   .count = 1,
                                                   .message = names[n],
                                                   .messages = number,
                                                   .last = s == 7};
                    struct cn_text frame = draw(&snapshot, columns, 24, s < 4, s % 2);
                    if (columns > 1)
                        assert_fits(&frame, columns, 23, s < 4);
                    for (const char *at = frame.buffer.text; *at; at++)
                        assert_true(*at != '\033' || strncmp(at, "\033[2J", 4) != 0);
                    assert_null(strstr(frame.buffer.text, "\u202e"));
                    cn_text_free(&frame);
                }
}

static void test_a_run_without_variables_is_one_line(void **state)
{
    (void)state;
    struct cn_snapshot snapshot = {.title = "", .threads = 1, .eta_s = -1};
    struct cn_text frame = draw(&snapshot, 80, 24, true, false);
    assert_frame(&frame, "climnorm · 1 thread · 00:00\n");
    cn_text_free(&frame);
}

static void test_a_state_that_is_entered_notes_its_time(void **state)
{
    (void)state;
    struct cn_counters counters = {0};
    cn_counters_enter(&counters, CN_ACTIVE);
    assert_int_equal(atomic_load(&counters.state), CN_ACTIVE);
    assert_true(atomic_load(&counters.started_ns) > 0);
    assert_int_equal(atomic_load(&counters.finished_ns), 0);
    cn_counters_enter(&counters, CN_FAILED);
    assert_true(atomic_load(&counters.finished_ns) >= atomic_load(&counters.started_ns));
}

static void test_plain_lines_tell_begin_progress_and_end(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    struct cn_text out = {.utf8 = true};
    cn_render_plain_title(&out, &job.snapshot);
    cn_render_plain(&out, &job.snapshot, 0, true);
    cn_render_plain(&out, &job.snapshot, 1, true);
    cn_render_plain(&out, &job.snapshot, 1, false);
    job.snapshot.last = true;
    cn_render_plain(&out, &job.snapshot, 1, true);
    assert_string_equal(
        out.buffer.text,
        "climnorm: NorESM2-LM ssp245 · CONUS AK, 12 threads, 01:42, ~03:10 left\n"
        "[01:42] pr: done after 00:51, read 0/151 years, 605/605 normals made\n"
        "[01:42] tas: begins, 151 years to read, 605 normals to make, 40 kept\n"
        "[01:42] tas: read 98/151 years, 1.8 GiB/s, 287/605 normals made, 2 normals failed, "
        "40 kept, ~00:24 left (all: ~03:10)\n"
        "[01:42] tas: stopped after 00:26, read 98/151 years, 1.8 GiB/s, 287/605 normals made, "
        "2 normals failed, 40 kept\n");
    cn_text_free(&out);
}

/* What SIGUSR1 shows. */
static void test_the_plain_state_tells_every_variable(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    job.rows[0].state = CN_FAILED;
    job.rows[0].problem = "pr: no files"; /* has a line of its own */
    job.rows[0].values[CN_NORMALS_TOTAL] = job.rows[0].values[CN_NORMALS_WRITTEN] =
        job.rows[0].values[CN_YEARS_TOTAL] = 0;
    job.snapshot.count = 3;
    struct cn_text out = {.utf8 = true};
    cn_render_plain_state(&out, &job.snapshot);
    assert_string_equal(
        out.buffer.text,
        "climnorm: NorESM2-LM ssp245 · CONUS AK, 12 threads, 01:42, ~03:10 left\n"
        "[01:42] pr: failed\n"
        "[01:42] tas: read 98/151 years, 1.8 GiB/s, 287/605 normals made, 2 normals "
        "failed, 40 kept, ~00:24 left (all: ~03:10)\n"
        "[01:42] tasmax: waiting\n");
    cn_text_free(&out);
}

/* Years are those of one pass, however many were read in all. */
static void test_passes_are_counted_and_years_begin_anew(void **state)
{
    (void)state;
    static const struct {
        uint64_t passes, made, read, failed, total;
        const char *said;
    } cases[] = {
        {4, 0, 0, 0, 604, "pass 1/4, read 0/151 years"},
        {4, 0, 150, 1, 604, "pass 2/4, read 0/151 years"}, /* a pass of this run is over */
        {4, 0, 301, 1, 604, "pass 3/4, read 0/151 years"},
        {4, 0, 249, 0, 604, "pass 2/4, read 98/151 years"},
        {4, 0, 604, 0, 604, "pass 4/4, read 151/151 years"},
        {4, 0, 603, 1, 604, "pass 4/4, read 150/151 years"}, /* it is missing in each pass */
        {4, 0, 700, 1, 755, "pass 4/4, read 150/151 years"}, /* outputs are made again */
        {4, 2, 98, 0, 302, "pass 3/4, read 98/151 years"},   /* an earlier run has made two */
        {4, 3, 151, 0, 151, "pass 4/4, read 151/151 years"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct job job;
        make_job(&job);
        uint64_t *values = job.rows[1].values;
        values[CN_PASSES] = cases[i].passes;
        values[CN_PASSES_MADE] = cases[i].made;
        values[CN_YEARS_OF_PASS] = 151;
        values[CN_YEARS_READ] = cases[i].read;
        values[CN_YEARS_FAILED] = cases[i].failed;
        values[CN_YEARS_TOTAL] = cases[i].total;
        struct cn_text out = {.utf8 = true};
        cn_render_plain(&out, &job.snapshot, 1, false);
        if (!strstr(out.buffer.text, cases[i].said))
            fail_msg("%s, not %s", out.buffer.text, cases[i].said);
        cn_text_clear(&out);
        values[CN_YEARS_READ] = values[CN_YEARS_FAILED] = 0;
        cn_render_plain(&out, &job.snapshot, 1, true);
        const char *begins = cases[i].made == 2   ? "begins, 151 years to read in passes 3 to 4, "
                             : cases[i].made == 3 ? "begins, 151 years to read in the last pass, "
                                                  : "begins, 151 years to read in 4 passes, ";
        assert_non_null(strstr(out.buffer.text, begins));
        cn_text_free(&out);
    }
}

static json_t *parse(const char *line)
{
    json_error_t error;
    json_t *object = json_loads(line, 0, &error);
    if (!object)
        fail_msg("%s in %s", error.text, line);
    return object;
}

static void test_a_json_event_is_one_valid_line(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    job.rows[2].name = "a\xff\"\n\xe2\x94\x81";
    job.rows[2].rates[CN_BYTES_READ].per_second = INFINITY;
    job.rows[1].problem = "tas 1987: \xff";
    job.rows[2].values[CN_NORMALS_WRITTEN] = UINT64_MAX;
    struct cn_text out = {0};
    cn_render_json(&out, &job.snapshot, "state");
    assert_false(out.buffer.failed);
    assert_ptr_equal(strchr(out.buffer.text, '\n'),
                     out.buffer.text + out.buffer.length - 1); /* one line */
    json_t *object = parse(out.buffer.text), *rows = json_object_get(object, "variables");
    assert_string_equal(json_string_value(json_object_get(object, "event")), "state");
    assert_int_equal(json_array_size(rows), 4);
    json_t *active = json_array_get(rows, 1), *odd = json_array_get(rows, 2);
    assert_string_equal(json_string_value(json_object_get(active, "state")), "active");
    assert_int_equal(json_integer_value(json_object_get(active, "normals_written")), 287);
    assert_float_equal(json_real_value(json_object_get(active, "eta_s")), 24, 0);
    assert_string_equal(json_string_value(json_object_get(odd, "name")),
                        "a\xef\xbf\xbd\"\n\xe2\x94\x81");
    assert_true(json_is_null(json_object_get(odd, "bytes_per_s")));
    assert_true(json_is_null(json_object_get(odd, "eta_s")));
    assert_true(json_is_null(json_object_get(odd, "problem")));
    assert_string_equal(json_string_value(json_object_get(active, "problem")),
                        "tas 1987: \xef\xbf\xbd");
    assert_int_equal(json_integer_value(json_object_get(odd, "normals_written")), INT64_MAX);
    json_decref(object);
    cn_text_clear(&out);
    cn_render_json_message(&out, 1.25, "\x80 \"quoted\"");
    object = parse(out.buffer.text);
    assert_string_equal(json_string_value(json_object_get(object, "text")),
                        "\xef\xbf\xbd \"quoted\"");
    json_decref(object);
    cn_text_free(&out);
}

/* Programs depend on the keys and people on their order. */
static void test_the_keys_of_json_keep_their_names_and_order(void **state)
{
    (void)state;
    struct job job;
    make_job(&job);
    job.snapshot.rows++;
    job.snapshot.count = 1;
    struct cn_text out = {0};
    cn_render_json(&out, &job.snapshot, "progress");
    assert_string_equal(
        out.buffer.text,
        "{\"event\":\"progress\",\"title\":\"NorESM2-LM ssp245 · CONUS AK\",\"elapsed_s\":102.0,"
        "\"eta_s\":190.0,\"threads\":12,\"arena_bytes\":12884901888,\"variables\":["
        "{\"name\":\"tas\",\"state\":\"active\",\"elapsed_s\":26.0,\"eta_s\":24.0,\"fraction\":0.5,"
        "\"passes\":0,\"years_read\":98,\"years_failed\":0,\"years_total\":151,\"bytes_read\":0,"
        "\"bytes_per_s\":1900000000.0,\"chunks_read\":0,\"chunks_decoded\":0,"
        "\"normals_computed\":312,\"normals_written\":287,"
        "\"normals_failed\":2,\"normals_unmade\":0,\"normals_kept\":40,\"normals_again\":0,"
        "\"normals_total\":605,"
        "\"arena_used_bytes\":4402341478,\"problem\":null}]}\n");
    cn_text_free(&out);
}

/* Messages from several threads at once all arrive, complete. */
static void test_messages_of_many_threads_all_arrive(void **state)
{
    (void)state;
    enum { EACH = 200, THREADS = 4 };
    int fd = memfd_create("log", 0);
    assert_true(fd >= 0);
    struct cn_progress_view view = {.threads = THREADS};
    struct cn_progress *progress = NULL;
    assert_int_equal(cn_progress_start(CN_PROGRESS_PLAIN, fd, &progress, NULL), CN_OK);
    cn_progress_show_run(progress, &view);
#pragma omp parallel num_threads(THREADS)
#pragma omp for
    for (int i = 0; i < EACH * THREADS; i++)
        cn_progress_say(progress, "message %d.", i);
    cn_progress_stop(progress, 60);

    bool seen[EACH * THREADS] = {false};
    int count = 0, number;
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    FILE *log = fdopen(fd, "r");
    char line[100], end[4];
    while (fgets(line, sizeof line, log))
        if (sscanf(line, "message %d%2[.\n]", &number, end) == 2) {
            assert_true(number >= 0 && number < EACH * THREADS && !seen[number]);
            assert_string_equal(end, ".\n");
            seen[number] = true;
            count++;
        }
    assert_int_equal(count, EACH * THREADS);
    fclose(log);
}

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_screen_of_80_columns_tells_all),
        cmocka_unit_test(test_without_utf8_the_frame_is_ascii),
        cmocka_unit_test(test_a_low_screen_drops_the_least_lines),
        cmocka_unit_test(test_a_long_title_goes_on_below),
        cmocka_unit_test(test_colors_appear_only_where_they_are_wanted),
        cmocka_unit_test(test_the_last_frame_shows_every_row),
        cmocka_unit_test(test_rows_that_do_not_fit_are_counted),
        cmocka_unit_test(test_many_models_fold_into_few_lines),
        cmocka_unit_test(test_the_plain_state_of_many_models_is_short),
        cmocka_unit_test(test_no_row_is_wider_than_the_screen),
        cmocka_unit_test(test_a_run_without_variables_is_one_line),
        cmocka_unit_test(test_a_state_that_is_entered_notes_its_time),
        cmocka_unit_test(test_plain_lines_tell_begin_progress_and_end),
        cmocka_unit_test(test_the_plain_state_tells_every_variable),
        cmocka_unit_test(test_passes_are_counted_and_years_begin_anew),
        cmocka_unit_test(test_a_json_event_is_one_valid_line),
        cmocka_unit_test(test_the_keys_of_json_keep_their_names_and_order),
        cmocka_unit_test(test_messages_of_many_threads_all_arrive),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
