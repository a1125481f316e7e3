/*
 * The summary of a job: problems and tables for people, and the JSON of --summary. It reads only
 * the result.
 */
#include "cli/summary.h"

#include "base/error.h"
#include "base/machine.h"
#include "base/publish.h"
#include "guard/fault.h"
#include "progress/render.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MOST = 20 }; /* so that a line has at most 80 columns; the six others have 10 each */

/* Seconds in ten columns. */
static struct cn_short_text seconds_cell(double seconds)
{
    struct cn_short_text cell;
    double shown = seconds > 0 ? fmin(seconds, 99999999) : 0;
    snprintf(cell.text, sizeof cell.text, "%10.*f", shown < 9999.95, shown);
    return cell;
}

static void add_outcome(struct cn_text *text, const struct cn_variable_result *row)
{
    cn_text_printf(text, "%10s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "%10s",
                   cn_state_name(row->state, true), row->normals_written, row->normals_skipped,
                   row->normals_failed, row->files_read,
                   cn_short_bytes((double)row->bytes_read).text);
}

static void add_times(struct cn_text *text, const struct cn_variable_result *row)
{
    struct cn_short_text bytes = {"-"};
    if (row->load_s > 0 && row->bytes_read > 0)
        bytes = cn_short_bytes((double)row->bytes_read / row->load_s);
    struct cn_short_text normals =
        cn_short_rate(row->wall_s > 0 ? (double)row->normals_written / row->wall_s : 0);
    cn_text_printf(text, "%s%s%s%s%10s%10s", seconds_cell(row->load_s).text,
                   seconds_cell(row->compute_s).text, seconds_cell(row->write_s).text,
                   seconds_cell(row->wall_s).text, bytes.text,
                   normals.text[0] ? normals.text : "-");
}

/* Adds a table: its head, a row for each variable, an empty line. add_cells adds all but the name.
 */
static void add_table(struct cn_text *text, const struct cn_result *result, const char *head,
                      void (*add_cells)(struct cn_text *, const struct cn_variable_result *))
{
    size_t name_width = strlen("variable");
    for (size_t i = 0; i < result->count; i++) {
        size_t columns = cn_text_columns(result->variables[i].name, text->utf8);
        name_width = columns > name_width ? columns : name_width;
    }
    name_width = name_width > NAME_MOST ? NAME_MOST : name_width;
    cn_text_left(text, "variable", name_width);
    cn_text_printf(text, "%s", head);
    cn_text_end_line(text, "\n");
    for (size_t i = 0; i < result->count; i++) {
        cn_text_left(text, result->variables[i].name, name_width);
        add_cells(text, &result->variables[i]);
        cn_text_end_line(text, "\n");
    }
    cn_text_end_line(text, "\n");
}

/* One line each, never cut: texts name their file and say what to do. name: of the variable, or
 * what else the problems are of. */
static void add_problems(struct cn_text *text, const char *name, const struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct cn_problem *problem = &problems->items[i];
        cn_text_printf(text, "%s%s", cn_severity_mark(problem->severity), problem->text);
        cn_text_end_line(text, "\n");
    }
    if (problems->lost) {
        cn_text_printf(text, "! %s: more problems than memory could hold; free some and run again",
                       name);
        cn_text_end_line(text, "\n");
    }
}

static void add_all_problems(struct cn_text *text, const struct cn_result *result)
{
    add_problems(text, "the run", &result->problems);
    for (size_t v = 0; v < result->count; v++)
        add_problems(text, result->variables[v].name, &result->variables[v].problems);
}

static const char *closing_sentence(enum cn_status status)
{
    static const char *const sentences[] = {
        [CN_OK] = "All that was asked for is there.",
        [CN_BAD_USAGE] = "Nothing was started.",
        [CN_BAD_INPUT] =
            "Something that was asked for is missing:\n"
            "read the lines that begin with !, and run again. Everything else is there.",
        [CN_BAD_MACHINE] =
            "Stopped by the machine:\n"
            "read the lines that begin with !, and run again. Finished files are kept.",
        [CN_STOPPED] = "Stopped by a signal:\n"
                       "run again for the rest. Finished files are kept.",
    };
    return sentences[status];
}

static void add_closing(struct cn_text *text, const struct cn_result *result)
{
    uint64_t written = 0, skipped = 0, failed = 0, unmade = 0;
    size_t lost = 0;
    for (size_t i = 0; i < result->count; i++) {
        written += result->variables[i].normals_written;
        skipped += result->variables[i].normals_skipped;
        failed += result->variables[i].normals_failed;
        unmade += result->variables[i].normals_unmade;
        lost += result->variables[i].state == CN_FAILED;
    }
    cn_text_printf(text, "%" PRIu64 " normals written, %" PRIu64 " skipped, %" PRIu64 " failed",
                   written, skipped, failed);
    if (unmade > 0)
        cn_text_printf(text, ", %" PRIu64 " not made", unmade);
    if (lost > 0)
        cn_text_printf(text, "; %zu of %zu variables failed", lost, result->count);
    cn_text_end_line(text, "\n");
    cn_text_printf(text, "Took %s with %d thread%s. ", cn_short_duration(result->wall_s).text,
                   result->threads, cn_plural((uint64_t)result->threads));
    cn_text_raw(text, closing_sentence(result->status));
    cn_text_end_line(text, "\n");
}

static void write_text(struct cn_text *text, FILE *out)
{
    fputs(cn_strbuf_text(&text->buffer), out);
    if (text->buffer.failed)
        fputs("(out of memory: this summary is not complete)\n", out);
    cn_text_free(text);
}

void cn_summary_print_problems(const struct cn_result *result, FILE *out)
{
    struct cn_text text = {.limit = SIZE_MAX, .utf8 = cn_locale_is_utf8()};
    add_all_problems(&text, result);
    write_text(&text, out);
}

/* The most important comes last, because the end stays on the screen. */
void cn_summary_print(const struct cn_result *result, FILE *out)
{
    struct cn_text text = {.limit = SIZE_MAX, .utf8 = cn_locale_is_utf8()};
    add_all_problems(&text, result);
    if (text.buffer.length > 0)
        cn_text_end_line(&text, "\n");
    add_table(&text, result, "    status   written   skipped    failed     files      read",
              add_outcome);
    add_table(&text, result, "    load s compute s   write s    wall s    read/s   normals",
              add_times);
    add_closing(&text, result);
    write_text(&text, out);
}

static json_t *problem_texts(const struct cn_problems *problems)
{
    json_t *texts = json_array();
    int failed = 0;
    for (size_t i = 0; i < problems->count; i++) {
        const struct cn_problem *problem = &problems->items[i];
        failed |= json_array_append_new(
            texts, json_sprintf("%s%s", problem->severity == CN_WARNING ? "warning: " : "",
                                problem->text));
    }
    if (problems->lost)
        json_array_append_new(texts, json_string("more problems than memory could hold"));
    if (!failed)
        return texts;
    json_decref(texts);
    return NULL;
}

static json_t *variable_object(const struct cn_variable_result *row)
{
    return json_pack("{so ss so so so so so so so so so so so}", "name", cn_json_text(row->name),
                     "status", cn_state_name(row->state, true), "files_read",
                     cn_json_count(row->files_read), "bytes_read", cn_json_count(row->bytes_read),
                     "load_s", cn_json_real(row->load_s), "compute_s", cn_json_real(row->compute_s),
                     "write_s", cn_json_real(row->write_s), "wall_s", cn_json_real(row->wall_s),
                     "normals_written", cn_json_count(row->normals_written), "normals_skipped",
                     cn_json_count(row->normals_skipped), "normals_failed",
                     cn_json_count(row->normals_failed), "normals_unmade",
                     cn_json_count(row->normals_unmade), "problems", problem_texts(&row->problems));
}

/* NULL: out of memory. */
static char *summary_json(const struct cn_result *result, int exit_code)
{
    json_t *variables = json_array();
    int failed = 0;
    for (size_t i = 0; i < result->count; i++)
        failed |= json_array_append_new(variables, variable_object(&result->variables[i]));
    json_t *summary =
        json_pack("{ss si ss? so so si so so}", "version", CLIMNORM_VERSION, "threads",
                  result->threads, "isa", result->isa, "wall_s", cn_json_real(result->wall_s),
                  "peak_rss_bytes", cn_json_count(cn_peak_memory()), "exit_code", exit_code,
                  "problems", problem_texts(&result->problems), "variables", variables);
    char *text =
        summary && !failed ? json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
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

enum cn_status cn_summary_write(const struct cn_result *result, int exit_code, const char *path,
                                struct cn_error *error)
{
    char *text = summary_json(result, exit_code);
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
