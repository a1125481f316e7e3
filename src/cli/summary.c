/*
 * The summary of a job: problems and tables for people, and the JSON of --summary. It reads only
 * the result.
 */
#include "cli/summary.h"

#include "base/error.h"
#include "base/machine.h"
#include "base/publish.h"
#include "guard/fault.h"
#include "job/shared_problems.h"
#include "progress/render.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_LEAST = 8,
    NAME_MOST = 12, /* of a variable, so that a line has at most 60 columns */
    MODEL_MOST = 20,
    ROWS_MOST = 12 /* with more, models that are done share a row */
};

/* A row of the tables. */
struct summary_row {
    const char *name, *outcome;
    struct cn_variable_result sum; /* of one variable or of several */
};

/* What is added up over the variables. */
struct totals {
    uint64_t made, kept, unmade, failed, all, bytes_read;
    struct cn_shard shard;       /* of which they are the totals */
    size_t variables, unplanned; /* unplanned: failed before it was known what to make */
    size_t problems, warnings, details;
};

static struct totals add_up(const struct cn_result *result)
{
    struct totals totals = {0};
    struct cn_problems lines = {0};
    for (size_t v = 0; v < result->count; v++) {
        const struct cn_variable_result *row = &result->variables[v];
        totals.made += row->normals_written;
        totals.kept += row->normals_skipped;
        totals.bytes_read += row->bytes_read;
        totals.unmade += row->normals_unmade;
        totals.failed += row->normals_failed;
        const uint64_t all =
            row->normals_written + row->normals_skipped + row->normals_unmade + row->normals_failed;
        totals.unplanned += all == 0 && row->state == CN_FAILED;
        totals.all += all;
    }
    totals.variables = result->count;
    totals.shard = result->shard;
    cn_share_problems(result, &lines);
    totals.problems = cn_problems_count(&lines, CN_PROBLEM);
    totals.warnings = cn_problems_count(&lines, CN_WARNING);
    totals.details = cn_problems_count(&lines, CN_DETAIL);
    cn_problems_free(&lines);
    return totals;
}

static const char *outcome_of(const struct cn_variable_result *row)
{
    const bool is_missing = row->normals_unmade + row->normals_failed > 0;
    return row->state == CN_WAITING              ? "not begun"
           : row->state == CN_DONE && is_missing ? "incomplete"
                                                 : cn_state_name(row->state, true);
}

static void add_outcome(struct cn_text *text, const struct summary_row *row)
{
    const struct cn_variable_result *sum = &row->sum;
    cn_text_printf(text, "%11s%7" PRIu64 "%8" PRIu64 "%10" PRIu64 "%9" PRIu64, row->outcome,
                   sum->normals_written, sum->normals_skipped, sum->normals_unmade,
                   sum->normals_failed);
}

/* Seconds in a field; of any number. */
static void add_seconds(struct cn_text *text, double seconds, int width)
{
    double shown = seconds > 0 ? fmin(seconds, 99999999) : 0;
    cn_text_printf(text, "%*.*f", width, shown < 9999.95, shown);
}

static void add_times(struct cn_text *text, const struct summary_row *summary_row)
{
    const struct cn_variable_result *row = &summary_row->sum;
    struct cn_short_text bytes = {"-"};
    if (row->load_s > 0 && row->bytes_read > 0)
        bytes = cn_short_bytes((double)row->bytes_read / row->load_s);
    add_seconds(text, row->wall_s, 10);
    add_seconds(text, row->load_s, 8);
    add_seconds(text, row->compute_s, 11);
    add_seconds(text, row->write_s, 9);
    cn_text_printf(text, "%10s", bytes.text);
}

static void add_sum(struct summary_row *to, const struct cn_variable_result *row)
{
    struct cn_variable_result *sum = &to->sum;
    const char *outcome = outcome_of(row);
    if (!to->outcome)
        to->outcome = outcome;
    else if (strcmp(to->outcome, outcome) != 0)
        to->outcome = sum->state == CN_ACTIVE || row->state == CN_ACTIVE ? "stopped" : "incomplete";
    sum->state = row->state == CN_ACTIVE || sum->state == CN_ACTIVE ? CN_ACTIVE : row->state;
    sum->bytes_read += row->bytes_read;
    sum->load_s += row->load_s;
    sum->compute_s += row->compute_s;
    sum->write_s += row->write_s;
    sum->wall_s += row->wall_s;
    sum->normals_written += row->normals_written;
    sum->normals_skipped += row->normals_skipped;
    sum->normals_unmade += row->normals_unmade;
    sum->normals_failed += row->normals_failed;
}

static bool is_done(const struct summary_row *row)
{
    return strcmp(row->outcome, cn_state_name(CN_DONE, true)) == 0;
}

/* Makes the rows of the tables: of each variable; with several models of each model. Many models
 * that are done share the first row. Returns how many rows there are. */
static size_t list_rows(const struct cn_result *result, struct summary_row *rows, char done[40])
{
    size_t count = 0, kept = 0, done_count = 0;
    for (size_t v = 0; v < result->count; v++) {
        const struct cn_variable_result *variable = &result->variables[v];
        const char *name = variable->model ? variable->model : variable->name;
        if (!variable->model || count == 0 || strcmp(rows[count - 1].name, name) != 0)
            rows[count++] = (struct summary_row){.name = name, .sum.model = variable->model};
        add_sum(&rows[count - 1], variable);
    }
    for (size_t i = 0; i < count && rows[i].sum.model; i++)
        done_count += is_done(&rows[i]);
    if (count <= ROWS_MOST || done_count < 2)
        return count;
    struct summary_row all_done = {.name = done, .sum.model = done};
    for (size_t i = 0; i < count; i++)
        if (is_done(&rows[i]))
            add_sum(&all_done, &rows[i].sum);
        else
            rows[kept++] = rows[i];
    memmove(rows + 1, rows, kept * sizeof *rows);
    snprintf(done, 40, "%zu models", done_count);
    rows[0] = all_done;
    return kept + 1;
}

/* Adds a table: its head, the rows, an empty line. add_cells adds all but the name. */
static void add_table(struct cn_text *text, const struct summary_row *rows, size_t count,
                      const char *title, const char *head,
                      void (*add_cells)(struct cn_text *, const struct summary_row *))
{
    const size_t name_most = count && rows->sum.model ? MODEL_MOST : NAME_MOST;
    size_t name_width = NAME_LEAST;
    for (size_t i = 0; i < count; i++) {
        size_t columns = cn_text_columns(rows[i].name, text->utf8);
        name_width = columns > name_width ? columns : name_width;
    }
    name_width = name_width > name_most ? name_most : name_width;
    cn_text_left(text, title, name_width);
    cn_text_printf(text, "%s", head);
    cn_text_end_line(text, "\n");
    for (size_t i = 0; i < count; i++) {
        cn_text_left(text, rows[i].name, name_width);
        add_cells(text, &rows[i]);
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
        if (problem->severity == CN_DETAIL)
            continue;
        cn_text_printf(text, "%s%s", cn_severity_mark(problem->severity), problem->text);
        cn_text_end_line(text, "\n");
    }
    if (problems->lost) {
        cn_text_printf(text, "! %s: more problems than memory could hold; free some and run again",
                       name);
        cn_text_end_line(text, "\n");
    }
}

/* " of shard 2/8" */
static void add_shard(struct cn_text *text, const struct cn_shard *shard)
{
    if (shard->count)
        cn_text_printf(text, " of shard %zu/%zu", shard->number, shard->count);
}

/* "6 of 8 normals are missing (3 not made, 3 failed)", "1 of 4 variables failed", or both. */
static void add_missing_normals(struct cn_text *text, const struct totals *totals)
{
    const uint64_t missing = totals->unmade + totals->failed;
    if (missing && totals->all == 1)
        cn_text_printf(text, "the normal");
    else if (missing && missing == totals->all)
        cn_text_printf(text, "all %" PRIu64 " normals", missing);
    else if (missing)
        cn_text_printf(text, "%" PRIu64 " of %" PRIu64 " normals", missing, totals->all);
    if (missing) {
        add_shard(text, &totals->shard);
        cn_text_printf(text, missing == 1 ? " is missing" : " are missing");
    }
    if (totals->unmade && totals->failed)
        cn_text_printf(text, " (%" PRIu64 " not made, %" PRIu64 " failed)", totals->unmade,
                       totals->failed);
    else if (missing)
        cn_text_printf(text, " (%s)", totals->failed ? "failed" : "not made");
    if (totals->unplanned)
        cn_text_printf(text, "%s%zu of %zu variable%s failed", missing ? ", and " : "",
                       totals->unplanned, totals->variables, cn_plural(totals->variables));
}

/* Adds "all 8 normals are there already". root: where. */
static void add_all(struct cn_text *text, const char *all, const struct totals *totals,
                    const char *verb, const char *root)
{
    if (totals->all == 1)
        cn_text_printf(text, "%s normal", all[0] == 'A' ? "The" : "the");
    else
        cn_text_printf(text, "%s %" PRIu64 " normals", all, totals->all);
    add_shard(text, &totals->shard);
    cn_text_printf(text, " %s%s in %s", totals->all == 1 ? "is" : "are", verb, root);
}

static void add_closing(struct cn_text *text, const struct cn_result *result,
                        const struct totals *totals, const char *root)
{
    static const char *const stops[] = {[CN_BAD_USAGE] = "Not started",
                                        [CN_BAD_INPUT] = "Incomplete",
                                        [CN_BAD_MACHINE] = "Stopped by the machine",
                                        [CN_STOPPED] = "Stopped"};
    const enum cn_status status = result->status;
    if (!totals->variables && totals->shard.count && !status) {
        cn_text_printf(text, "Nothing to do for shard %zu/%zu: the others make all",
                       totals->shard.number, totals->shard.count);
    } else if (!totals->all && !totals->unplanned) {
        cn_text_printf(text, "Nothing to make: see the line%s above",
                       cn_plural(totals->problems + totals->warnings));
    } else if (totals->unmade + totals->failed + totals->unplanned) {
        cn_text_printf(text, "%s: ", stops[status ? status : CN_BAD_INPUT]);
        add_missing_normals(text, totals);
        if (totals->made + totals->kept)
            cn_text_printf(text, "; the others are in %s", root);
    } else if (status) {
        cn_text_printf(text, "%s: ",
                       status == CN_BAD_INPUT ? "Done, but not all input could be used"
                                              : stops[status]);
        add_all(text, "all", totals, "", root);
    } else if (totals->made == 0) {
        add_all(text, "All", totals, " there already,", root);
    } else {
        cn_text_printf(text, "Done: ");
        add_all(text, "all", totals, "", root);
        if (totals->kept)
            cn_text_printf(text, "; %" PRIu64 " of them %s there already", totals->kept,
                           totals->kept == 1 ? "was" : "were");
    }
    cn_text_end_line(text, "\n");
    if (status == CN_STOPPED || status == CN_BAD_MACHINE) {
        cn_text_printf(text, "Run the same command again to go on.");
        cn_text_end_line(text, "\n");
    }
}

/* "2 problems, 1 warning: see the lines above". */
static void add_problem_line(struct cn_text *text, const struct totals *totals, const char *log)
{
    if (totals->problems)
        cn_text_printf(text, "%zu problem%s", totals->problems, cn_plural(totals->problems));
    if (totals->warnings)
        cn_text_printf(text, "%s%zu warning%s", totals->problems ? ", " : "", totals->warnings,
                       cn_plural(totals->warnings));
    if (!totals->problems && !totals->warnings)
        return;
    cn_text_printf(text, ": see the line%s above", cn_plural(totals->problems + totals->warnings));
    if (totals->details)
        cn_text_printf(text, "; %s%s lists each file", log ? "" : "--log ", log ? log : "FILE");
    cn_text_end_line(text, "\n");
}

static void add_duration(struct cn_text *text, const struct cn_result *result)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%.1f s", result->wall_s);
    const bool is_short = result->wall_s < 9.95;
    cn_text_printf(text, "Took %s with %d thread%s",
                   is_short ? seconds : cn_short_duration(result->wall_s).text, result->threads,
                   cn_plural((uint64_t)result->threads));
    cn_text_end_line(text, "\n");
    for (enum cn_phase phase = CN_PHASE_NONE + 1; phase < CN_PHASES; phase++) {
        if (result->phase_s[phase] < 1)
            continue;
        cn_text_printf(text, "  %s %s", cn_short_duration(result->phase_s[phase]).text,
                       cn_phase_text(phase));
        cn_text_end_line(text, "\n");
    }
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
    add_problems(&text, "the run", &result->problems);
    for (size_t v = 0; v < result->count; v++)
        add_problems(&text, result->variables[v].label, &result->variables[v].problems);
    write_text(&text, out);
}

void cn_summary_print_details(const struct cn_result *result, FILE *out)
{
    for (size_t v = 0; v < result->count; v++)
        for (size_t i = 0; i < result->variables[v].problems.count; i++) {
            const struct cn_problem *problem = &result->variables[v].problems.items[i];
            if (problem->severity == CN_DETAIL)
                fprintf(out, "%s\n", problem->text);
        }
}

static void add_tables(struct cn_text *text, const struct cn_result *result,
                       const struct totals *totals)
{
    struct summary_row *rows = calloc(result->count + 1, sizeof *rows);
    char done[40];
    text->buffer.failed |= !rows;
    const size_t count = rows ? list_rows(result, rows, done) : 0;
    if (totals->made + totals->unmade + totals->failed)
        add_table(text, rows, count, "normals", "     status   made    kept  not made   failed",
                  add_outcome);
    if (totals->made || totals->bytes_read) {
        add_table(text, rows, count, "seconds", "    in all reading computing* writing*    read/s",
                  add_times);
        cn_text_printf(text, "* added up over %d thread%s; the others are of the clock",
                       result->threads, cn_plural((uint64_t)result->threads));
        cn_text_end_line(text, "\n\n");
    }
    free(rows);
}

/* The most important comes last, because the end stays on the screen. */
void cn_summary_print(const struct cn_result *result, const char *root, const char *log, FILE *out)
{
    struct cn_text text = {.limit = SIZE_MAX, .utf8 = cn_locale_is_utf8()};
    const struct totals totals = add_up(result);
    add_tables(&text, result, &totals);
    add_duration(&text, result);
    add_problem_line(&text, &totals, log);
    add_closing(&text, result, &totals, root);
    write_text(&text, out);
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
    char *text = cn_result_json(result, exit_code);
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
