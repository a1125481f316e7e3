/*
 * Reads outputs, and writes the page beside its name before it gets it.
 */
#include "report/report.h"

#include "base/c_locale.h"
#include "base/error.h"
#include "base/publish.h"
#include "guard/fault.h"
#include "report/content.h"
#include "report/page.h"
#include "report/record.h"

#include <string.h>

static enum cn_status publish_page(const char *path, const char *text, struct cn_error *error)
{
    const int failed = cn_publish_text(path, text);
    return failed ? cn_fail(error, CN_BAD_MACHINE, "cannot write the report %s: %s; %s", path,
                            strerror(failed), cn_errno_advice(failed))
                  : CN_OK;
}

static const char *last_part(struct cn_pool *pool, const char *path)
{
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/';)
        begin--;
    return cn_pool_strndup(pool, path + begin, end - begin);
}

static enum cn_status write_report(struct cn_report *report, const char *path, size_t *bytes,
                                   struct cn_error *error)
{
    struct cn_strbuf page = {0};
    const locale_t before = cn_c_locale_enter();
    cn_page_write(&page, report);
    cn_c_locale_leave(before);
    enum cn_status status = page.failed ? cn_fail_memory(error, "the report")
                                        : publish_page(path, cn_strbuf_text(&page), error);
    *bytes = page.length;
    cn_strbuf_free(&page);
    return status;
}

/* Reads the facts of all files, and the values of the blocks that are shown. */
static enum cn_status fill_report(struct cn_pool *pool, const struct cn_report_request *request,
                                  struct cn_report *report, struct cn_verification *outputs,
                                  struct cn_error *error)
{
    struct cn_progress *progress = cn_watch_or_none(request->watch)->progress;
    struct cn_output_facts *facts = NULL;
    struct cn_block_result *results = NULL;
    cn_progress_enter(progress, CN_PHASE_EXAMINING);
    enum cn_status status =
        cn_list_outputs(pool, &(char *){request->folder}, 1, request->watch, outputs, error);
    if (!status)
        status =
            cn_output_facts_read(pool, outputs, request->threads, request->watch, &facts, error);
    report->facts = facts;
    if (!status && !cn_blocks_make(pool, facts, outputs->count, &report->blocks))
        status = cn_fail_memory(error, "the report");
    if (!status && !report->blocks.count)
        status = cn_fail(
            error, CN_BAD_INPUT, "%s: none of its %zu files can be shown; the first: %s: %s",
            request->folder, outputs->count, outputs->count ? facts[0].path : "no file",
            outputs->count ? facts[0].problem : "");
    if (status)
        return status;
    for (size_t k = 0; k < outputs->count; k++)
        report->bytes += facts[k].size;
    if (report->blocks.count > CN_MOST_BLOCKS) {
        report->blocks_left_out = report->blocks.count - CN_MOST_BLOCKS;
        report->blocks.count = CN_MOST_BLOCKS;
    }
    cn_progress_enter(progress, CN_PHASE_DRAWING);
    status = cn_blocks_read(pool, &report->blocks, CN_MOST_MAP_BLOCKS, request->threads,
                            request->watch, &results, error);
    report->results = results;
    return status;
}

enum cn_status cn_report_make(const struct cn_report_request *request, struct cn_report_made *made,
                              struct cn_error *error)
{
    struct cn_pool *pool = cn_pool_new();
    struct cn_verification outputs = {0};
    struct cn_report report = {.outputs = &outputs};
    json_t *summary = NULL, *measured = NULL;
    *made = (struct cn_report_made){0};
    enum cn_status status = pool && (report.folder = last_part(pool, request->folder))
                                ? CN_OK
                                : cn_fail_memory(error, "the report");
    if (!status)
        status = cn_record_read(request->summary, "--summary",
                                "the file that climnorm run --summary wrote", &summary, error);
    if (!status)
        status = cn_record_read(request->measured, "--bench", "the results.json of climnorm-bench",
                                &measured, error);
    report.summary = summary;
    report.measured = measured;
    if (!status)
        status = fill_report(pool, request, &report, &outputs, error);
    if (!status)
        status = write_report(&report, request->path, &made->bytes, error);
    made->files = outputs.count;
    for (size_t k = 0; report.facts && k < outputs.count; k++)
        made->damaged += report.facts[k].problem != NULL;
    made->damaged += outputs.unread_count;
    json_decref(summary);
    json_decref(measured);
    cn_pool_free(pool);
    return status;
}
