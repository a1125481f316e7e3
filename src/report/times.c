/*
 * Reads the JSON of climnorm run --summary and of climnorm-bench; nothing in them is trusted.
 */
#include "report/times.h"

#include "base/format.h"
#include "report/markup.h"
#include "report/record.h"

#include <math.h>

enum { MOST_ROWS = 200 };

/* "12.3 s", "02:15:10". */
static void add_time(struct cn_strbuf *page, double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        cn_strbuf_add(page, "\u2013");
    else if (seconds < 100)
        cn_strbuf_add(page, "%.1f s", seconds);
    else
        cn_strbuf_add(page, "%d:%02d:%02d", (int)(seconds / 3600), (int)fmod(seconds / 60, 60),
                      (int)fmod(seconds, 60));
}

static void add_byte_size(struct cn_strbuf *page, double bytes, const char *per)
{
    if (!(bytes >= 0) || bytes > 1e18) {
        cn_strbuf_add(page, "\u2013");
    } else {
        char text[24];
        cn_strbuf_add(page, "%s%s", cn_format_bytes((uint64_t)bytes, text), per);
    }
}

/* A bar of `share` of the width. */
static void add_share_bar(struct cn_strbuf *page, double share, int colour)
{
    const double width = isfinite(share) ? 100 * fmin(fmax(share, 0), 1) : 0;
    cn_strbuf_add(page,
                  "<svg class=\"share\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" "
                  "aria-hidden=\"true\"><rect class=\"back\" width=\"100\" height=\"6\"/><rect "
                  "class=\"fill c%d\" width=\"%.1f\" height=\"6\"/></svg>",
                  colour, width);
}

static void add_stage(struct cn_strbuf *page, double seconds, double wall, int colour)
{
    cn_strbuf_add(page, "<td>");
    add_time(page, seconds);
    add_share_bar(page, seconds / wall, colour);
    cn_strbuf_add(page, "</td>");
}

static void add_run_row(struct cn_strbuf *page, const json_t *row, double threads)
{
    const double wall = cn_record_number(row, "wall_s"), load = cn_record_number(row, "load_s");
    const double bytes = cn_record_number(row, "bytes_read");
    cn_strbuf_add(page, "<tr><th scope=\"row\">");
    cn_markup_text(page, cn_record_text(row, "name"));
    if (*cn_record_text(row, "model")) {
        cn_strbuf_add(page, " <span class=\"soft\">");
        cn_markup_text(page, cn_record_text(row, "model"));
        cn_strbuf_add(page, "</span>");
    }
    cn_strbuf_add(page, "</th><td>");
    cn_markup_text(page, cn_record_text(row, "status"));
    cn_strbuf_add(page, "</td><td>");
    add_time(page, wall);
    cn_strbuf_add(page, "</td>");
    add_stage(page, load, wall, 1);
    add_stage(page, cn_record_number(row, "compute_s") / threads, wall, 2);
    add_stage(page, cn_record_number(row, "write_s") / threads, wall, 3);
    cn_strbuf_add(page, "<td>");
    add_byte_size(page, bytes, "");
    cn_strbuf_add(page, "</td><td>");
    add_byte_size(page, load > 0 ? bytes / load : NAN, "/s");
    cn_strbuf_add(page, "</td></tr>\n");
}

static void add_run_table(struct cn_strbuf *page, const json_t *summary)
{
    const json_t *variables = json_object_get(summary, "variables");
    const double threads = fmax(cn_record_number(summary, "threads"), 1);
    cn_strbuf_add(page, "<p>The run took <strong>");
    add_time(page, cn_record_number(summary, "wall_s"));
    cn_strbuf_add(page, "</strong> with %.0f thread%s (", threads, threads > 1 ? "s" : "");
    cn_markup_text(page, cn_record_text(summary, "isa"));
    cn_strbuf_add(page, "), and held at most ");
    add_byte_size(page, cn_record_number(summary, "peak_rss_bytes"), "");
    cn_strbuf_add(page, " of memory. Reading, computing and writing overlap; times of computing "
                        "and writing are divided by the threads. A bar is the share of the whole "
                        "time of its variable.</p>\n<div class=\"wide\" tabindex=\"0\" "
                        "role=\"region\" aria-label=\"Times by variable\"><table><thead><tr>");
    static const char *const heads[] = {"variable", "status",     "in all", "reading", "computing",
                                        "writing",  "bytes read", "rate",   NULL};
    for (int k = 0; heads[k]; k++)
        cn_strbuf_add(page, "<th scope=\"col\">%s</th>", heads[k]);
    cn_strbuf_add(page, "</tr></thead><tbody>\n");
    for (size_t v = 0; v < json_array_size(variables) && v < MOST_ROWS; v++)
        add_run_row(page, json_array_get(variables, v), threads);
    cn_strbuf_add(page, "</tbody></table></div>\n");
    if (json_array_size(variables) > MOST_ROWS)
        cn_strbuf_add(page, "<p class=\"soft\">%zu more are not shown.</p>\n",
                      json_array_size(variables) - MOST_ROWS);
}

/* The median of a figure of climnorm-bench. */
static double median(const json_t *object, const char *key)
{
    return cn_record_number(json_object_get(object, key), "median");
}

/* The limits for the number of threads of the run, or else for the most threads. */
static const json_t *find_limits(const json_t *measured, double threads)
{
    const json_t *limits = json_object_get(measured, "limits"), *found = NULL;
    for (size_t k = 0; k < json_array_size(limits); k++) {
        const json_t *limit = json_array_get(limits, k);
        const double number = cn_record_number(limit, "threads");
        if (!found || number == threads ||
            (cn_record_number(found, "threads") != threads &&
             number > cn_record_number(found, "threads")))
            found = limit;
    }
    return found;
}

static double run_rate(const json_t *summary)
{
    const json_t *variables = json_object_get(summary, "variables");
    double bytes = 0, seconds = 0;
    for (size_t v = 0; v < json_array_size(variables); v++) {
        const json_t *row = json_array_get(variables, v);
        const double load = cn_record_number(row, "load_s");
        if (load > 0) {
            bytes += fmax(cn_record_number(row, "bytes_read"), 0);
            seconds += load;
        }
    }
    return seconds > 0 ? bytes / seconds : NAN;
}

static void add_rate(struct cn_strbuf *page, const char *name, double rate, double most, int colour)
{
    if (!(rate > 0))
        return;
    cn_strbuf_add(page, "<tr><th scope=\"row\">%s</th><td>", name);
    add_byte_size(page, rate, "/s");
    add_share_bar(page, rate / most, colour);
    cn_strbuf_add(page, "</td></tr>\n");
}

/* Rates of bytes as they are stored. The ratio of the bench's own data turns its rate of inflated
 * bytes into those. */
static void add_limits(struct cn_strbuf *page, const json_t *summary, const json_t *measured)
{
    const json_t *job = json_object_get(measured, "job");
    const json_t *limits = find_limits(measured, cn_record_number(summary, "threads"));
    const double stored =
        cn_record_number(job, "stored_bytes") / cn_record_number(job, "inflated_bytes");
    const double run = run_rate(summary), cache = 1e9 * median(limits, "page_cache_gb_per_s");
    const double disk = 1e9 * median(limits, "disk_gb_per_s");
    const double form = 1e9 * median(limits, "inflate_form_gb_per_s") * stored;
    const double inflate = isnan(form) ? 1e9 * median(limits, "inflate_gb_per_s") * stored : form;
    const double most = fmax(fmax(run, disk), inflate);
    cn_strbuf_add(page, "<table class=\"limits\"><caption>Rates of reading, in bytes as they are "
                        "stored</caption><tbody>\n");
    add_rate(page, "this run", run, most, 1);
    add_rate(page, "limit: inflating, on all threads", inflate, most, 0);
    add_rate(page, "limit: the disk", disk, most, 0);
    add_rate(page, "limit: files that are in memory", cache, fmax(most, cache), 0);
    cn_strbuf_add(page, "</tbody></table>\n<p class=\"soft\">Limits of ");
    const json_t *machine = json_object_get(measured, "machine");
    cn_markup_text(page, cn_record_text(machine, "cpu"));
    cn_strbuf_add(page, ", %.0f thread%s, measured ", fmax(cn_record_number(limits, "threads"), 0),
                  cn_record_number(limits, "threads") == 1 ? "" : "s");
    cn_markup_text(page, cn_record_text(machine, "date"));
    cn_strbuf_add(page, " by climnorm-bench. The limit of inflating is of its data, which may be "
                        "more or less compressed than yours. Small files are read more slowly "
                        "than at any of these rates.</p>\n");
}

void cn_times_section_add(struct cn_strbuf *page, const struct cn_report *report)
{
    if (report->summary)
        add_run_table(page, report->summary);
    else
        cn_strbuf_add(page, "<p>Not known. <code>climnorm run CONFIG --summary made.json</code> "
                            "writes the times of a run, and <code>climnorm report OUTPUT --summary "
                            "made.json</code> shows them here.</p>\n");
    if (report->measured)
        add_limits(page, report->summary, report->measured);
    else
        cn_strbuf_add(page, "<p class=\"soft\">What the machine can do at best is not known. "
                            "<code>make bench BENCH=--quick</code> measures it, and <code>climnorm "
                            "report OUTPUT --bench build/bench/bench-results/results.json</code> "
                            "shows it here.</p>\n");
}
