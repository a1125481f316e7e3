/*
 * Makes the JSON object of a result.
 */
#include "climnorm/result.h"

#include "base/machine.h"
#include "progress/render.h"

#include <jansson.h>

/* details: those alone; else all others. */
static json_t *problem_texts(const struct cn_problems *problems, bool details)
{
    json_t *texts = json_array();
    int failed = 0;
    for (size_t i = 0; i < problems->count; i++) {
        const struct cn_problem *problem = &problems->items[i];
        if ((problem->severity == CN_DETAIL) != details)
            continue;
        failed |= json_array_append_new(
            texts, json_sprintf("%s%s", problem->severity == CN_WARNING ? "warning: " : "",
                                problem->text));
    }
    if (problems->lost && !details)
        json_array_append_new(texts, json_string("more problems than memory could hold"));
    if (!failed)
        return texts;
    json_decref(texts);
    return NULL;
}

static json_t *result_object(const struct cn_variable_result *row)
{
    json_t *object = json_pack(
        "{so ss so so so so so so so so so so so so so so so}", "name", cn_json_text(row->name),
        "status", cn_state_name(row->state, true), "files_read", cn_json_count(row->files_read),
        "bytes_read", cn_json_count(row->bytes_read), "load_s", cn_json_real(row->load_s),
        "compute_s", cn_json_real(row->compute_s), "write_s", cn_json_real(row->write_s), "wall_s",
        cn_json_real(row->wall_s), "normals_written", cn_json_count(row->normals_written),
        "normals_skipped", cn_json_count(row->normals_skipped), "normals_failed",
        cn_json_count(row->normals_failed), "normals_unmade", cn_json_count(row->normals_unmade),
        "passes", cn_json_count(row->passes), "chunks_read", cn_json_count(row->chunks_read),
        "chunks_decoded", cn_json_count(row->chunks_decoded), "problems",
        problem_texts(&row->problems, false), "details", problem_texts(&row->problems, true));
    if (object && row->model && json_object_set_new(object, "model", cn_json_text(row->model))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

char *cn_result_json(const struct cn_result *result, int exit_code)
{
    const struct cn_shard *shard = &result->shard;
    json_t *variables = json_array();
    int failed = 0;
    for (size_t i = 0; i < result->count; i++)
        failed |= json_array_append_new(variables, result_object(&result->variables[i]));
    json_t *summary = json_pack(
        "{ss si ss? ss? so so si so so}", "version", CLIMNORM_VERSION, "threads", result->threads,
        "isa", result->isa, "inflate", result->inflate, "wall_s", cn_json_real(result->wall_s),
        "peak_rss_bytes", cn_json_count(cn_peak_memory()), "exit_code", exit_code, "problems",
        problem_texts(&result->problems, false), "variables", variables);
    if (summary && shard->count)
        failed |= json_object_set_new(summary, "shard",
                                      json_sprintf("%zu/%zu", shard->number, shard->count));
    char *text =
        summary && !failed ? json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(summary);
    return text;
}
