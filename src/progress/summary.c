/*
 * The summary of a run: problems and tables for people, and the JSON of --summary. It reads only
 * the result.
 */
#include "climnorm/run.h"

#include "base/machine.h"
#include "base/publish.h"
#include "guard/fault.h"
#include "progress/render.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MOST = 20, CELL = 10 }; /* 80 columns in all */

static void add_seconds(struct cn_text *text, double seconds)
{
    char cell[32];
    double shown = seconds > 0 ? fmin(seconds, 99999999) : 0;
    snprintf(cell, sizeof cell, "%.*f", shown < 9999.95, shown);
    cn_text_right(text, cell, CELL);
}

static void add_count(struct cn_text *text, uint64_t count)
{
    char cell[24];
    int digits = snprintf(cell, sizeof cell, " %" PRIu64, count);
    cn_text_right(text, cell, digits < CELL ? CELL : (size_t)digits); /* never cut */
}

static void add_rate(struct cn_text *text, struct cn_short_text rate)
{
    cn_text_right(text, rate.text[0] ? rate.text : "-", CELL);
}

static void add_head(struct cn_text *text, size_t name_width, const char *const *columns)
{
    cn_text_left(text, "variable", name_width);
    for (; *columns; columns++)
        cn_text_right(text, *columns, CELL);
    cn_text_end_line(text, "\n");
}

static void add_outcome(struct cn_text *text, const struct cn_variable_result *row,
                        size_t name_width)
{
    cn_text_left(text, row->name, name_width);
    cn_text_right(text, cn_state_name(row->state, true), CELL);
    add_count(text, row->normals_written);
    add_count(text, row->normals_skipped);
    add_count(text, row->normals_failed);
    add_count(text, row->files_read);
    cn_text_right(text, cn_short_bytes((double)row->bytes_read).text, CELL);
    cn_text_end_line(text, "\n");
}

static void add_times(struct cn_text *text, const struct cn_variable_result *row, size_t name_width)
{
    cn_text_left(text, row->name, name_width);
    add_seconds(text, row->load_s);
    add_seconds(text, row->compute_s);
    add_seconds(text, row->write_s);
    add_seconds(text, row->wall_s);
    bool read = row->load_s > 0 && row->bytes_read > 0;
    add_rate(text, read ? cn_short_bytes((double)row->bytes_read / row->load_s)
                        : (struct cn_short_text){""});
    add_rate(text, cn_short_rate(row->wall_s > 0 ? (double)row->normals_written / row->wall_s : 0));
    cn_text_end_line(text, "\n");
}

/* One line each, never cut: texts name their file and say what to do. */
static bool add_problems(struct cn_text *text, const struct cn_variable_result *row)
{
    for (size_t i = 0; i < row->problems.count; i++) {
        const struct cn_problem *problem = &row->problems.items[i];
        cn_text_add(text, problem->severity == CN_WARNING ? "warning: " : "! ", SIZE_MAX);
        cn_text_add(text, problem->text, SIZE_MAX);
        cn_text_end_line(text, "\n");
    }
    if (row->problems.lost) {
        cn_text_add(text, "! ", SIZE_MAX);
        cn_text_add(text, row->name, SIZE_MAX);
        cn_text_add(text, ": more problems than memory could hold; free some and run again",
                    SIZE_MAX);
        cn_text_end_line(text, "\n");
    }
    return row->problems.count > 0 || row->problems.lost;
}

static uint64_t saturated_sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static const char *closing_sentence(int exit_code)
{
    switch (exit_code) {
    case 0:
        return "All that was asked for is there.";
    case 1:
        return "Nothing was started.";
    case 2:
        return "Something that was asked for is missing:\n"
               "see to the lines that begin with ! and run again. All else is there.";
    case 3:
        return "Stopped by the machine:\n"
               "see to the lines that begin with ! and run again. Finished files are kept.";
    default:
        return "Stopped by a signal:\n"
               "run again for the rest. Finished files are kept.";
    }
}

static void add_closing(struct cn_text *text, const struct cn_run_result *result)
{
    uint64_t written = 0, skipped = 0, failed = 0;
    size_t lost = 0;
    for (size_t i = 0; i < result->count; i++) {
        written = saturated_sum(written, result->variables[i].normals_written);
        skipped = saturated_sum(skipped, result->variables[i].normals_skipped);
        failed = saturated_sum(failed, result->variables[i].normals_failed);
        lost += result->variables[i].state == CN_FAILED;
    }
    cn_text_printf(text, "%" PRIu64 " normals written, %" PRIu64 " skipped, %" PRIu64 " failed",
                   written, skipped, failed);
    if (lost > 0)
        cn_text_printf(text, "; %zu of %zu variables failed", lost, result->count);
    cn_text_end_line(text, "\n");
    cn_text_printf(text, "Took %s with %d thread%s. ", cn_short_duration(result->wall_s).text,
                   result->threads, result->threads == 1 ? "" : "s");
    cn_text_raw(text, closing_sentence(result->exit_code));
    cn_text_end_line(text, "\n");
}

void cn_result_print_problems(const struct cn_run_result *result, FILE *out)
{
    struct cn_text text = {.limit = SIZE_MAX, .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
    for (size_t i = 0; i < result->count; i++)
        add_problems(&text, &result->variables[i]);
    if (text.buffer.length > 0)
        fwrite(text.buffer.text, 1, text.buffer.length, out);
    cn_text_free(&text);
}

/* The most important comes last, because the end stays on the screen. */
void cn_result_print(const struct cn_run_result *result, FILE *out)
{
    struct cn_text text = {.limit = SIZE_MAX, .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
    size_t name_width = strlen("variable");
    bool problems = false;
    for (size_t i = 0; i < result->count; i++) {
        size_t columns = cn_text_columns(result->variables[i].name, text.utf8);
        name_width = columns > name_width ? columns : name_width;
        problems |= add_problems(&text, &result->variables[i]);
    }
    if (problems)
        cn_text_end_line(&text, "\n");
    name_width = name_width > NAME_MOST ? NAME_MOST : name_width;
    add_head(
        &text, name_width,
        (const char *const[]){"status", "written", "skipped", "failed", "files", "read", NULL});
    for (size_t i = 0; i < result->count; i++)
        add_outcome(&text, &result->variables[i], name_width);
    cn_text_end_line(&text, "\n");
    add_head(&text, name_width,
             (const char *const[]){"load s", "compute s", "write s", "wall s", "read/s", "normals",
                                   NULL});
    for (size_t i = 0; i < result->count; i++)
        add_times(&text, &result->variables[i], name_width);
    cn_text_end_line(&text, "\n");
    add_closing(&text, result);
    if (text.buffer.length > 0)
        fwrite(text.buffer.text, 1, text.buffer.length, out);
    if (text.buffer.failed)
        fputs("(out of memory: this summary is not complete)\n", out);
    cn_text_free(&text);
}

static json_t *problem_texts(const struct cn_problems *problems)
{
    json_t *texts = json_array();
    for (size_t i = 0; i < problems->count; i++) {
        const struct cn_problem *problem = &problems->items[i];
        const char *mark = problem->severity == CN_WARNING ? "warning: " : "";
        char *line = NULL;
        if (asprintf(&line, "%s%s", mark, problem->text) < 0)
            line = NULL;
        int failed = !line || json_array_append_new(texts, cn_json_text(line));
        free(line);
        if (failed) {
            json_decref(texts);
            return NULL;
        }
    }
    if (problems->lost)
        json_array_append_new(texts, json_string("more problems than memory could hold"));
    return texts;
}

static json_t *variable_object(const struct cn_variable_result *row)
{
    return json_pack("{so ss so so so so so so so so so so}", "name", cn_json_text(row->name),
                     "status", cn_state_name(row->state, true), "files_read",
                     cn_json_count(row->files_read), "bytes_read", cn_json_count(row->bytes_read),
                     "load_s", cn_json_real(row->load_s), "compute_s", cn_json_real(row->compute_s),
                     "write_s", cn_json_real(row->write_s), "wall_s", cn_json_real(row->wall_s),
                     "normals_written", cn_json_count(row->normals_written), "normals_skipped",
                     cn_json_count(row->normals_skipped), "normals_failed",
                     cn_json_count(row->normals_failed), "problems", problem_texts(&row->problems));
}

/* NULL: out of memory. */
static char *summary_json(const struct cn_run_result *result)
{
    json_t *variables = json_array();
    for (size_t i = 0; i < result->count; i++)
        if (json_array_append_new(variables, variable_object(&result->variables[i]))) {
            json_decref(variables);
            return NULL;
        }
    json_t *summary = json_pack(
        "{ss si ss? so so si so}", "version", CLIMNORM_VERSION, "threads", result->threads, "isa",
        result->isa, "wall_s", cn_json_real(result->wall_s), "peak_rss_bytes",
        cn_json_count(cn_peak_memory()), "exit_code", result->exit_code, "variables", variables);
    char *text = summary ? json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(summary);
    return text;
}

/* Writes into something that is not a regular file: /dev/stdout, a pipe, a link. 0, or errno. */
static int write_into(const char *path, const char *text)
{
    /* Without O_NONBLOCK this would wait for the reader of a pipe. */
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);
    if (file < 0)
        return errno;
    fcntl(file, F_SETFL, 0);
    int failed = dprintf(file, "%s\n", text) < 0 ? errno : 0;
    if (close(file) && !failed)
        failed = errno;
    return failed;
}

enum cn_status cn_result_write_json(const struct cn_run_result *result, const char *path,
                                    struct cn_error *error)
{
    char *text = summary_json(result);
    if (!text)
        return cn_fail_memory(error, "summary");
    struct stat old;
    bool is_regular = lstat(path, &old) || S_ISREG(old.st_mode);
    int failed = is_regular ? cn_publish_text(path, text) : write_into(path, text);
    free(text);
    if (failed)
        return cn_fail(error, CN_BAD_MACHINE, "cannot write the summary %s: %s; %s", path,
                       failed == ENXIO ? "nobody reads the pipe" : strerror(failed),
                       failed == ENXIO ? "start its reader first" : cn_errno_advice(failed));
    return CN_OK;
}
