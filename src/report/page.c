/*
 * Head, navigation and parts of the page. It has no script, and its Content-Security-Policy allows
 * this style sheet and images that stand in the page, and nothing else.
 */
#include "report/page.h"

#include "base/format.h"
#include "report/block_section.h"
#include "report/map_figure.h"
#include "report/markup.h"
#include "report/overview.h"
#include "report/style.h"
#include "report/times.h"

#include <nettle/sha2.h>
#include <stddef.h>
#include <string.h>

enum { MOST_OPEN = 12, MOST_TITLE_NAMES = 4 };

static void add_style_hash(struct cn_strbuf *page)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, strlen(cn_report_style), (const uint8_t *)cn_report_style);
    sha256_digest(&context, sizeof digest, digest);
    cn_markup_base64(page, digest, sizeof digest);
}

static void add_page_title(struct cn_strbuf *page, const struct cn_report *report)
{
    cn_strbuf_add(page, "Climate normals of ");
    cn_distinct_add(page, report, offsetof(struct cn_output_facts, source_name), MOST_TITLE_NAMES,
                    ", ");
}

static void add_page_head(struct cn_strbuf *page, const struct cn_report *report)
{
    cn_strbuf_add(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                        "'none'; img-src data:; style-src 'sha256-");
    add_style_hash(page);
    cn_strbuf_add(
        page,
        "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
        "content=\"no-referrer\">\n<meta name=\"generator\" content=\"climnorm " CLIMNORM_VERSION
        "\">\n<title>");
    add_page_title(page, report);
    cn_strbuf_add(page, "</title>\n<style>%s</style>\n</head>\n<body>\n", cn_report_style);
}

static void add_header(struct cn_strbuf *page, const struct cn_report *report)
{
    char date[CN_DATE_BYTES];
    cn_strbuf_add(page, "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n<div "
                        "class=\"top\"><span>climnorm report of <b>");
    cn_markup_text(page, report->folder);
    cn_strbuf_add(page,
                  "</b>, %.10s</span>\n<fieldset class=\"theme\"><legend>Colours of the "
                  "page</legend>",
                  cn_creation_date(date));
    static const char *const themes[] = {"auto", "light", "dark"};
    for (int k = 0; k < 3; k++)
        cn_strbuf_add(page, "<label><input type=\"radio\" name=\"theme\" id=\"%s\"%s>%s</label>",
                      themes[k], k ? "" : " checked", themes[k]);
    cn_strbuf_add(page, "</fieldset></div>\n<h1>");
    add_page_title(page, report);
    cn_strbuf_add(page, "</h1>\n<p class=\"lead\">");
    if (cn_distinct_add(page, report, offsetof(struct cn_output_facts, model), 3, ", "))
        cn_strbuf_add(page, " \u00b7 ");
    if (cn_distinct_add(page, report, offsetof(struct cn_output_facts, period), 6, ", "))
        cn_strbuf_add(page, " \u00b7 ");
    cn_distinct_add(page, report, offsetof(struct cn_output_facts, region_name), 5, ", ");
    cn_strbuf_add(page, "</p>\n");
    cn_tiles_add(page, report);
    cn_strbuf_add(page, "<nav aria-label=\"Parts of this page\"><ul>");
    static const char *const parts[][2] = {{"results", "Results"},  {"problems", "Problems"},
                                           {"run", "What was run"}, {"times", "Times"},
                                           {"cite", "How to cite"}, {"page", "About this page"}};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        cn_strbuf_add(page, "<li><a href=\"#%s\">%s</a></li>", parts[k][0], parts[k][1]);
    cn_strbuf_add(page, "</ul></nav>\n</header>\n<main id=\"main\">\n");
}

static bool is_same_product(const struct cn_output_block *a, const struct cn_output_block *b)
{
    return strcmp(a->facts->source_name, b->facts->source_name) == 0 &&
           strcmp(a->facts->product, b->facts->product) == 0 &&
           strcmp(a->facts->phrase, b->facts->phrase) == 0 &&
           strcmp(a->facts->units, b->facts->units) == 0;
}

static bool begins_product(const struct cn_blocks *blocks, size_t b)
{
    return b == 0 || !is_same_product(&blocks->blocks[b - 1], &blocks->blocks[b]);
}

/* The phrase, and the product's name in the config where it says more. */
static void add_product_name(struct cn_strbuf *page, const struct cn_output_facts *facts)
{
    cn_markup_text(page, facts->phrase);
    if (*facts->product && strcmp(facts->product, "normal") != 0) {
        cn_strbuf_add(page, " <span class=\"soft\">");
        cn_markup_text(page, facts->product);
        cn_strbuf_add(page, "</span>");
    }
}

static void add_contents(struct cn_strbuf *page, const struct cn_blocks *blocks)
{
    size_t products = 0;
    for (size_t b = 0; b < blocks->count; b++)
        products += begins_product(blocks, b);
    if (products < 2)
        return;
    cn_strbuf_add(page, "<nav aria-label=\"Products\"><ul>");
    for (size_t b = 0; b < blocks->count; b++)
        if (begins_product(blocks, b)) {
            cn_strbuf_add(page, "<li><a href=\"#product%zu\">", b);
            add_product_name(page, blocks->blocks[b].facts);
            cn_strbuf_add(page, "</a></li>");
        }
    cn_strbuf_add(page, "</ul></nav>\n");
}

/* The first block of each product is open. */
static void add_results(struct cn_strbuf *page, const struct cn_report *report)
{
    const struct cn_blocks *blocks = &report->blocks;
    size_t opened = 0, shown = 0;
    for (; shown < blocks->count && page->length < CN_MOST_BLOCK_BYTES; shown++) {
        const size_t b = shown;
        const struct cn_output_facts *facts = blocks->blocks[b].facts;
        const bool is_first = begins_product(blocks, b);
        if (is_first) {
            cn_strbuf_add(page, "<h3 id=\"product%zu\">", b);
            add_product_name(page, facts);
            cn_strbuf_add(page, "</h3>\n<p class=\"soft\">");
            cn_markup_text(page, facts->long_name);
            cn_strbuf_add(page, ", ");
            cn_markup_text(page, blocks->blocks[b].unit.text);
            cn_strbuf_add(page, "</p>\n");
        }
        cn_block_section_add(page, report, b, is_first && opened < MOST_OPEN);
        opened += is_first;
    }
    const size_t left_out = report->blocks_left_out + blocks->count - shown;
    if (!left_out)
        return;
    cn_strbuf_add(page, "<p class=\"soft\">");
    for (; shown < blocks->count; shown++) /* the contents name them, too */
        if (begins_product(blocks, shown))
            cn_strbuf_add(page, "<span id=\"product%zu\"></span>", shown);
    cn_strbuf_add(page,
                  "%zu more regions, products or models are left out, so that the page stays "
                  "small: make reports of subfolders.</p>\n",
                  left_out);
}

static void add_about(struct cn_strbuf *page)
{
    cn_strbuf_add(
        page, "<p>Means of a region are weighted by the area of the cells, over those that "
              "have a value. A map shows the mean over the year of each cell: of its days, "
              "months or seasons that have a value. Maps are of the first and of the last target "
              "year alone, and of their difference. A curve over the target years has at most "
              "41 of each scenario, at equal distances. A pixel of a map is a cell, or "
              "one of several cells where a grid has more than 640 rows or columns. Maps are "
              "true to scale at their middle latitude."
              "</p>\n<p>The page needs no network and no script. The colours of the page "
              "follow the system, or the choice at its top.</p>\n");
}

void cn_page_write(struct cn_strbuf *page, const struct cn_report *report)
{
    add_page_head(page, report);
    add_header(page, report);
    cn_map_symbols_add(page, report);
    cn_strbuf_add(page, "<section aria-labelledby=\"results\"><h2 id=\"results\">Results</h2>\n"
                        "<p>For each region: its mean over the year in the first and in the last "
                        "target year, and the change.</p>\n");
    add_contents(page, &report->blocks);
    add_results(page, report);
    cn_strbuf_add(page, "</section>\n<section aria-labelledby=\"problems\"><h2 id=\"problems\">"
                        "Problems</h2>\n");
    cn_problems_section_add(page, report);
    cn_strbuf_add(page, "</section>\n<section aria-labelledby=\"run\"><h2 id=\"run\">What was "
                        "run</h2>\n");
    cn_overview_add(page, report);
    cn_strbuf_add(page, "</section>\n<section aria-labelledby=\"times\"><h2 id=\"times\">"
                        "Times</h2>\n");
    cn_times_section_add(page, report);
    cn_strbuf_add(page, "</section>\n<section aria-labelledby=\"cite\"><h2 id=\"cite\">How to "
                        "cite</h2>\n");
    cn_citation_add(page, report);
    cn_strbuf_add(page, "</section>\n<section aria-labelledby=\"page\"><h2 id=\"page\">About this "
                        "page</h2>\n");
    add_about(page);
    cn_strbuf_add(page, "</section>\n</main>\n<footer>Made by climnorm " CLIMNORM_VERSION
                        "</footer>\n</body>\n</html>\n");
}
