/*
 * Collects the different texts of the files' metadata.
 */
#include "report/overview.h"

#include "base/format.h"
#include "report/markup.h"
#include "report/record.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DISTINCT = 64, MOST_LINES = 200, MOST_LISTED = 24 };

#define OF_FACTS(name)  offsetof(struct cn_output_facts, name)
#define OF_TARGET(name) offsetof(struct cn_fact_target, name)

/* Different texts, in the order in which they are met. */
struct distinct {
    const char *texts[MOST_DISTINCT];
    size_t count;
    bool is_cut;
};

static void note_text(struct distinct *distinct, const char *text)
{
    if (!*text)
        return;
    for (size_t k = 0; k < distinct->count; k++)
        if (strcmp(distinct->texts[k], text) == 0)
            return;
    if (distinct->count < MOST_DISTINCT)
        distinct->texts[distinct->count++] = text;
    else
        distinct->is_cut = true;
}

static const char *text_at(const void *object, size_t member)
{
    return *(const char *const *)((const char *)object + member);
}

static int compare_distinct(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_of_files(const struct cn_report *report, size_t member, struct distinct *distinct)
{
    for (size_t k = 0; k < report->outputs->count; k++)
        if (!report->facts[k].problem)
            note_text(distinct, text_at(&report->facts[k], member));
    qsort(distinct->texts, distinct->count, sizeof *distinct->texts, compare_distinct);
}

static void find_of_targets(const struct cn_report *report, size_t member,
                            struct distinct *distinct)
{
    for (size_t k = 0; k < report->outputs->count; k++)
        for (size_t t = 0; !report->facts[k].problem && t < report->facts[k].target_count; t++)
            note_text(distinct, text_at(&report->facts[k].targets[t], member));
    qsort(distinct->texts, distinct->count, sizeof *distinct->texts, compare_distinct);
}

static void add_distinct(struct cn_strbuf *page, const struct distinct *distinct, size_t most,
                         const char *between)
{
    for (size_t k = 0; k < distinct->count && k < most; k++) {
        if (k)
            cn_strbuf_add(page, "%s", between);
        cn_markup_text(page, distinct->texts[k]);
    }
    if (distinct->count > most)
        cn_strbuf_add(page, " and %zu%s more", distinct->count - most,
                      distinct->is_cut ? " or" : "");
}

size_t cn_distinct_add(struct cn_strbuf *page, const struct cn_report *report, size_t member,
                       size_t most, const char *between)
{
    struct distinct distinct = {0};
    find_of_files(report, member, &distinct);
    add_distinct(page, &distinct, most, between);
    return distinct.count;
}

static void add_row(struct cn_strbuf *page, const char *name, const struct distinct *distinct)
{
    if (!distinct->count)
        return;
    cn_strbuf_add(page, "<div><dt>%s</dt><dd>", name);
    add_distinct(page, distinct, MOST_LISTED, ", ");
    cn_strbuf_add(page, "</dd></div>\n");
}

static void add_file_row(struct cn_strbuf *page, const struct cn_report *report, const char *name,
                         size_t member)
{
    struct distinct distinct = {0};
    find_of_files(report, member, &distinct);
    add_row(page, name, &distinct);
}

/* Words of a list that blanks separate, such as versions. */
static void add_target_row(struct cn_strbuf *page, const struct cn_report *report, const char *name,
                           size_t member)
{
    struct distinct distinct = {0};
    find_of_targets(report, member, &distinct);
    add_row(page, name, &distinct);
}

struct year_range {
    int first, last;
    size_t count;
};

static struct year_range target_years_of(const struct cn_output_block *block)
{
    struct year_range range = {INT_MAX, INT_MIN, 0};
    for (size_t s = 0; s < block->series_count; s++) {
        const struct cn_block_series *series = &block->series[s];
        range.first = series->points[0].year < range.first ? series->points[0].year : range.first;
        const int last = series->points[series->count - 1].year;
        range.last = last > range.last ? last : range.last;
        range.count += series->count;
    }
    return range;
}

static void add_tile(struct cn_strbuf *page, size_t count, const char *one, const char *many)
{
    cn_strbuf_add(page, "<li><strong>%zu</strong> %s</li>", count, count == 1 ? one : many);
}

void cn_tiles_add(struct cn_strbuf *page, const struct cn_report *report)
{
    struct distinct variables = {0}, regions = {0}, products = {0}, models = {0}, scenarios = {0};
    struct year_range all = {INT_MAX, INT_MIN, 0};
    find_of_files(report, OF_FACTS(source_name), &variables);
    find_of_files(report, OF_FACTS(region), &regions);
    find_of_files(report, OF_FACTS(product), &products);
    find_of_files(report, OF_FACTS(model), &models);
    find_of_targets(report, OF_TARGET(scenario), &scenarios);
    for (size_t b = 0; b < report->blocks.count; b++) {
        const struct year_range range = target_years_of(&report->blocks.blocks[b]);
        all.first = range.first < all.first ? range.first : all.first;
        all.last = range.last > all.last ? range.last : all.last;
    }
    cn_strbuf_add(page, "<ul class=\"tiles\">");
    add_tile(page, variables.count, "variable", "variables");
    add_tile(page, regions.count, "region", "regions");
    add_tile(page, products.count, "product", "products");
    if (models.count > 1)
        add_tile(page, models.count, "model", "models");
    cn_strbuf_add(page, "<li><strong>%d\u2013%d</strong> target years</li>", all.first, all.last);
    add_tile(page, report->outputs->count, "file", "files");
    cn_strbuf_add(page, "</ul>\n");
}

/* What each kind of output is, in words. */
static void add_product_table(struct cn_strbuf *page, const struct cn_report *report)
{
    cn_strbuf_add(page, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"What was "
                        "made\"><table><caption>What was made</caption><thead><tr><th "
                        "scope=\"col\">variable</th><th scope=\"col\">product</th><th "
                        "scope=\"col\">is</th><th scope=\"col\">unit</th><th "
                        "scope=\"col\">method</th><th scope=\"col\">target years</th><th "
                        "scope=\"col\">blocks</th></tr></thead><tbody>\n");
    const struct cn_blocks *blocks = &report->blocks;
    for (size_t begin = 0, end; begin < blocks->count; begin = end) {
        const struct cn_output_facts *facts = blocks->blocks[begin].facts;
        struct year_range range = target_years_of(&blocks->blocks[begin]);
        for (end = begin + 1; end < blocks->count; end++) {
            const struct cn_output_facts *next = blocks->blocks[end].facts;
            if (strcmp(facts->source_name, next->source_name) != 0 ||
                strcmp(facts->phrase, next->phrase) != 0)
                break;
            const struct year_range other = target_years_of(&blocks->blocks[end]);
            range.first = other.first < range.first ? other.first : range.first;
            range.last = other.last > range.last ? other.last : range.last;
        }
        const char *const cells[] = {facts->source_name, facts->product, facts->long_name,
                                     facts->units, facts->cell_methods};
        cn_strbuf_add(page, "<tr>");
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
            cn_strbuf_add(page, c ? "<td>" : "<th scope=\"row\">");
            cn_markup_text(page, cells[c]);
            cn_strbuf_add(page, c ? "</td>" : "</th>");
        }
        cn_strbuf_add(page, "<td>%d\u2013%d</td><td>%zu</td></tr>\n", range.first, range.last,
                      end - begin);
    }
    cn_strbuf_add(page, "</tbody></table></div>\n");
}

static void add_region_list(struct cn_strbuf *page, const struct cn_report *report)
{
    struct distinct distinct = {0};
    cn_strbuf_add(page, "<div><dt>Regions</dt><dd><ul class=\"plain\">");
    for (size_t k = 0; k < report->outputs->count; k++) {
        const struct cn_output_facts *facts = &report->facts[k];
        const size_t before = distinct.count;
        if (!facts->problem)
            note_text(&distinct, facts->region);
        if (distinct.count == before || distinct.count > MOST_LISTED)
            continue;
        cn_strbuf_add(page, "<li><b>");
        cn_markup_text(page, facts->region);
        cn_strbuf_add(page, "</b> ");
        cn_markup_text(page, facts->region_name);
        cn_strbuf_add(page, " <span class=\"soft\">");
        if (isfinite(facts->west + facts->east + facts->south + facts->north))
            cn_strbuf_add(page, "%.2f to %.2f\u00a0°E, %.2f to %.2f\u00a0°N; ", facts->west,
                          facts->east, facts->south, facts->north);
        cn_strbuf_add(page, "%zu\u00a0×\u00a0%zu cells</span></li>", facts->rows, facts->columns);
    }
    cn_strbuf_add(page, "</ul>");
    if (distinct.count > MOST_LISTED)
        cn_strbuf_add(page, "and %zu more", distinct.count - MOST_LISTED);
    cn_strbuf_add(page, "</dd></div>\n");
}

static void add_windows(struct cn_strbuf *page, const struct cn_report *report)
{
    struct distinct windows = {0};
    find_of_targets(report, OF_TARGET(source_years), &windows);
    if (!windows.count)
        return;
    const struct cn_output_block *block = &report->blocks.blocks[0];
    const struct cn_block_series *last = &block->series[block->series_count - 1];
    const struct cn_block_point *points[] = {&block->series[0].points[0],
                                             &last->points[last->count - 1]};
    cn_strbuf_add(page, "<div><dt>Windows</dt><dd>");
    for (int k = 0; k < 2; k++) {
        cn_strbuf_add(page, k ? " to " : "from ");
        cn_markup_text(page, points[k]->facts->targets[points[k]->target].source_years);
    }
    cn_strbuf_add(page, "</dd></div>\n");
}

void cn_overview_add(struct cn_strbuf *page, const struct cn_report *report)
{
    char bytes[24];
    cn_strbuf_add(page, "<dl class=\"facts\">\n");
    add_file_row(page, report, "Variables", OF_FACTS(source_name));
    add_file_row(page, report, "Models", OF_FACTS(model));
    add_file_row(page, report, "Variants", OF_FACTS(variant));
    add_target_row(page, report, "Scenarios", OF_TARGET(scenario));
    add_file_row(page, report, "Periods", OF_FACTS(period));
    add_windows(page, report);
    add_region_list(page, report);
    add_file_row(page, report, "Products", OF_FACTS(product));
    add_file_row(page, report, "Baselines", OF_FACTS(baseline_years));
    add_target_row(page, report, "Versions of the source", OF_TARGET(source_versions));
    add_file_row(page, report, "Leap days", OF_FACTS(leap_day));
    cn_strbuf_add(page, "<div><dt>Files</dt><dd>");
    cn_markup_count(page, report->outputs->count, "file", "files");
    cn_strbuf_add(page, ", %s</dd></div>\n", cn_format_bytes(report->bytes, bytes));
    add_file_row(page, report, "Made by climnorm", OF_FACTS(climnorm_version));
    cn_strbuf_add(page, "</dl>\n");
    add_product_table(page, report);
}

/* --- problems --- */

static size_t add_said_texts(struct cn_strbuf *page, const json_t *texts, const char *name,
                             size_t *warnings)
{
    size_t count = 0;
    for (size_t k = 0; k < json_array_size(texts) && k < MOST_LINES; k++) {
        const char *text = json_string_value(json_array_get(texts, k));
        const bool is_warning = text && strncmp(text, "warning: ", 9) == 0;
        if (!text)
            continue;
        cn_strbuf_add(page, "<li class=\"%s\">", is_warning ? "warning" : "problem");
        if (*name && !strstr(text, name)) {
            cn_markup_text(page, name);
            cn_strbuf_add(page, ": ");
        }
        cn_markup_text(page, is_warning ? text + 9 : text);
        cn_strbuf_add(page, "</li>\n");
        *warnings += is_warning;
        count++;
    }
    return count;
}

/* What the run said. */
static size_t add_problems_of_run(struct cn_strbuf *page, const json_t *summary, size_t *warnings)
{
    const json_t *variables = json_object_get(summary, "variables");
    size_t count = add_said_texts(page, json_object_get(summary, "problems"), "", warnings);
    for (size_t v = 0; v < json_array_size(variables) && v < MOST_LINES; v++) {
        const json_t *row = json_array_get(variables, v);
        count += add_said_texts(page, json_object_get(row, "problems"), cn_record_text(row, "name"),
                                warnings);
    }
    return count;
}

static void begin_problem(struct cn_strbuf *page, const struct cn_output_block *block,
                          const char *kind)
{
    cn_strbuf_add(page, "<li class=\"%s\">", kind);
    cn_markup_text(page, block->facts->phrase);
    cn_strbuf_add(page, ", ");
    cn_markup_text(page, block->facts->region);
    if (block->facts->model[0]) {
        cn_strbuf_add(page, ", ");
        cn_markup_text(page, block->facts->model);
    }
    cn_strbuf_add(page, ": ");
}

/* Windows of a block that lack source years: how many, and the years that the first one lacks. */
static size_t add_missing_years(struct cn_strbuf *page, const struct cn_output_block *block)
{
    const struct cn_fact_target *first = NULL;
    size_t count = 0, all = 0;
    for (size_t s = 0; s < block->series_count; s++)
        for (size_t p = 0; p < block->series[s].count; p++) {
            const struct cn_block_point *point = &block->series[s].points[p];
            const struct cn_fact_target *target = &point->facts->targets[point->target];
            all++;
            if (!target->missing_source_years[strspn(target->missing_source_years, " ")])
                continue;
            first = count++ ? first : target;
        }
    if (!count)
        return 0;
    begin_problem(page, block, "warning");
    cn_strbuf_add(page, "%zu of %zu windows lack source years; that of target year %d lacks ",
                  count, all, first->year);
    cn_markup_text(page, first->missing_source_years);
    cn_strbuf_add(page, "</li>\n");
    return 1;
}

static size_t add_repeated(struct cn_strbuf *page, const struct cn_output_block *block)
{
    if (!block->repeated)
        return 0;
    begin_problem(page, block, "warning");
    cn_strbuf_add(page, "%zu target year%s in several files; the first by path is shown</li>\n",
                  block->repeated, block->repeated == 1 ? " is" : "s are");
    return 1;
}

/* Target years between the first and the last that the distance of the others asks for. */
static size_t add_gaps(struct cn_strbuf *page, const struct cn_output_block *block)
{
    size_t lines = 0;
    for (size_t s = 0; s < block->series_count; s++) {
        const struct cn_block_series *series = &block->series[s];
        int step = INT_MAX, at = 0;
        size_t missing = 0;
        for (size_t p = 1; p < series->count; p++) {
            const int width = series->points[p].year - series->points[p - 1].year;
            step = width < step ? width : step;
        }
        for (size_t p = 1; p < series->count; p++) {
            const int width = series->points[p].year - series->points[p - 1].year;
            if (width > step && !missing)
                at = series->points[p - 1].year + step;
            missing += (size_t)(width / step - 1);
        }
        if (!missing)
            continue;
        begin_problem(page, block, "warning");
        cn_strbuf_add(page, "%zu target year%s missing between %d and %d, the first is %d</li>\n",
                      missing, missing == 1 ? " is" : "s are", series->points[0].year,
                      series->points[series->count - 1].year, at);
        lines++;
    }
    return lines;
}

static size_t add_path_line(struct cn_strbuf *page, const char *path, const char *reason)
{
    cn_strbuf_add(page, "<li class=\"problem\"><code>");
    cn_markup_text(page, path);
    cn_strbuf_add(page, "</code>: ");
    cn_markup_text(page, reason);
    cn_strbuf_add(page, "</li>\n");
    return 1;
}

/* What the files themselves tell. Lists at most MOST_LINES of a kind. */
static size_t add_problems_of_files(struct cn_strbuf *page, const struct cn_report *report,
                                    size_t *warnings)
{
    size_t damaged = 0, lines = 0, unshown = 0, more = 0;
    for (size_t k = 0; k < report->outputs->unread_count && k < MOST_LINES; k++)
        lines +=
            add_path_line(page, report->outputs->unread[k].path, report->outputs->unread[k].reason);
    for (size_t k = 0; k < report->outputs->count; k++)
        if (report->facts[k].problem && damaged++ < MOST_LINES)
            lines += add_path_line(page, report->facts[k].path, report->facts[k].problem);
    for (size_t b = 0; b < report->blocks.count; b++) {
        const struct cn_output_block *block = &report->blocks.blocks[b];
        const struct cn_block_result *result = &report->results[b];
        if (*result->failure) {
            begin_problem(page, block, "problem");
            cn_markup_text(page, result->failure);
            if (result->failures > 1)
                cn_strbuf_add(page, "; and %zu more", result->failures - 1);
            cn_strbuf_add(page, "</li>\n");
            lines++;
        }
        if (more >= MOST_LINES) {
            unshown++;
            continue;
        }
        more += add_missing_years(page, block) + add_repeated(page, block) + add_gaps(page, block);
    }
    *warnings += more;
    if (damaged > MOST_LINES)
        cn_strbuf_add(page, "<li class=\"problem\">%zu more files are damaged</li>\n",
                      damaged - MOST_LINES);
    if (unshown)
        cn_strbuf_add(page,
                      "<li class=\"warning\">%zu more regions and products were not looked "
                      "at here</li>\n",
                      unshown);
    return lines + more;
}

void cn_problems_section_add(struct cn_strbuf *page, const struct cn_report *report)
{
    struct cn_strbuf lines = {0};
    size_t warnings = 0;
    const size_t said = add_problems_of_run(&lines, report->summary, &warnings);
    const size_t count = said + add_problems_of_files(&lines, report, &warnings);
    page->failed |= lines.failed;
    if (!count) {
        cn_strbuf_add(page, "<p class=\"good\">None. All files are whole, and no window lacks a "
                            "source year.</p>\n");
    } else {
        cn_strbuf_add(page, "<p>%zu problem%s and %zu warning%s.</p>\n", count - warnings,
                      count - warnings == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
        cn_strbuf_add(page, count > 8 ? "<details open><summary>All of them</summary>" : "");
        cn_strbuf_add(page, "<ul class=\"problems\">\n%s</ul>\n", cn_strbuf_text(&lines));
        cn_strbuf_add(page, count > 8 ? "</details>\n" : "");
    }
    if (!report->summary)
        cn_strbuf_add(page,
                      "<p class=\"soft\">This is what the files tell. What the run said is in "
                      "its summary: <code>climnorm report OUTPUT --summary made.json</code>."
                      "</p>\n");
    cn_strbuf_add(page, "<p class=\"soft\">Metadata were compared with their digests; "
                        "<code>climnorm verify OUTPUT</code> compares the values, too.</p>\n");
    cn_strbuf_free(&lines);
}

/* --- citation --- */

void cn_citation_add(struct cn_strbuf *page, const struct cn_report *report)
{
    cn_strbuf_add(page, "<h3>The program</h3>\n<p>The climnorm authors: climnorm: rolling climate "
                        "normals from daily CMIP files, version ");
    cn_distinct_add(page, report, OF_FACTS(climnorm_version), 8, ", ");
    cn_strbuf_add(page, ". MIT licence. <code>CITATION.cff</code> in its source has this in a form "
                        "for programs.</p>\n<h3>The data</h3>\n<p>Cite the source as its providers "
                        "ask for. Its files say:</p>\n<dl class=\"facts\">\n");
    add_file_row(page, report, "Source", OF_FACTS(source));
    add_file_row(page, report, "Institution", OF_FACTS(institution));
    add_file_row(page, report, "Project", OF_FACTS(project));
    add_file_row(page, report, "License", OF_FACTS(license));
    add_file_row(page, report, "References", OF_FACTS(references));
    add_file_row(page, report, "Acknowledgement", OF_FACTS(acknowledgement));
    add_file_row(page, report, "More", OF_FACTS(metadata_link));
    cn_strbuf_add(page, "</dl>\n");
}
